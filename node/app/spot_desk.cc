#include "node/app/spot_desk.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "node/app/first_error.h"
#include "node/app/governing.h"
#include "node/app/log.h"
#include "node/app/spot_info.h"
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
// A draw may be dated so far ahead of our clock; beyond, it waits.
constexpr Duration kAheadMax{5 * 60'000};
// How long a bureau that was away waits for what came meanwhile, before it says that it was missed.
constexpr Duration kAfterAway{24 * 3'600'000};

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

// Whether an answer to `reveal` is, or may be, among the first `size` leaves: the ledger may be
// ahead of what is folded.
absl::StatusOr<bool> MayHoldAnswer(supervise::SpotLedger& county, uint64_t size,
                                   const v1::SpotReveal& reveal) {
  for (uint64_t i = reveal.size(); i < size; ++i) {
    TJ_ASSIGN_OR_RETURN(const auto leaf, county.At(Index{i}));
    if (leaf.header->family != Family::kOpening) continue;
    if (leaf.body.empty()) return true;
    const auto body = wire::DecodeBody(leaf.body);
    if (!body.ok()) continue;
    const auto opening = wire::ParseOpening(body->payload);
    if (!opening.ok()) continue;
    const v1::OpeningGiven& given = opening->given();
    if (given.purpose() == v1::SPOT_CHECK && given.request() == wire::SpotId(reveal.spot()) &&
        !given.more()) {
      return true;
    }
  }
  return false;
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
                        const std::optional<SpotOpened>& opened, v1::SpotBasis basis,
                        Instant basis_at) {
  v1::SpotResult result;
  *result.mutable_spot() = reveal.spot();
  result.set_verdict(report.verdict());
  result.set_reveal_index(reveal_index.value);
  result.set_basis(basis);
  result.set_basis_at_ms(basis_at.ms);
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
  // The first of a name is the one that counts.
  std::map<std::pair<LedgerId, std::string>, supervise::SpotAnnounced> announced;
  TJ_RETURN_IF_ERROR(supervise::EachCommit(derived_, [&](const LedgerId& ledger, Index index,
                                                         const v1::SpotCommit& commit) {
    if (commit.spot().county() == own_.origin.text() && commit.spot().epoch() == own_.epoch.value &&
        ledger != own_ && trust.RelationOf(ledger.origin, own_.origin) == Relation::kParent) {
      announced.insert({{ledger, wire::SpotId(commit.spot())}, {ledger, index, commit}});
    }
  }));
  FirstError errors;
  for (const auto& [name, spot] : announced) {
    if (clock_.Now().ms >= spot.commit.close_ms()) continue;
    if (noted_.contains({spot.by, spot.index.value})) continue;
    errors.Add(Cat("announcement ", spot.by.Text(), " record ", spot.index.value),
               Note(spot, trust));
  }
  return errors.status();
}

absl::Status SpotDesk::Note(const supervise::SpotAnnounced& spot, const crypto::TrustStore& trust) {
  const Instant now = clock_.Now();
  const RecordKey key{spot.by, spot.index.value};
  TJ_ASSIGN_OR_RETURN(auto theirs, Read(truth_, spot.by));
  const uint64_t end = theirs.ledger.size();
  Index& from = looked_.try_emplace(key, Index{spot.index.value + 1}).first->second;
  TJ_ASSIGN_OR_RETURN(const auto seen, supervise::AnnouncementSeen(theirs.ledger, spot, own_.origin,
                                                                   from, end, trust));
  if (!seen) from = Index{end};
  if (!seen || now < *seen) return absl::OkStatus();
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
  noted_.insert(key);
  looked_.erase(key);
  Log(LogLevel::kInfo, "spot-check-announced",
      {{"by", spot.by.Text()}, {"spot", wire::SpotId(spot.commit.spot())}});
  return absl::OkStatus();
}

absl::Status SpotDesk::Answer(const Draw& draw, uint64_t folded_size,
                              const crypto::TrustStore& trust) {
  const std::string id = wire::SpotId(draw.reveal.spot());
  const RecordKey key = draw.key();
  if (folded_size < draw.reveal.size()) return absl::OkStatus();  // not folded so far yet
  const auto refused = refused_.find(key);
  if (refused != refused_.end() && clock_.Now() < refused->second.again) return absl::OkStatus();
  TJ_ASSIGN_OR_RETURN(auto theirs, Read(truth_, draw.by));
  TJ_ASSIGN_OR_RETURN(const auto record, theirs.ledger.At(draw.index));
  if (clock_.Now() + kAheadMax < record.header->recorded_at) {
    if (ahead_.insert(key).second) {
      Log(LogLevel::kWarn, "spot-check-ahead-of-clock",
          {{"by", draw.by.Text()},
           {"spot", id},
           {"drawn_at", record.header->recorded_at.Text()},
           {"now", clock_.Now().Text()}});
    }
    return absl::OkStatus();
  }
  if (const absl::Status status = CheckAnnounced(draw, trust); !status.ok()) {
    const std::string why = Describe(status);
    Refused& entry = refused_[key];
    if (entry.why != why) {
      LogError("spot-check-refused", status, {{"by", draw.by.Text()}, {"spot", id}});
    }
    entry = {why, clock_.Now() + kRefusedAgain};
    // Nobody would take an answer any more.
    if (clock_.Now().ms >= draw.reveal.answer_by_ms()) answered_.insert(key);
    return absl::OkStatus();
  }
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
  answered_.insert(key);
  refused_.erase(key);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<SpotDesk::Basis>> SpotDesk::BasisOfMiss(const Draw& draw,
                                                                     const LedgerId& county,
                                                                     bool answered) const {
  const Instant deadline{draw.reveal.answer_by_ms()};
  const Instant now = clock_.Now();
  if (now < deadline) return std::optional<Basis>();
  TJ_ASSIGN_OR_RETURN(const auto snapshot, truth_.Snapshot());
  TJ_ASSIGN_OR_RETURN(const auto own, store::LedgerView::Open(snapshot->reader(), own_));
  TJ_ASSIGN_OR_RETURN(const auto drawn, own.Leaves(draw.index, 1));
  // Drawn in this run: by its place, and by its time, for a ledger that is recovered grows, too.
  if (draw.index.value >= started_size_ && drawn[0].header.recorded_at >= started_at_) {
    return std::optional<Basis>({v1::SPOT_TIME_OVER, {}});
  }
  if (!answered) {
    // All that the county had written when it signed this is here, and no answer is in it.
    TJ_ASSIGN_OR_RETURN(auto theirs, store::LedgerView::Open(snapshot->reader(), county));
    TJ_ASSIGN_OR_RETURN(const auto head, theirs.HeadWithin(theirs.size()));
    if (head && head->head.at > deadline) {
      supervise::StoredSpotLedger ledger(std::move(theirs));
      TJ_ASSIGN_OR_RETURN(const bool may, MayHoldAnswer(ledger, head->head.size, draw.reveal));
      if (!may) return std::optional<Basis>({v1::SPOT_COUNTY_HEAD, head->head.at});
    }
  }
  const Instant since = std::max(started_at_, deadline);
  if (now < since + kAfterAway) return std::optional<Basis>();
  return std::optional<Basis>({v1::SPOT_DAY_OVER, since});
}

absl::Status SpotDesk::Judge(const Draw& draw) {
  const v1::SpotReveal& reveal = draw.reveal;
  const std::string id = wire::SpotId(reveal.spot());
  TJ_ASSIGN_OR_RETURN(const NodeCode code, NodeCode::Parse(reveal.spot().county()));
  const LedgerId county{code, Epoch{reveal.spot().epoch()}};
  TJ_ASSIGN_OR_RETURN(auto opened, OpenedFor(derived_, county, own_.origin, id));
  TJ_ASSIGN_OR_RETURN(auto held, Read(truth_, county));
  const Instant now = clock_.Now();
  const bool answered = opened && opened->complete && opened->folded_size <= held.ledger.size();
  bool all_here = answered && book_.WantedWithin(county, opened->ranges) == 0;
  if (all_here) {
    TJ_ASSIGN_OR_RETURN(all_here, BodiesHere(held.ledger, *opened));
  }
  std::optional<Basis> basis = Basis{v1::SPOT_ALL_HERE, {}};
  if (!all_here) {
    TJ_ASSIGN_OR_RETURN(basis, BasisOfMiss(draw, county, answered));
  }
  if (!basis) return absl::OkStatus();
  TJ_ASSIGN_OR_RETURN(const auto ranges, supervise::RangesDrawn(reveal));
  TJ_ASSIGN_OR_RETURN(const uint64_t total,
                      rules::RangeCount({reveal.first(), reveal.size()}, reveal.length()));
  TJ_ASSIGN_OR_RETURN(auto mine, Read(truth_, own_));
  TJ_ASSIGN_OR_RETURN(const auto fixed,
                      supervise::FixedBefore(mine.ledger, county, draw.index, reveal.size()));
  TJ_ASSIGN_OR_RETURN(const auto answer, AnswerIn(held.ledger, opened));
  TJ_ASSIGN_OR_RETURN(const auto report,
                      supervise::CheckSpot(county, held.ledger, ranges, fixed, answer));
  const v1::SpotResult result =
      ResultOf(reveal, draw.index, report, total, opened, basis->basis, basis->at);
  store::AppendRequest request;
  TJ_ASSIGN_OR_RETURN(request.records.emplace_back(), ResultRecord(result));
  for (const v1::Alarm& alarm : SpotAlarms(result, now)) {
    TJ_ASSIGN_OR_RETURN(request.records.emplace_back(), AlarmRecord(alarm, Audience::kAll));
  }
  TJ_RETURN_IF_ERROR(truth_.AppendAndWait(std::move(request)).status());
  judged_.insert(draw.key());
  Log(LogLevel::kInfo, "spot-check-judged",
      {{"spot", id},
       {"verdict", v1::SpotVerdict_Name(result.verdict())},
       {"basis", v1::SpotBasis_Name(result.basis())}});
  return absl::OkStatus();
}

absl::Status SpotDesk::JudgeAll(const std::vector<Draw>& draws) {
  if (draws.empty()) return absl::OkStatus();
  TJ_ASSIGN_OR_RETURN(const auto spots, ReadSpots(derived_));
  FirstError errors;
  for (const Draw& draw : draws) {
    const std::string id = wire::SpotId(draw.reveal.spot());
    const auto spot = spots.find({own_, id});
    if (spot == spots.end() || spot->second.reveal_index != draw.index) {
      judged_.insert(draw.key());
      Log(LogLevel::kWarn, "spot-check-draw-does-not-count",
          {{"spot", id}, {"record", std::to_string(draw.index.value)}});
    } else if (spot->second.result_index) {
      judged_.insert(draw.key());
    } else {
      errors.Add(Cat("spot check ", id, " record ", draw.index.value), Judge(draw));
    }
  }
  return errors.status();
}

absl::Status SpotDesk::AnswerAll(const std::vector<Draw>& draws, uint64_t folded_size,
                                 const crypto::TrustStore& trust) {
  FirstError errors;
  std::set<std::pair<NodeCode, std::string>> given;  // in this round: one answer to a name
  for (const Draw& draw : draws) {
    const std::string id = wire::SpotId(draw.reveal.spot());
    const std::pair<NodeCode, std::string> name{draw.by.origin, id};
    const std::string place = Cat("draw ", draw.by.Text(), " record ", draw.index.value);
    const auto opened = OpenedFor(derived_, own_, draw.by.origin, id);
    errors.Add(place, opened.status());
    if (!opened.ok()) continue;
    if (*opened || given.contains(name)) {
      answered_.insert(draw.key());
      continue;
    }
    errors.Add(place, Answer(draw, folded_size, trust));
    if (answered_.contains(draw.key()) && !refused_.contains(draw.key())) given.insert(name);
  }
  return errors.status();
}

absl::Status SpotDesk::Round(const crypto::TrustStore& trust, uint64_t folded_size) {
  FirstError errors;
  errors.Add("announcements", NoteAnnouncements(trust));
  std::vector<Draw> to_answer;
  std::vector<Draw> to_judge;
  TJ_RETURN_IF_ERROR(supervise::EachReveal(
      derived_, [&](const LedgerId& ledger, Index index, const v1::SpotReveal& reveal) {
        if (ledger == own_) {
          if (!judged_.contains({ledger, index.value})) to_judge.push_back({ledger, index, reveal});
        } else if (trust.RelationOf(ledger.origin, own_.origin) == Relation::kParent &&
                   reveal.spot().county() == own_.origin.text() &&
                   reveal.spot().epoch() == own_.epoch.value &&
                   !answered_.contains({ledger, index.value})) {
          to_answer.push_back({ledger, index, reveal});
        }
      }));
  errors.Add("judging", JudgeAll(to_judge));
  errors.Add("answering", AnswerAll(to_answer, folded_size, trust));
  return errors.status();
}

}  // namespace tj::app
