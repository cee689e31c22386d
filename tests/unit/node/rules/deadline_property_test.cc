// Properties of deadlines over random cases, against a second, slow reading of DOMAIN §B.6 that
// counts day by day. The seed decides everything and is printed with each failure.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

#include "node/rules/deadline.h"
#include "protocol/vocab/text.h"
#include "tests/unit/node/rules/shipped_calendars.h"

namespace tj::rules {
namespace {

constexpr uint32_t kSeeds = 3000;

struct RandomCase {
  Instant accepted;
  Terms terms;
  std::vector<Suspension> suspensions;

  CaseTimes times() const { return {accepted, suspensions, {}}; }
};

class Source {
 public:
  explicit Source(uint32_t seed) : engine_(seed) {}
  // Modulo, not a distribution: the same on every standard library.
  int32_t Below(int32_t n) { return static_cast<int32_t>(engine_() % static_cast<uint32_t>(n)); }

  Suspension MakeSuspension(CivilDate accepted) {
    Suspension suspension;
    suspension.start = accepted - 5 + Below(60);
    if (Below(4) != 0) suspension.end = suspension.start + Below(30);
    suspension.approved = {Below(25),
                           Below(2) == 0 ? LimitUnit::kWorkingDay : LimitUnit::kCalendarDay};
    return suspension;
  }

  // Everything stays within 2025 to 2027.
  RandomCase Make(LimitUnit unit) {
    RandomCase result;
    const CivilDate accepted = Day("2025-02-01") + Below(500);
    result.accepted = Instant::BeijingMidnight(accepted) + Duration(int64_t{Below(86'400)} * 1000);
    result.terms.limit = {1 + Below(unit == LimitUnit::kMinute ? 3000 : 40), unit};
    result.terms.roll = Below(2) == 0 ? Roll::kNone : Roll::kNextWorkingDay;
    for (int32_t i = Below(4); i > 0; --i) result.suspensions.push_back(MakeSuspension(accepted));
    return result;
  }

 private:
  std::mt19937 engine_;
};

const Calendar& Cal() { return ShippedAndDemonstration(); }

// S, by walking each suspension day by day until its end or its cap.
std::set<CivilDate> StoppedSlowly(const std::vector<Suspension>& suspensions) {
  std::set<CivilDate> stopped;
  for (const Suspension& suspension : suspensions) {
    int64_t used = 0;
    for (CivilDate day = suspension.start + 1; !suspension.end || day <= *suspension.end;
         day = day + 1) {
      const bool counts =
          suspension.approved.unit == LimitUnit::kCalendarDay || Cal().IsWorkingDay(day).value();
      if (used >= suspension.approved.count) break;
      if (counts) ++used;
      stopped.insert(day);
    }
  }
  return stopped;
}

CivilDate DueSlowly(const RandomCase& c) {
  const std::set<CivilDate> stopped = StoppedSlowly(c.suspensions);
  const bool working = c.terms.limit.unit == LimitUnit::kWorkingDay;
  CivilDate day = c.accepted.BeijingDate();
  for (int64_t elapsed = 0; elapsed < c.terms.limit.count;) {
    day = day + 1;
    if ((!working || Cal().IsWorkingDay(day).value()) && !stopped.contains(day)) ++elapsed;
  }
  while (!working && c.terms.roll == Roll::kNextWorkingDay && !Cal().IsWorkingDay(day).value()) {
    day = day + 1;
  }
  return day;
}

constexpr LimitUnit kDayUnits[] = {LimitUnit::kWorkingDay, LimitUnit::kCalendarDay};
constexpr LimitUnit kAllUnits[] = {LimitUnit::kWorkingDay, LimitUnit::kCalendarDay,
                                   LimitUnit::kHour, LimitUnit::kMinute};

TEST(DeadlinePropertyTest, AgreesWithCountingDayByDay) {
  for (uint32_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(Cat("seed ", seed));
    Source source(seed);
    const RandomCase c = source.Make(kDayUnits[seed % 2]);
    const auto due = Due(c.times(), c.terms, Cal());
    ASSERT_TRUE(due.ok()) << Describe(due.status());
    ASSERT_EQ(due->date.Text(), DueSlowly(c).Text());
  }
}

// E(due) is the limit, where no roll moved it, and the moment after it is late.
TEST(DeadlinePropertyTest, OnTheDueDayTheLimitIsUsedUp) {
  for (uint32_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(Cat("seed ", seed));
    Source source(seed);
    RandomCase c = source.Make(kDayUnits[seed % 2]);
    c.terms.roll = Roll::kNone;
    c.terms.exact_time = source.Below(3) == 0;
    const Deadline due = Due(c.times(), c.terms, Cal()).value();
    const Instant last = due.at ? *due.at : Instant::BeijingMidnight(due.date + 1) - Duration(1);
    const Instant after = due.at ? last + Duration(1000) : last + Duration(1);
    const Judgement judged = Judge(c.times(), c.terms, last, Cal()).value();
    ASSERT_EQ(judged.used_days, c.terms.limit.count);
    ASSERT_EQ(UsedDays(c.times(), c.terms, last, Cal()).value(), c.terms.limit.count);
    ASSERT_TRUE(judged.on_time);
    ASSERT_FALSE(judged.early);
    ASSERT_TRUE(Judge(c.times(), c.terms, after, Cal())->late());
  }
}

// A tighter limit is never due later (DOMAIN §B.7 invariant 13), in any unit.
TEST(DeadlinePropertyTest, TighteningIsNeverLater) {
  for (uint32_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(Cat("seed ", seed));
    Source source(seed);
    RandomCase c = source.Make(kAllUnits[seed % 4]);
    c.terms.exact_time = source.Below(3) == 0;
    const Deadline loose = Due(c.times(), c.terms, Cal()).value();
    c.terms.limit.count = 1 + source.Below(static_cast<int32_t>(c.terms.limit.count));
    const Deadline tight = Due(c.times(), c.terms, Cal()).value();
    ASSERT_LE(tight.date, loose.date);
    if (loose.at) {
      ASSERT_LE(*tight.at, *loose.at);
    }
  }
}

TEST(DeadlinePropertyTest, SuspendingIsNeverEarlierAndRepeatingItChangesNothing) {
  for (uint32_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(Cat("seed ", seed));
    Source source(seed);
    RandomCase c = source.Make(kAllUnits[seed % 4]);
    const Deadline before = Due(c.times(), c.terms, Cal()).value();
    const std::vector<Suspension> twice = [&] {
      std::vector<Suspension> all = c.suspensions;
      all.insert(all.end(), c.suspensions.begin(), c.suspensions.end());
      return all;
    }();
    ASSERT_EQ(Due({c.accepted, twice, {}}, c.terms, Cal())->date, before.date);
    c.suspensions.push_back(source.MakeSuspension(c.accepted.BeijingDate()));
    const Deadline after = Due(c.times(), c.terms, Cal()).value();
    ASSERT_GE(after.date, before.date);
    if (after.at) {
      ASSERT_GE(*after.at, *before.at);
    }
  }
}

// What is judged at a decision is what an observer of that moment would count, and lateness never
// heals.
TEST(DeadlinePropertyTest, UsedGrowsAndLatenessStays) {
  for (uint32_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(Cat("seed ", seed));
    Source source(seed);
    RandomCase c = source.Make(kAllUnits[seed % 4]);
    c.terms.exact_time = source.Below(3) == 0;
    int32_t used = 0;
    bool late = false;
    for (int hour = 0; hour < 24 * 60; hour += 7) {
      const Instant done = c.accepted + std::chrono::hours(hour);
      const Judgement judged = Judge(c.times(), c.terms, done, Cal()).value();
      ASSERT_EQ(judged.used_days, UsedDays(c.times(), c.terms, done, Cal()).value());
      ASSERT_GE(judged.used_days, used);
      ASSERT_TRUE(judged.late() || !late);
      ASSERT_FALSE(judged.early && judged.late());
      // More used than allowed is always late; in days of the limit's kind a roll forgives it.
      if (judged.used_days > judged.limit_days && c.terms.limit.unit != LimitUnit::kCalendarDay) {
        ASSERT_TRUE(judged.late());
      }
      used = judged.used_days;
      late = judged.late();
    }
  }
}

// Every answer is either right or refused: dropping a year never changes one.
TEST(DeadlinePropertyTest, AMissingYearRefusesAndNeverChangesAnAnswer) {
  int refused = 0;
  for (uint32_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(Cat("seed ", seed));
    Source source(seed);
    const RandomCase c = source.Make(kAllUnits[seed % 4]);
    const Calendar only_2025 = Calendar::Make({ShippedYear(2025)}, DefaultOfficeHours()).value();
    const auto partial = Due(c.times(), c.terms, only_2025);
    if (partial.ok()) {
      ASSERT_EQ(partial->date, Due(c.times(), c.terms, Cal())->date);
    } else {
      ASSERT_EQ(CodeOf(partial.status()), ErrorCode::kRulesNoCalendar);
      ++refused;
    }
  }
  EXPECT_GT(refused, 500);
  EXPECT_LT(refused, 2500);
}

}  // namespace
}  // namespace tj::rules
