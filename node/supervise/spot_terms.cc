#include "node/supervise/spot_terms.h"

#include <utility>

#include "crypto/note.h"
#include "node/supervise/spot_losses.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/payload.h"
#include "protocol/wire/spot_payload.h"

namespace tj::supervise {
namespace {

// Between reading the clock for the end of the answer's time and the time of the record that says
// it.
constexpr Duration kRecordingMax{10 * 60'000};

absl::Status Refuse(std::string_view why) { return Error(ErrorCode::kRulesSpot, why); }

absl::Status CheckPeriod(const v1::SpotCommit& commit) {
  TJ_ASSIGN_OR_RETURN(const wire::SpotPeriod period, wire::PeriodOf(commit.spot().period()));
  if (commit.begin_ms() != period.begin.ms || commit.close_ms() <= period.begin.ms ||
      commit.close_ms() > period.end.ms) {
    return Refuse("begin or close are not of the period");
  }
  if (commit.answer_by_ms() != 0 && commit.answer_by_ms() <= commit.close_ms()) {
    return Refuse("an answer before the close");
  }
  return absl::OkStatus();
}

// The county's `seen` among the statements of a `heads` record, when it is right and covers the
// announcement.
std::optional<Instant> SeenIn(const v1::Heads& heads, const SpotAnnounced& announced,
                              const NodeCode& county, const crypto::TrustStore& trust) {
  for (const std::string& text : heads.statements()) {
    const auto note = crypto::ParseNote(text);
    if (!note.ok() || note->head.ledger != announced.by) continue;
    if (note->head.size <= announced.index.value) continue;
    const auto* line = note->Find(crypto::StatementKind::kSeen, county);
    if (line != nullptr && trust.Verify(note->head, *line).ok()) return line->at;
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<std::optional<Instant>> AnnouncementSeen(SpotLedger& bureau,
                                                        const SpotAnnounced& announced,
                                                        const NodeCode& county, Index from,
                                                        uint64_t end,
                                                        const crypto::TrustStore& trust) {
  for (uint64_t at = from.value; at < end; ++at) {
    TJ_ASSIGN_OR_RETURN(const SpotLeaf leaf, bureau.At(Index{at}));
    if (leaf.header->family != Family::kHeads || leaf.body.empty()) continue;
    const auto body = wire::DecodeBody(leaf.body);
    if (!body.ok()) continue;
    const auto heads = wire::ParseHeads(body->payload);
    if (!heads.ok()) continue;
    if (const auto seen = SeenIn(*heads, announced, county, trust)) return seen;
  }
  return std::optional<Instant>();
}

absl::StatusOr<DrawTerms> TermsOf(SpotLedger& bureau, const SpotAnnounced& announced,
                                  const crypto::TrustStore& trust) {
  const v1::SpotCommit& commit = announced.commit;
  const Instant close{commit.close_ms()};
  TJ_RETURN_IF_ERROR(CheckPeriod(commit));
  TJ_ASSIGN_OR_RETURN(const NodeCode code, NodeCode::Parse(commit.spot().county()));
  const LedgerId county{code, Epoch{commit.spot().epoch()}};
  TJ_ASSIGN_OR_RETURN(const SpotLeaf announcement, bureau.At(announced.index));
  if (announcement.header->recorded_at >= close) {
    return Refuse("it was announced after the close; announce a check of a later period");
  }
  TJ_ASSIGN_OR_RETURN(auto head, LastHeadBefore(bureau, county, close));
  if (!head || head->record <= announced.index) {
    return Refuse(Cat("no head of ", county.Text(),
                      " was recorded between the announcement and the close; announce earlier"));
  }
  // Other than the bureau's clock: the county itself dates that it knew of the announcement.
  TJ_ASSIGN_OR_RETURN(const auto seen,
                      AnnouncementSeen(bureau, announced, code, Index{announced.index.value + 1},
                                       head->record.value + 1, trust));
  if (!seen || *seen >= close) {
    return Refuse(Cat("no record from before the close says that ", code.text(),
                      " has seen the announcement; announce earlier"));
  }
  // A period goes on where the one before it ended, whatever times the county gave its records.
  TJ_ASSIGN_OR_RETURN(const auto before,
                      LastHeadBefore(bureau, county, Instant{commit.begin_ms()}));
  const uint64_t first = before ? before->entry.size() : 0;
  if (first >= head->entry.size()) {
    return Refuse(Cat(county.Text(), " has no records of the period; there is nothing to draw"));
  }
  return DrawTerms{*std::move(head), first, *seen};
}

absl::StatusOr<uint64_t> ClosingsOf(SpotLedger& county, const v1::SpotCommit& commit,
                                    const DrawTerms& terms) {
  const uint64_t size = terms.head.entry.size();
  if (county.size() < size) {
    return Error(ErrorCode::kNotReady, "the county's records are on their way");
  }
  TJ_ASSIGN_OR_RETURN(const SpotLeaf last, county.At(Index{size - 1}));
  if (last.header->recorded_at < terms.seen_at) {
    return Refuse(
        "the last head before the close is older than the county's word that it has seen "
        "the announcement; announce earlier");
  }
  return ClosingsWithin(county, size, Instant{commit.begin_ms()}, Instant{commit.close_ms()});
}

absl::Status CheckSummariesHere(SpotLedger& county, uint64_t size, const MissingPage& missing) {
  std::optional<SpotLosses> losses;
  for (Index from{0};;) {
    TJ_ASSIGN_OR_RETURN(const std::vector<Index> page, missing(from, limits::kOpenRangeMax));
    std::vector<uint64_t> summaries;
    for (const Index index : page) {
      if (index.value >= size) break;
      TJ_ASSIGN_OR_RETURN(const SpotLeaf leaf, county.At(index));
      if (leaf.header->family == Family::kSummary) summaries.push_back(index.value);
    }
    if (!summaries.empty()) {
      if (!losses) {
        TJ_ASSIGN_OR_RETURN(losses, LossesOf(county, county.size()));
      }
      if (losses->Among(summaries).size() < summaries.size()) {
        return Error(ErrorCode::kNotReady, "summaries of the county are on their way");
      }
    }
    if (page.size() < limits::kOpenRangeMax || page.back().value >= size) return absl::OkStatus();
    from = Index{page.back().value + 1};
  }
}

absl::Status CheckAnswerTime(const v1::SpotCommit& commit, Instant drawn_at, Instant answer_by) {
  if (answer_by <= drawn_at) {
    return Refuse(Cat("the time for the answer was over at ", answer_by.Text(),
                      "; announce a check of another period"));
  }
  if (commit.answer_by_ms() != 0) {
    return answer_by.ms == commit.answer_by_ms() ? absl::OkStatus()
                                                 : Refuse("another time for the answer");
  }
  // Working days are at least so many days, by any calendar.
  const CivilDate day = (drawn_at - kRecordingMax).BeijingDate();
  if (answer_by < Instant::BeijingMidnight(day + static_cast<int32_t>(commit.working_days()) + 1)) {
    return Refuse("less time for the answer than the working days announced");
  }
  return absl::OkStatus();
}

}  // namespace tj::supervise
