#include "node/app/opening_desk.h"

#include <algorithm>
#include <span>
#include <utility>

#include "crypto/sealed_parts.h"
#include "node/app/first_error.h"
#include "node/app/governing.h"
#include "node/app/log.h"
#include "node/case/case_projection.h"
#include "node/store/keys.h"
#include "node/store/ledger_view.h"
#include "node/store/values.h"
#include "node/supervise/spot_ledger.h"
#include "node/supervise/spot_records.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "sync/bundle/peer_state.h"

namespace tj::app {
namespace {

// Ranges in one record: at ten bytes each well under limits::kBodyBytesMax.
constexpr size_t kRangesPerRecord = 20'000;

}  // namespace

std::vector<wire::LeafRange> RangesOf(const std::set<uint64_t>& leaves) {
  std::vector<wire::LeafRange> ranges;
  for (const uint64_t leaf : leaves) {
    if (!ranges.empty() && ranges.back().end == leaf) {
      ++ranges.back().end;
    } else {
      ranges.push_back({leaf, leaf + 1});
    }
  }
  return ranges;
}

absl::StatusOr<Bytes> SealedPartsFor(const store::Truth& truth, const LedgerId& own,
                                     const store::PrivateKeys& keys,
                                     const crypto::TrustStore& trust, const NodeCode& reader,
                                     Index index, const Bytes& body, Instant now) {
  TJ_ASSIGN_OR_RETURN(const auto snapshot, truth.Snapshot());
  TJ_ASSIGN_OR_RETURN(const auto view, store::LedgerView::Open(snapshot->reader(), own));
  std::vector<crypto::PrivatePart> parts;
  for (const auto kind : {wire::PrivateKind::kPerson, wire::PrivateKind::kText}) {
    TJ_ASSIGN_OR_RETURN(const auto value, snapshot->reader().Get(store::keys::Private(
                                              view.number(), index, static_cast<uint8_t>(kind))));
    if (!value) continue;
    TJ_ASSIGN_OR_RETURN(const auto stored, store::values::ParsePrivate(*value));
    auto part = keys.OpenPart(kind, stored.salt, stored.sealed);
    if (!part.ok() && CodeOf(part.status()) == ErrorCode::kStoreAbsent) continue;
    if (!part.ok()) return part.status();
    parts.push_back({.kind = kind, .salt = Bytes(stored.salt), .part = *std::move(part)});
  }
  if (parts.empty()) return Bytes();
  TJ_ASSIGN_OR_RETURN(const auto key, bundle::EncryptionKeyOf(trust, reader, now));
  return crypto::SealParts(key, reader, own.origin, body, parts);
}

absl::Status OpeningDesk::Give(v1::OpeningGiven given, const std::set<uint64_t>& leaves) {
  const auto to = NodeCode::Parse(given.to());
  if (!to.ok()) return to.status();
  const std::vector<wire::LeafRange> ranges = RangesOf(leaves);
  store::AppendRequest request;
  for (size_t i = 0; i == 0 || i < ranges.size(); i += kRangesPerRecord) {
    const size_t count = std::min(kRangesPerRecord, ranges.size() - i);
    v1::Opening opening;
    *opening.mutable_given() = given;
    wire::SetGivenLeaves(std::span(ranges).subspan(i, count), *opening.mutable_given());
    opening.mutable_given()->set_more(i + count < ranges.size());
    TJ_ASSIGN_OR_RETURN(request.records.emplace_back(), GivenRecord(opening, i / kRangesPerRecord));
  }
  TJ_ASSIGN_OR_RETURN(const auto appended, truth_.AppendAndWait(std::move(request)));
  for (const store::Appended& record : appended) {
    if (record.outcome != store::Appended::Outcome::kConflict) continue;
    return Error(ErrorCode::kIntakeConflict,
                 Cat("record ", record.index.value, " gives ", given.to(), " something else as ",
                     given.request()));
  }
  given_.insert(RequestOf(given));
  book_.Give(*to, ranges, given.private_parts());
  Log(LogLevel::kInfo, "opened-to",
      {{"to", given.to()},
       {"request", given.request()},
       {"leaves", std::to_string(leaves.size())},
       {"private_parts", given.private_parts() ? "true" : "false"}});
  return absl::OkStatus();
}

// What cannot be given (beyond the ledger, no such case, of a case more than one answer holds) is
// left out: the record says what was.
absl::Status OpeningDesk::Answer(const LedgerId& asker, const v1::OpeningAsked& asked) {
  const uint64_t size = truth_.Status().own_size;
  std::set<uint64_t> leaves;
  for (const wire::LeafRange& range : wire::AskedLeaves(asked)) {
    for (uint64_t leaf = range.first; leaf < std::min(range.end, size); ++leaf) leaves.insert(leaf);
  }
  if (!asked.case_no().empty()) {
    TJ_ASSIGN_OR_RETURN(const auto state, cases::FindCase(derived_, asked.case_no()));
    if (state) {
      for (const cases::EventRef& event : state->events()) {
        if (leaves.size() == limits::kOpeningLeavesMax) break;
        leaves.insert(event.index());
      }
    }
  }
  v1::OpeningGiven given;
  given.set_to(asker.origin.text());
  given.set_purpose(v1::DRILL_DOWN);
  given.set_request(asked.request());
  given.set_reason(asked.reason());
  given.set_private_parts(asked.private_parts());
  return Give(std::move(given), leaves);
}

// Of what is given to us, what is not here. Private parts are fetched once a start, with the
// bodies. One answer names a leaf once, and of a question no more than that may hold: looking at
// more would let its origin keep us busy.
absl::Status OpeningDesk::Fetch(const LedgerId& origin, const v1::OpeningGiven& given) {
  TJ_ASSIGN_OR_RETURN(const auto snapshot, truth_.Snapshot());
  TJ_ASSIGN_OR_RETURN(auto view, store::LedgerView::Open(snapshot->reader(), origin));
  supervise::StoredSpotLedger ledger(std::move(view));
  uint64_t looked_at = looked_at_[AnswerOf(origin, given)];
  const uint64_t looked_at_max = given.purpose() == v1::DRILL_DOWN
                                     ? std::min(ledger.size(), limits::kOpeningLeavesMax)
                                     : ledger.size();
  std::set<uint64_t> lacking;
  for (const wire::LeafRange& range : wire::GivenLeaves(given)) {
    for (uint64_t leaf = range.first; leaf < std::min(range.end, ledger.size()); ++leaf) {
      if (looked_at++ >= looked_at_max) break;
      TJ_ASSIGN_OR_RETURN(const auto at, ledger.At(Index{leaf}));
      if (at.body.empty() || given.private_parts()) lacking.insert(leaf);
    }
  }
  looked_at_[AnswerOf(origin, given)] = looked_at;
  if (lacking.empty()) return absl::OkStatus();
  book_.Want(origin, lacking);
  wanted_ = true;
  return absl::OkStatus();
}

// What we asked each ledger for, by the number of its answer.
absl::StatusOr<std::set<OpeningDesk::GivenAnswer>> OpeningDesk::OwnQuestions() const {
  std::set<GivenAnswer> questions;
  TJ_RETURN_IF_ERROR(supervise::EachOpening(
      derived_, [&](const LedgerId& ledger, Index, const v1::Opening& opening) {
        if (ledger != own_ || !opening.has_asked()) return;
        const v1::OpeningAsked& asked = opening.asked();
        questions.insert({asked.of(), asked.epoch(), v1::DRILL_DOWN, asked.request()});
      }));
  TJ_RETURN_IF_ERROR(supervise::EachReveal(
      derived_, [&](const LedgerId& ledger, Index, const v1::SpotReveal& reveal) {
        const v1::Spot& spot = reveal.spot();
        if (ledger != own_) return;
        questions.insert({spot.county(), spot.epoch(), v1::SPOT_CHECK, wire::SpotId(spot)});
      }));
  return questions;
}

absl::Status OpeningDesk::Round(const crypto::TrustStore& trust) {
  std::vector<std::pair<LedgerId, v1::OpeningAsked>> asked;
  struct ToFetch {
    LedgerId origin;
    Index index;
    v1::OpeningGiven given;
  };
  std::vector<ToFetch> to_fetch;
  TJ_RETURN_IF_ERROR(supervise::EachOpening(
      derived_, [&](const LedgerId& ledger, Index index, const v1::Opening& opening) {
        if (ledger == own_ && opening.has_given()) {
          const auto to = NodeCode::Parse(opening.given().to());
          const bool known = given_.contains(RequestOf(opening.given()));
          if (to.ok() && booked_.insert(index.value).second && !known) {
            book_.Give(*to, wire::GivenLeaves(opening.given()), opening.given().private_parts());
          }
        } else if (ledger != own_ && opening.has_asked()) {
          const Relation relation = trust.RelationOf(ledger.origin, own_.origin);
          const bool above = relation == Relation::kParent || relation == Relation::kAncestor;
          const bool ours = opening.asked().of() == own_.origin.text() &&
                            opening.asked().epoch() == own_.epoch.value;
          if (above && ours) asked.emplace_back(ledger, opening.asked());
        } else if (ledger != own_ && opening.given().to() == own_.origin.text() &&
                   !fetched_.contains({ledger, index.value})) {
          to_fetch.push_back({ledger, index, opening.given()});
        }
      }));
  // Only now is it known what was given before this start.
  TJ_RETURN_IF_ERROR(supervise::EachOpening(
      derived_, [&](const LedgerId& ledger, Index, const v1::Opening& opening) {
        if (ledger == own_ && opening.has_given()) given_.insert(RequestOf(opening.given()));
      }));
  FirstError errors;
  for (const auto& [asker, ask] : asked) {
    if (given_.contains({asker.origin.text(), v1::DRILL_DOWN, ask.request()})) continue;
    errors.Add(Cat("opening ", ask.request(), " to ", asker.origin.text()), Answer(asker, ask));
  }
  if (to_fetch.empty()) return errors.status();
  TJ_ASSIGN_OR_RETURN(const std::set<GivenAnswer> questions, OwnQuestions());
  for (const auto& [origin, index, given] : to_fetch) {
    if (!questions.contains(AnswerOf(origin, given))) continue;
    const absl::Status fetched = Fetch(origin, given);
    errors.Add(Cat("opening record ", index.value, " of ", origin.Text()), fetched);
    if (fetched.ok()) fetched_.insert({origin, index.value});
  }
  return errors.status();
}

}  // namespace tj::app
