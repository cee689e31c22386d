#include "sync/core/quota.h"

#include <algorithm>

#include "protocol/vocab/limits.h"

namespace tj::sync {
namespace {

// What a quota may be: far beyond what a disk takes, and a week of it still fits.
constexpr uint64_t kPerDayMax = uint64_t{1} << 40;

int64_t Days(uint64_t per_day, int64_t days) {
  return static_cast<int64_t>(std::min(per_day, kPerDayMax)) * days;
}

}  // namespace

DailyQuota::Account& DailyQuota::Current(const NodeCode& writer, uint64_t per_day, Instant now) {
  const CivilDate today = now.BeijingDate();
  const int64_t most = Days(per_day, limits::kQuotaSavedDays);
  const auto [found, added] = accounts_.try_emplace(writer, Account{today, per_day, most});
  Account& account = found->second;
  if (account.per_day != per_day) {  // another trust list: what it gives begins now
    account.left += most - Days(account.per_day, limits::kQuotaSavedDays);
    account.per_day = per_day;
  }
  // A clock that was set back gives nothing, and from there days count again: one that was ahead
  // for a moment must not stop a writer until it is reached.
  const int64_t days = std::clamp<int64_t>(today - account.day, 0, 10'000);
  account.left = std::min(most, account.left + Days(per_day, days));
  account.day = today;
  return account;
}

std::optional<Instant> DailyQuota::UsedUpUntil(const NodeCode& writer, uint64_t per_day,
                                               Instant now) {
  const Account& account = Current(writer, per_day, now);
  if (account.left > 0) return std::nullopt;
  // One frame may have gone far beyond a small quota; none at all never goes on.
  const int64_t a_day = std::max<int64_t>(Days(per_day, 1), 1);
  const int64_t days = std::min<int64_t>(-account.left / a_day + 1, 10'000);
  return Instant::BeijingMidnight(account.day + static_cast<int32_t>(days));
}

void DailyQuota::Took(const NodeCode& writer, uint64_t per_day, uint64_t records, Instant now) {
  Account& account = Current(writer, per_day, now);
  account.left -= static_cast<int64_t>(records);
}

}  // namespace tj::sync
