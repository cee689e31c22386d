// DailyQuota: what a writer sends beyond its records of a day is not taken before the next day, and
// is not lost: it is offered again. Days that were not used up are saved, so that an outage is
// caught up without a pause. Days are Beijing's. Confined to its owner, who locks it where streams
// share it.
//
// Kept in memory: a restart gives each writer its savings anew, and only we restart ourselves.

#ifndef TJ_SYNC_CORE_QUOTA_H_
#define TJ_SYNC_CORE_QUOTA_H_

#include <cstdint>
#include <map>
#include <optional>

#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"
#include "sync/core/ports.h"

namespace tj::sync {

class DailyQuota final : public Quota {
 public:
  std::optional<Instant> UsedUpUntil(const NodeCode& writer, uint64_t per_day,
                                     Instant now) override;
  void Took(const NodeCode& writer, uint64_t per_day, uint64_t records, Instant now) override;

 private:
  struct Account {
    CivilDate day;
    uint64_t per_day = 0;
    int64_t left = 0;
  };
  Account& Current(const NodeCode& writer, uint64_t per_day, Instant now);

  std::map<NodeCode, Account> accounts_;  // of nodes on the trust list
};

}  // namespace tj::sync

#endif  // TJ_SYNC_CORE_QUOTA_H_
