#include "node/app/spot_desk.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "node/app/governing.h"
#include "node/app/log.h"
#include "node/rules/spot_draw.h"
#include "node/supervise/spot_ledger.h"
#include "node/supervise/spot_records.h"
#include "node/supervise/spot_seed.h"
#include "node/supervise/spot_terms.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/spot_payload.h"

namespace tj::app {
namespace {

// As many findings as a result tells.
constexpr size_t kFindingsTold = 64;
// How soon a draw that was refused is looked at again: it may take a pass over a ledger.
constexpr Duration kRefusedAgain{60'000};
// What came while the bureau was away is here when it has run so long; and when a county says
// nothing at all, it is waited for so long.
constexpr Duration kCatchUp{3'600'000};
constexpr Duration kAwayMax{86'400'000};
// A draw dated further ahead of our clock waits.
constexpr Duration kAheadMax{300'000};

// A ledger to read, with the snapshot that it is read from.
struct Reading {
  std::shared_ptr<const store::TruthSnapshot> snapshot;  // shared: the truth hands it out so
  supervise::StoredSpotLedger ledger;
};
absl::StatusOr<Reading> Read(const store::Truth& truth, const LedgerId& id) {
  TJ_ASSIGN_OR_RETURN(auto snapshot, truth.Snapshot());
  TJ_ASSIGN_OR_RETURN(auto view, store::LedgerView::Open(snapshot->reader(), id));
  return Reading{std::move(snapshot), supervise::StoredSpotLedger(std::move(view))};
}

// What was opened has come: the ledger says so, whatever the book knows of it by now.
absl::StatusOr<bool> BodiesHere(supervise::SpotLedger& ledger, const SpotOpened& opened) {
  for (const wire::LeafRange& range : opened.ranges) {
    for (uint64_t leaf = range.first; leaf < range.end; ++leaf) {
      TJ_ASSIGN_OR_RETURN(const auto at, ledger.At(Index{leaf}));
      if (at.body.empty()) return false;
    }
  }
  return true;
}

// What is refolded of what was opened: the case events that came. nullopt: there is no answer.
absl::StatusOr<std::optional<supervise::SpotAnswer>> AnswerIn(
    supervise::SpotLedger& ledger, const std::optional<SpotOpened>& opened) {
  std::optional<supervise::SpotAnswer> answer;
  if (!opened || !opened->complete || opened->folded_size > ledger.size()) return answer;
  answer.emplace().folded_size = opened->folded_size;
  for (const wire::LeafRange& range : opened->ranges) {
    for (uint64_t leaf = range.first; leaf < range.end; ++leaf) {
      TJ_ASSIGN_OR_RETURN(const auto at, ledger.At(Index{leaf}));
      if (at.header->family == Family::kCaseEvent && !at.body.empty()) answer->leaves.insert(leaf);
    }
  }
  return answer;
}

// Ascending and apart, whatever was given twice.
std::vector<wire::LeafRange> Joined(std::vector<wire::LeafRange> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const auto& left, const auto& right) { return left.first < right.first; });
  std::vector<wire::LeafRange> apart;
  for (const wire::LeafRange& range : ranges) {
    if (!apart.empty() && range.first <= apart.back().end) {
      apart.back().end = std::max(apart.back().end, range.end);
    } else {
      apart.push_back(range);
    }
  }
  return apart;
}

v1::SpotResult ResultOf(const v1::SpotReveal& reveal, Index reveal_index,
                        const supervise::SpotReport& report, uint64_t ranges_total,
                        const std::optional<SpotOpened>& opened) {
  v1::SpotResult result;
  *result.mutable_spot() = reveal.spot();
  result.set_verdict(report.verdict());
  result.set_reveal_index(reveal_index.value);
  if (opened) {
    result.set_folded_size(opened->folded_size);
    result.set_answer_leaves(opened->count());
  }
  result.set_leaves_drawn(report.leaves_drawn);
  result.set_leaves_opened(report.leaves_opened);
  result.set_leaves_missed(report.leaves_missed);
  result.set_leaves_mismatched(report.leaves_mismatched);
  result.set_leaves_lost(report.leaves_lost);
  result.set_rows_refolded(report.rows_refolded);
  result.set_rows_not_folded(report.rows_not_folded);
  const uint64_t drawn = std::min<uint64_t>(reveal.drawn(), ranges_total);
  result.set_ranges_total(ranges_total);
  result.set_ranges_drawn(drawn);
  result.set_ranges_wrong(report.ranges_wrong);
  result.set_ranges_unexamined(report.ranges_unexamined);
  result.set_confidence_bp(rules::kSpotConfidenceBp);
  if (report.verdict() == v1::SPOT_PASSED) {
    const rules::SpotBound bound = rules::BoundAfter(ranges_total, drawn, report.ranges_unexamined);
    result.set_bound_ranges(bound.wrong);
    result.set_bound_share_bp(bound.share_bp);
  }
  for (const supervise::SpotFinding& finding : report.findings) {
    if (result.findings_size() == static_cast<int>(kFindingsTold)) break;
    v1::SpotResult::Finding& told = *result.add_findings();
    told.set_leaf(finding.leaf);
    told.set_fault(finding.fault);
    told.set_about(finding.about);
  }
  result.set_finding_count(report.findings.size());
  return result;
}

std::string RecordText(const LedgerId& by, Index index) { return Cat(by.Text(), "/", index.value); }
// A later epoch of a county may be checked for the same period.
std::string CheckText(const v1::Spot& spot) { return Cat(wire::SpotId(spot), "/", spot.epoch()); }

// Goes on after an error, and tells the first.
void Keep(const absl::Status& status, absl::Status& first) {
  if (first.ok()) first = status;
}

}  // namespace

uint64_t SpotOpened::count() const {
  uint64_t count = 0;
  for (const wire::LeafRange& range : ranges) count += range.end - range.first;
  return count;
}

bool SpotOpened::Holds(uint64_t leaf) const {
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), leaf,
                       [](uint64_t value, const auto& range) { return value < range.first; });
  return after != ranges.begin() && leaf < std::prev(after)->end;
}

absl::StatusOr<std::optional<SpotOpened>> OpenedFor(const store::KvReader& derived,
                                                    const LedgerId& county, const NodeCode& to,
                                                    const std::string& spot_id) {
  std::optional<SpotOpened> opened;
  TJ_RETURN_IF_ERROR(supervise::EachOpening(
      derived, [&](const LedgerId& ledger, Index index, const v1::Opening& opening) {
        const v1::OpeningGiven& given = opening.given();
        if (ledger != county || given.purpose() != v1::SPOT_CHECK || given.to() != to.text() ||
            given.request() != spot_id || (opened && opened->complete)) {
          return;
        }
        // Malformed: it opens what was not written yet.
        if (given.folded_size() > index.value) return;
        if (!opened) opened.emplace();
        opened->folded_size = given.folded_size();
        opened->complete = !given.more();
        const auto ranges = wire::GivenLeaves(given);
        opened->ranges.insert(opened->ranges.end(), ranges.begin(), ranges.end());
      }));
  if (opened) opened->ranges = Joined(std::move(opened->ranges));
  return opened;
}

// The draw follows from what was announced first under its name, and is of a head of ours that was
// not known when it was announced.
absl::Status SpotDesk::CheckAnnounced(const Draw& draw, const crypto::TrustStore& trust) {
  const v1::SpotReveal& reveal = draw.reveal;
  const std::string id = wire::SpotId(reveal.spot());
  std::optional<supervise::SpotAnnounced> announced;
  TJ_RETURN_IF_ERROR(supervise::EachCommit(
      derived_, [&](const LedgerId& ledger, Index index, const v1::SpotCommit& found) {
        if (ledger != draw.by || wire::SpotId(found.spot()) != id) return;
        if (!announced || index < announced->index) announced = {ledger, index, found};
      }));
  if (!announced || announced->index.value != reveal.commit_index()) {
    return Error(ErrorCode::kRulesSpot, "it was not announced, or announced otherwise before");
  }
  TJ_RETURN_IF_ERROR(supervise::CheckDraw(announced->commit, reveal));
  TJ_ASSIGN_OR_RETURN(auto theirs, Read(truth_, draw.by));
  TJ_ASSIGN_OR_RETURN(const auto drawn, theirs.ledger.At(draw.index));
  TJ_RETURN_IF_ERROR(supervise::CheckAnswerTime(announced->commit, drawn.header->recorded_at,
                                                Instant{reveal.answer_by_ms()}));
  // Any other head or first leaf would be the bureau's choice.
  TJ_ASSIGN_OR_RETURN(const auto terms, supervise::TermsOf(theirs.ledger, *announced, trust));
  const supervise::HeadSeen& head = terms.head;
  if (head.record.value != reveal.heads_index() || head.entry.size() != reveal.size() ||
      head.entry.root() != reveal.root() || head.entry.seen_at_ms() != reveal.seen_at_ms()) {
    return Error(ErrorCode::kRulesSpot, "not of the last head before the close");
  }
  if (terms.first != reveal.first()) {
    return Error(ErrorCode::kRulesSpot, "of other leaves than the period has");
  }
  TJ_ASSIGN_OR_RETURN(const auto snapshot, truth_.Snapshot());
  TJ_ASSIGN_OR_RETURN(auto view, store::LedgerView::Open(snapshot->reader(), own_));
  if (reveal.size() > view.size()) return Error(ErrorCode::kRulesSpot, "of a head beyond ours");
  TJ_ASSIGN_OR_RETURN(const Hash root, view.RootAt(reveal.size()));
  if (root.view() != reveal.root()) return Error(ErrorCode::kRulesSpot, "of a head not ours");
  supervise::StoredSpotLedger own(std::move(view));
  TJ_ASSIGN_OR_RETURN(const uint64_t closings,
                      supervise::ClosingsOf(own, announced->commit, terms));
  if (closings != reveal.closings()) {
    return Error(ErrorCode::kRulesSpot, "of other closings than the period has");
  }
  return absl::OkStatus();
}

absl::Status SpotDesk::NoteAnnouncements(const crypto::TrustStore& trust) {
  const Instant now = clock_.Now();
  std::map<std::string, supervise::SpotAnnounced> announced;
  TJ_RETURN_IF_ERROR(supervise::EachCommit(derived_, [&](const LedgerId& ledger, Index index,
                                                         const v1::SpotCommit& commit) {
    const std::string id = wire::SpotId(commit.spot());
    if (commit.spot().county() == own_.origin.text() && commit.spot().epoch() == own_.epoch.value &&
        now.ms < commit.close_ms() && !noted_.contains(id) && ledger != own_ &&
        trust.RelationOf(ledger.origin, own_.origin) == Relation::kParent) {
      announced.insert({id, {ledger, index, commit}});
    }
  }));
  for (const auto& [id, spot] : announced) {
    TJ_ASSIGN_OR_RETURN(auto theirs, Read(truth_, spot.by));
    const uint64_t end = theirs.ledger.size();
    Index& from = looked_.try_emplace(id, Index{spot.index.value + 1}).first->second;
    TJ_ASSIGN_OR_RETURN(const auto seen, supervise::AnnouncementSeen(
                                             theirs.ledger, spot, own_.origin, from, end, trust));
    if (!seen) from = Index{end};
    if (!seen || now < *seen) continue;
    TJ_ASSIGN_OR_RETURN(auto own, Read(truth_, own_));
    const uint64_t size = own.ledger.size();
    bool written = false;
    if (size > 0) {
      TJ_ASSIGN_OR_RETURN(const auto last, own.ledger.At(Index{size - 1}));
      written = last.header->recorded_at >= *seen;
    }
    if (!written) {
      store::AppendRequest request;
      TJ_ASSIGN_OR_RETURN(request.records.emplace_back(),
                          NotedRecord(spot.by, spot.commit.spot(), now));
      TJ_RETURN_IF_ERROR(truth_.AppendAndWait(std::move(request)).status());
    }
    noted_.insert(id);
    looked_.erase(id);
    Log(LogLevel::kInfo, "spot-check-announced", {{"by", spot.by.Text()}, {"spot", id}});
  }
  return absl::OkStatus();
}

absl::Status SpotDesk::Answer(const Draw& draw, uint64_t folded_size,
                              const crypto::TrustStore& trust) {
  const std::string id = wire::SpotId(draw.reveal.spot());
  const std::string record = RecordText(draw.by, draw.index);
  if (folded_size < draw.reveal.size()) return absl::OkStatus();  // not folded so far yet
  const auto refused = refused_.find(record);
  if (refused != refused_.end() && clock_.Now() < refused->second.again) return absl::OkStatus();
  {
    // A date ahead of us would shorten the time for the answer.
    TJ_ASSIGN_OR_RETURN(auto theirs, Read(truth_, draw.by));
    TJ_ASSIGN_OR_RETURN(const auto drawn, theirs.ledger.At(draw.index));
    if (drawn.header->recorded_at > clock_.Now() + kAheadMax) return absl::OkStatus();
  }
  if (const absl::Status status = CheckAnnounced(draw, trust); !status.ok()) {
    const std::string why = Describe(status);
    Refused& entry = refused_[record];
    if (entry.why != why) {
      LogError("spot-check-refused", status, {{"by", draw.by.Text()}, {"spot", id}});
    }
    entry = {why, clock_.Now() + kRefusedAgain};
    // Nobody would take an answer any more.
    if (clock_.Now().ms >= draw.reveal.answer_by_ms()) answered_.insert(record);
    return absl::OkStatus();
  }
  TJ_ASSIGN_OR_RETURN(auto theirs, Read(truth_, draw.by));
  TJ_ASSIGN_OR_RETURN(const auto fixed,
                      supervise::FixedBefore(theirs.ledger, own_, draw.index, draw.reveal.size()));
  if (folded_size < fixed.size) return absl::OkStatus();
  TJ_ASSIGN_OR_RETURN(const auto ranges, supervise::RangesDrawn(draw.reveal));
  TJ_ASSIGN_OR_RETURN(auto own, Read(truth_, own_));
  std::optional<supervise::SpotAnswer> answer;
  for (const bool wide : {false, true}) {
    TJ_ASSIGN_OR_RETURN(answer,
                        supervise::AnswerSpot(own.ledger, derived_, ranges, folded_size, wide));
    if (!answer) return absl::OkStatus();  // a row awaits its summary
    TJ_ASSIGN_OR_RETURN(const auto report,
                        supervise::CheckSpot(own_, own.ledger, ranges, fixed, answer));
    if (report.verdict() == v1::SPOT_PASSED) break;
    if (wide) Log(LogLevel::kWarn, "spot-check-will-fail", {{"spot", id}});
  }
  v1::OpeningGiven given;
  given.set_to(draw.by.origin.text());
  given.set_purpose(v1::SPOT_CHECK);
  given.set_request(id);
  given.set_folded_size(answer->folded_size);
  TJ_RETURN_IF_ERROR(openings_.Give(std::move(given), answer->leaves));
  answered_.insert(record);
  refused_.erase(record);
  return absl::OkStatus();
}

absl::StatusOr<bool> SpotDesk::TimeIsOver(const Draw& draw, const LedgerId& county,
                                          Instant now) const {
  const Instant deadline{draw.reveal.answer_by_ms()};
  if (now < deadline) return false;
  TJ_ASSIGN_OR_RETURN(auto mine, Read(truth_, own_));
  TJ_ASSIGN_OR_RETURN(const auto drawn, mine.ledger.At(draw.index));
  if (started_ <= drawn.header->recorded_at) return true;
  if (now >= std::max(started_, deadline) + kAwayMax) return true;
  if (now < started_ + kCatchUp) return false;
  TJ_ASSIGN_OR_RETURN(const auto snapshot, truth_.Snapshot());
  TJ_ASSIGN_OR_RETURN(const auto view, store::LedgerView::Open(snapshot->reader(), county));
  TJ_ASSIGN_OR_RETURN(const auto head, view.HeadWithin(view.size()));
  return head && head->head.at >= deadline;
}

absl::Status SpotDesk::Judge(const Draw& draw) {
  const v1::SpotReveal& reveal = draw.reveal;
  const std::string id = wire::SpotId(reveal.spot());
  TJ_ASSIGN_OR_RETURN(const NodeCode code, NodeCode::Parse(reveal.spot().county()));
  const LedgerId county{code, Epoch{reveal.spot().epoch()}};
  TJ_ASSIGN_OR_RETURN(auto opened, OpenedFor(derived_, county, own_.origin, id));
  TJ_ASSIGN_OR_RETURN(auto held, Read(truth_, county));
  const Instant now = clock_.Now();
  bool all_here = opened && opened->complete && opened->folded_size <= held.ledger.size();
  if (all_here) {
    for (const Index leaf : book_.Wanted(county, Index{0}, SIZE_MAX)) {
      all_here = all_here && !opened->Holds(leaf.value);
    }
  }
  if (all_here) {
    TJ_ASSIGN_OR_RETURN(all_here, BodiesHere(held.ledger, *opened));
  }
  if (!all_here) {
    TJ_ASSIGN_OR_RETURN(const bool over, TimeIsOver(draw, county, now));
    if (!over) return absl::OkStatus();
  }
  TJ_ASSIGN_OR_RETURN(const auto ranges, supervise::RangesDrawn(reveal));
  TJ_ASSIGN_OR_RETURN(const uint64_t total,
                      rules::RangeCount({reveal.first(), reveal.size()}, reveal.length()));
  TJ_ASSIGN_OR_RETURN(auto mine, Read(truth_, own_));
  TJ_ASSIGN_OR_RETURN(const auto fixed,
                      supervise::FixedBefore(mine.ledger, county, draw.index, reveal.size()));
  TJ_ASSIGN_OR_RETURN(const auto answer, AnswerIn(held.ledger, opened));
  TJ_ASSIGN_OR_RETURN(const auto report,
                      supervise::CheckSpot(county, held.ledger, ranges, fixed, answer));
  const v1::SpotResult result = ResultOf(reveal, draw.index, report, total, opened);
  store::AppendRequest request;
  TJ_ASSIGN_OR_RETURN(request.records.emplace_back(), ResultRecord(result));
  for (const v1::Alarm& alarm : SpotAlarms(result, now)) {
    TJ_ASSIGN_OR_RETURN(request.records.emplace_back(), AlarmRecord(alarm, Audience::kAll));
  }
  TJ_RETURN_IF_ERROR(truth_.AppendAndWait(std::move(request)).status());
  judged_.insert(CheckText(reveal.spot()));
  Log(LogLevel::kInfo, "spot-check-judged",
      {{"spot", id}, {"verdict", v1::SpotVerdict_Name(result.verdict())}});
  return absl::OkStatus();
}

absl::Status SpotDesk::Round(const crypto::TrustStore& trust, uint64_t folded_size) {
  absl::Status first = NoteAnnouncements(trust);
  std::vector<Draw> to_answer;
  std::map<std::string, Draw> to_judge;
  TJ_RETURN_IF_ERROR(supervise::EachReveal(
      derived_, [&](const LedgerId& ledger, Index index, const v1::SpotReveal& reveal) {
        if (ledger == own_) {
          const std::string check = CheckText(reveal.spot());
          if (!judged_.contains(check)) to_judge.insert({check, {ledger, index, reveal}});
        } else if (trust.RelationOf(ledger.origin, own_.origin) == Relation::kParent &&
                   reveal.spot().county() == own_.origin.text() &&
                   reveal.spot().epoch() == own_.epoch.value &&
                   !answered_.contains(RecordText(ledger, index))) {
          to_answer.push_back({ledger, index, reveal});
        }
      }));
  if (to_answer.empty() && to_judge.empty()) return first;
  TJ_RETURN_IF_ERROR(supervise::EachResult(
      derived_, [&](const LedgerId& ledger, Index, const v1::SpotResult& result) {
        if (ledger != own_) return;
        judged_.insert(CheckText(result.spot()));
        to_judge.erase(CheckText(result.spot()));
      }));
  for (const auto& [check, draw] : to_judge) Keep(Judge(draw), first);
  for (const Draw& draw : to_answer) {
    const std::string id = wire::SpotId(draw.reveal.spot());
    TJ_ASSIGN_OR_RETURN(const auto given, OpenedFor(derived_, own_, draw.by.origin, id));
    if (given) {
      answered_.insert(RecordText(draw.by, draw.index));
    } else {
      Keep(Answer(draw, folded_size, trust), first);
    }
  }
  return first;
}

}  // namespace tj::app
