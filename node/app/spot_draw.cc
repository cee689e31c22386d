#include "node/app/spot_draw.h"

#include <utility>
#include <vector>

#include "node/case/case_projection.h"
#include "node/rules/timers.h"
#include "node/store/durable_file.h"
#include "node/supervise/spot_seed.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/spot_payload.h"

namespace tj::app {
namespace {

// After the close, until what the writer had begun to write before it is on disk.
constexpr Duration kSettled{3000};

absl::Status Refuse(std::string_view why) { return Error(ErrorCode::kRulesSpot, why); }

absl::StatusOr<Instant> AnswerBy(const DrawSources& sources, const v1::SpotCommit& commit) {
  if (commit.answer_by_ms() > 0) return Instant{commit.answer_by_ms()};
  const auto derived = sources.derived.Snapshot();
  TJ_ASSIGN_OR_RETURN(const auto years, cases::AdoptedYears(*derived));
  std::vector<rules::YearCalendar> list;
  for (const auto& [number, year] : years) list.push_back(year);
  TJ_ASSIGN_OR_RETURN(const auto calendar, rules::Calendar::Make(std::move(list)));
  TJ_ASSIGN_OR_RETURN(const CivilDate last, rules::TimerDue(sources.clock.Now().BeijingDate(),
                                                            commit.working_days(), calendar));
  return Instant::BeijingMidnight(last + 1);
}

absl::StatusOr<Bytes> AnnouncedNonce(const DrawSources& sources, const v1::SpotCommit& commit) {
  const std::string path = Cat(sources.nonce_folder, "/", NonceFile(commit.spot()));
  TJ_ASSIGN_OR_RETURN(auto nonce, store::ReadSmallFile(path, supervise::kNonceBytes));
  if (!nonce || supervise::NonceHash(*nonce).view() != commit.nonce_hash()) {
    return Refuse(Cat(path, ": the nonce that was announced is not here"));
  }
  return *std::move(nonce);
}

}  // namespace

std::string NonceFile(const v1::Spot& spot) {
  return Cat(spot.county(), "-", spot.epoch(), "-", spot.period(), ".nonce");
}

absl::StatusOr<DrawGround> GroundOf(const DrawSources& sources, const SpotState& spot) {
  const v1::Spot& name = spot.commit.spot();
  TJ_ASSIGN_OR_RETURN(const NodeCode code, NodeCode::Parse(name.county()));
  const LedgerId county{code, Epoch{name.epoch()}};
  TJ_ASSIGN_OR_RETURN(const auto snapshot, sources.truth.Snapshot());
  TJ_ASSIGN_OR_RETURN(auto own_view, store::LedgerView::Open(snapshot->reader(), sources.own));
  supervise::StoredSpotLedger own(std::move(own_view));
  TJ_ASSIGN_OR_RETURN(
      auto terms,
      supervise::TermsOf(own, {sources.own, spot.commit_index, spot.commit}, sources.trust));
  TJ_ASSIGN_OR_RETURN(const auto view, store::LedgerView::Open(snapshot->reader(), county));
  supervise::StoredSpotLedger ledger(view);
  TJ_ASSIGN_OR_RETURN(const uint64_t closings, supervise::ClosingsOf(ledger, spot.commit, terms));
  TJ_RETURN_IF_ERROR(supervise::CheckSummariesHere(
      ledger, terms.head.entry.size(),
      [&view](Index from, size_t max) { return view.MissingBodies(from, max); }));
  return DrawGround{std::move(terms), closings};
}

absl::StatusOr<v1::SpotReveal> RevealOf(const DrawSources& sources, const SpotState& spot) {
  const v1::SpotCommit& commit = spot.commit;
  const Instant close{commit.close_ms()};
  if (sources.clock.Now() < close + kSettled) {
    return Refuse(Cat("the period closes at ", close.Text(), "; draw after that"));
  }
  TJ_ASSIGN_OR_RETURN(const Instant by, AnswerBy(sources, commit));
  TJ_RETURN_IF_ERROR(supervise::CheckAnswerTime(commit, sources.clock.Now(), by));
  TJ_ASSIGN_OR_RETURN(const Bytes nonce, AnnouncedNonce(sources, commit));
  TJ_ASSIGN_OR_RETURN(const DrawGround ground, GroundOf(sources, spot));
  const supervise::HeadSeen& head = ground.terms.head;
  v1::SpotReveal reveal;
  *reveal.mutable_spot() = commit.spot();
  reveal.set_nonce(nonce);
  reveal.set_commit_index(spot.commit_index.value);
  reveal.set_heads_index(head.record.value);
  reveal.set_size(head.entry.size());
  reveal.set_root(head.entry.root());
  reveal.set_seen_at_ms(head.entry.seen_at_ms());
  reveal.set_first(ground.terms.first);
  reveal.set_closings(ground.closings);
  reveal.set_length(commit.length());
  reveal.set_drawn(commit.ranges() > 0 ? commit.ranges() : rules::RangesFor(ground.closings));
  TJ_ASSIGN_OR_RETURN(const auto ranges, supervise::RangesDrawn(reveal));
  std::vector<wire::LeafRange> named;
  for (const rules::LeafSpan& range : ranges) named.push_back({range.first, range.end});
  wire::SetDrawnRanges(named, reveal);
  reveal.set_answer_by_ms(by.ms);
  return reveal;
}

}  // namespace tj::app
