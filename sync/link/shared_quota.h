// SharedQuota: a quota that the streams of a link share. Internally locked.

#ifndef TJ_SYNC_LINK_SHARED_QUOTA_H_
#define TJ_SYNC_LINK_SHARED_QUOTA_H_

#include <mutex>
#include <optional>

#include "sync/core/quota.h"

namespace tj::link {

class SharedQuota final : public sync::Quota {
 public:
  std::optional<Instant> UsedUpUntil(const NodeCode& writer, uint64_t per_day,
                                     Instant now) override {
    const std::lock_guard lock(mutex_);
    return quota_.UsedUpUntil(writer, per_day, now);
  }
  void Took(const NodeCode& writer, uint64_t per_day, uint64_t records, Instant now) override {
    const std::lock_guard lock(mutex_);
    quota_.Took(writer, per_day, records, now);
  }

 private:
  std::mutex mutex_;
  sync::DailyQuota quota_;  // guarded by mutex_
};

}  // namespace tj::link

#endif  // TJ_SYNC_LINK_SHARED_QUOTA_H_
