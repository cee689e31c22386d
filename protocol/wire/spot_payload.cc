#include "protocol/wire/spot_payload.h"

#include <algorithm>
#include <functional>

#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/field_check.h"
#include "protocol/wire/parse_payload.h"

namespace tj::wire {
namespace {

constexpr int64_t kLengthMax = 64;   // as rules::kSpotLengthMax
constexpr int64_t kRangesMax = 200;  // as rules::kSpotRangesMax
constexpr int64_t kWorkingDaysMax = 60;
constexpr int64_t kFindingsMax = 64;

// WIRE-PAYLOAD unless the pairs (gap, count) stay below the largest size of a ledger.
template <typename Numbers>
absl::Status WalkRanges(const Numbers& numbers, const std::function<void(LeafRange)>& take) {
  if (numbers.size() % 2 != 0) return BadPayload("leaves: a range without a count");
  uint64_t end = 0;
  for (int i = 0; i < numbers.size(); i += 2) {
    const uint64_t gap = numbers[i];
    const uint64_t count = numbers[i + 1];
    if (count == 0 || gap > limits::kLedgerSizeMax - end ||
        count > limits::kLedgerSizeMax - end - gap) {
      return BadPayload("leaves: a range beyond any ledger");
    }
    take({end + gap, end + gap + count});
    end += gap + count;
  }
  return absl::OkStatus();
}

template <typename Numbers>
std::vector<LeafRange> RangesOf(const Numbers& numbers) {
  std::vector<LeafRange> ranges;
  TJ_CHECK(WalkRanges(numbers, [&](LeafRange range) { ranges.push_back(range); }).ok());
  return ranges;
}

template <typename Numbers>
void SetRanges(std::span<const LeafRange> ranges, Numbers* numbers) {
  numbers->Clear();
  uint64_t end = 0;
  for (const LeafRange& range : ranges) {
    TJ_CHECK(range.first < range.end && range.first >= end);
    numbers->Add(range.first - end);
    numbers->Add(range.end - range.first);
    end = range.end;
  }
}

void CheckSpot(bool there, const v1::Spot& spot, FieldCheck& check) {
  if (!there) return check.Missing("spot");
  check.Take(PeriodOf(spot.period()).status());
  check.Parsed<NodeCode>("spot.county", spot.county());
  if (spot.epoch() == 0) check.Missing("spot.epoch");
}

void CheckAsked(const v1::OpeningAsked& asked, FieldCheck& check) {
  check.Parsed<NodeCode>("asked.of", asked.of());
  if (asked.epoch() == 0) check.Missing("asked.epoch");
  check.Line("asked.request", asked.request(), limits::kShortCodeCharsMax, Need::kMandatory);
  check.Line("asked.reason", asked.reason(), limits::kShortCodeCharsMax, Need::kMandatory);
  check.Line("asked.case_no", asked.case_no(), limits::kCaseNoCharsMax, Need::kOptional);
  uint64_t count = 0;
  check.Take(
      WalkRanges(asked.leaves(), [&](LeafRange range) { count += range.end - range.first; }));
  if (count > limits::kOpeningLeavesMax) {
    check.Fail(ErrorCode::kValueNumber, "asked.leaves",
               Cat(count, " leaves, at most ", limits::kOpeningLeavesMax,
                   " in one question; ask in parts"));
  }
  if (asked.leaves().empty() == asked.case_no().empty()) check.Missing("asked.leaves or case_no");
}

void CheckGiven(const v1::OpeningGiven& given, FieldCheck& check) {
  check.Parsed<NodeCode>("given.to", given.to());
  check.OneOf("given.purpose", static_cast<uint32_t>(given.purpose()), {1, 2});
  check.Line("given.request", given.request(), limits::kShortCodeCharsMax, Need::kMandatory);
  check.Line("given.reason", given.reason(), limits::kShortCodeCharsMax, Need::kOptional);
  check.Size("given.folded_size", given.folded_size());
  uint64_t count = 0;
  uint64_t end = 0;
  check.Take(WalkRanges(given.leaves(), [&](LeafRange range) {
    count += range.end - range.first;
    end = range.end;
  }));
  if (given.purpose() == v1::SPOT_CHECK && end > given.folded_size()) {
    check.Fail(ErrorCode::kValueNumber, "given.leaves", "beyond folded_size");
  }
  if (check.status().ok() && count != given.leaf_count()) {
    check.Fail(ErrorCode::kValueNumber, "given.leaf_count", Cat("is not ", count));
  }
}

void CheckOpening(const v1::Opening& opening, FieldCheck& check) {
  if (opening.has_asked() == opening.has_given()) return check.Missing("asked or given");
  if (opening.has_asked()) CheckAsked(opening.asked(), check);
  if (opening.has_given()) CheckGiven(opening.given(), check);
}

void CheckCommit(const v1::SpotCommit& commit, FieldCheck& check) {
  CheckSpot(commit.has_spot(), commit.spot(), check);
  check.Length("nonce_hash", commit.nonce_hash(), Hash::kSize);
  check.ClockTime("begin_ms", commit.begin_ms());
  check.ClockTime("close_ms", commit.close_ms());
  if (check.status().ok() && commit.close_ms() <= commit.begin_ms()) {
    check.Fail(ErrorCode::kValueTime, "close_ms", "before the period begins");
  }
  check.Number("length", commit.length(), 1, kLengthMax);
  check.Number("ranges", commit.ranges(), 0, kRangesMax);
  check.Number("working_days", commit.working_days(), 0, kWorkingDaysMax);
  check.ClockTime("answer_by_ms", commit.answer_by_ms());
}

void CheckReveal(const v1::SpotReveal& reveal, FieldCheck& check) {
  CheckSpot(reveal.has_spot(), reveal.spot(), check);
  check.Length("nonce", reveal.nonce(), Hash::kSize);
  check.Size("commit_index", reveal.commit_index());
  check.Size("heads_index", reveal.heads_index());
  check.Size("size", reveal.size());
  check.Length("root", reveal.root(), Hash::kSize);
  check.ClockTime("seen_at_ms", reveal.seen_at_ms());
  if (reveal.first() > reveal.size()) {
    check.Fail(ErrorCode::kValueNumber, "first", "beyond the head");
  }
  check.Number("length", reveal.length(), 1, kLengthMax);
  check.Number("drawn", reveal.drawn(), 0, kRangesMax);
  check.Take(WalkRanges(reveal.ranges(), [](LeafRange) {}));
  check.Number("ranges", reveal.ranges_size(), 0, 2 * kRangesMax);
  check.ClockTime("answer_by_ms", reveal.answer_by_ms());
}

void CheckResult(const v1::SpotResult& result, FieldCheck& check) {
  CheckSpot(result.has_spot(), result.spot(), check);
  check.OneOf("verdict", static_cast<uint32_t>(result.verdict()), {1, 2, 3});
  check.Size("reveal_index", result.reveal_index());
  check.Size("folded_size", result.folded_size());
  check.Number("confidence_bp", result.confidence_bp(), 0, 10'000);
  check.Number("bound_share_bp", result.bound_share_bp(), 0, 10'000);
  check.Number("findings", result.findings_size(), 0, kFindingsMax);
  check.ClockTime("basis_at_ms", result.basis_at_ms());
}

}  // namespace

absl::StatusOr<v1::Opening> ParseOpening(ByteView payload) {
  return ParsePayload(payload, CheckOpening);
}
absl::StatusOr<v1::SpotCommit> ParseSpotCommit(ByteView payload) {
  return ParsePayload(payload, CheckCommit);
}
absl::StatusOr<v1::SpotReveal> ParseSpotReveal(ByteView payload) {
  return ParsePayload(payload, CheckReveal);
}
absl::StatusOr<v1::SpotResult> ParseSpotResult(ByteView payload) {
  return ParsePayload(payload, CheckResult);
}

std::vector<LeafRange> AskedLeaves(const v1::OpeningAsked& asked) {
  return RangesOf(asked.leaves());
}
std::vector<LeafRange> GivenLeaves(const v1::OpeningGiven& given) {
  return RangesOf(given.leaves());
}
std::vector<LeafRange> DrawnRanges(const v1::SpotReveal& reveal) {
  return RangesOf(reveal.ranges());
}

void SetAskedLeaves(std::span<const LeafRange> ranges, v1::OpeningAsked& asked) {
  SetRanges(ranges, asked.mutable_leaves());
}
void SetGivenLeaves(std::span<const LeafRange> ranges, v1::OpeningGiven& given) {
  SetRanges(ranges, given.mutable_leaves());
  uint64_t count = 0;
  for (const LeafRange& range : ranges) count += range.end - range.first;
  given.set_leaf_count(count);
}
void SetDrawnRanges(std::span<const LeafRange> ranges, v1::SpotReveal& reveal) {
  SetRanges(ranges, reveal.mutable_ranges());
}

absl::StatusOr<SpotPeriod> PeriodOf(const std::string& text) {
  const bool month = text.size() == 7;
  TJ_ASSIGN_OR_RETURN(const CivilDate first, CivilDate::Parse(month ? text + "-01" : text));
  const CivilDate next = month ? CivilDate(first.days() + 31) : CivilDate(first.days() + 1);
  const CivilDate end = month ? CivilDate::Of(next.year(), next.month(), 1) : next;
  return SpotPeriod{Instant::BeijingMidnight(first), Instant::BeijingMidnight(end)};
}

std::string SpotId(const v1::Spot& spot) { return Cat(spot.period(), "/", spot.county()); }

}  // namespace tj::wire
