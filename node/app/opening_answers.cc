// `ledger open`: asking a node below for records, and what came of it.

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "crypto/sealed_parts.h"
#include "crypto/sm3.h"
#include "node/app/addressing.h"
#include "node/app/governing.h"
#include "node/app/node_services.h"
#include "node/app/opening_desk.h"
#include "node/app/record_info.h"
#include "node/supervise/spot_ledger.h"
#include "node/supervise/spot_records.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::app {
namespace {

constexpr size_t kRequestBytes = 8;

// `field`: of the request, that names so many records.
absl::Status CheckCount(std::string_view field, uint64_t count) {
  if (count <= limits::kOpeningLeavesMax) return absl::OkStatus();
  return Error(ErrorCode::kQueryLimit,
               Cat(field, ": ", count, " records, at most ", limits::kOpeningLeavesMax,
                   " in one question; ask in parts, by first and count"));
}

// The leaves that a summary record lists.
absl::StatusOr<std::set<uint64_t>> ListedBy(const store::LedgerView& view, Index index) {
  TJ_ASSIGN_OR_RETURN(const auto leaves, view.Leaves(index, 1));
  if (leaves[0].header.family != Family::kSummary || leaves[0].body.empty()) {
    return Error(ErrorCode::kStoreAbsent, Cat("record ", index.value, " is no summary held here"));
  }
  TJ_ASSIGN_OR_RETURN(const auto body, wire::DecodeBody(leaves[0].body));
  TJ_ASSIGN_OR_RETURN(const auto summary, wire::ParseSummary(body.payload));
  TJ_ASSIGN_OR_RETURN(const auto listed, wire::SummaryLeaves(summary, view.size()));
  TJ_RETURN_IF_ERROR(CheckCount("summary", listed.size()));
  std::set<uint64_t> indices;
  for (const Index leaf : listed) indices.insert(leaf.value);
  if (indices.empty()) return Error(ErrorCode::kStoreAbsent, "that summary lists no leaves");
  return indices;
}

bool IsAsking(const v1::Opening& opening, const LedgerId& ledger, const std::string& request) {
  const v1::OpeningAsked& asked = opening.asked();
  return opening.has_asked() && asked.request() == request && asked.of() == ledger.origin.text() &&
         asked.epoch() == ledger.epoch.value;
}

// Whether the record of our own ledger at `index` asked `ledger` by the number `request`.
absl::StatusOr<bool> AskedAt(const store::LedgerView& own, Index index, const LedgerId& ledger,
                             const std::string& request) {
  if (index.value >= own.size()) return false;
  TJ_ASSIGN_OR_RETURN(const auto leaves, own.Leaves(index, 1));
  if (leaves[0].header.family != Family::kOpening || leaves[0].body.empty()) return false;
  TJ_ASSIGN_OR_RETURN(const auto body, wire::DecodeBody(leaves[0].body));
  const auto opening = wire::ParseOpening(body.payload);
  return opening.ok() && IsAsking(*opening, ledger, request);
}

// Whether the projection has a question of ours to `ledger` by the number `request`.
absl::StatusOr<bool> Asked(const NodeParts& parts, const LedgerId& ledger,
                           const std::string& request) {
  bool asked = false;
  const auto derived = parts.derived.Snapshot();
  TJ_RETURN_IF_ERROR(
      supervise::EachOpening(*derived, [&](const LedgerId& by, Index, const v1::Opening& opening) {
        asked = asked || (by == parts.own && IsAsking(opening, ledger, request));
      }));
  return asked;
}

absl::Status AddParts(const crypto::Sm2PrivateKey& key, const LedgerId& ledger,
                      const NodeCode& self, const Bytes& body, const Bytes& sealed,
                      api::OpenedRecord& record) {
  TJ_ASSIGN_OR_RETURN(const auto parts,
                      crypto::UnsealParts(key, self, ledger.origin, body, sealed));
  for (const crypto::PrivatePart& part : parts) {
    const bool person = part.kind == wire::PrivateKind::kPerson;
    api::OpenedPart& shown = *record.add_parts();
    shown.set_kind(person ? "person" : "text");
    shown.set_json(person ? MessageJson<v1::PersonPart>(part.part)
                          : MessageJson<v1::TextPart>(part.part));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<api::LedgerOpenReply> NodeServices::LedgerOpen(
    const api::LedgerOpenRequest& request) {
  TJ_ASSIGN_OR_RETURN(const OpenLedger open, Open(request.ledger()));
  const LedgerId& ledger = open.view.id();
  // Whom it asks, and for what, is for that node's eyes only: nobody passes such a record on.
  TJ_ASSIGN_OR_RETURN(const auto tag, TagOf(parts_, ledger.origin));
  if (request.private_parts() && !parts_.identity.encryption) {
    return Error(ErrorCode::kConfig,
                 "keys.encryption_key is not set: private parts are sealed to it");
  }
  std::set<uint64_t> leaves;
  if (request.has_summary()) {
    TJ_ASSIGN_OR_RETURN(leaves, ListedBy(open.view, Index{request.summary()}));
  } else if (request.case_no().empty()) {
    const uint64_t count = std::max<uint64_t>(request.count(), 1);
    TJ_RETURN_IF_ERROR(CheckCount("count", count));
    const uint64_t size = open.view.size();
    if (request.first() >= size) return Error(ErrorCode::kStoreAbsent, "beyond what is held here");
    const uint64_t end = request.first() + std::min(count, size - request.first());
    for (uint64_t leaf = request.first(); leaf < end; ++leaf) leaves.insert(leaf);
  }
  // Its own answer must not push out what came first.
  if (request.private_parts() && leaves.size() > OpeningBook::kPartsMax) {
    return Error(ErrorCode::kQueryLimit,
                 Cat("private_parts: of ", leaves.size(), " records, at most ",
                     OpeningBook::kPartsMax, " at once; ask in parts, by first and count"));
  }
  v1::Opening opening;
  v1::OpeningAsked& asked = *opening.mutable_asked();
  asked.set_of(ledger.origin.text());
  asked.set_epoch(ledger.epoch.value);
  asked.set_request(HexEncode(crypto::RandomBytes(kRequestBytes)));
  asked.set_reason(request.reason());
  asked.set_case_no(request.case_no());
  asked.set_private_parts(request.private_parts());
  wire::SetAskedLeaves(RangesOf(leaves), asked);
  TJ_RETURN_IF_ERROR(wire::ParseOpening(opening.SerializeAsString()).status());
  store::AppendRequest append;
  TJ_ASSIGN_OR_RETURN(append.records.emplace_back(), AskedRecord(opening, tag));
  TJ_ASSIGN_OR_RETURN(const auto appended, parts_.truth.AppendAndWait(std::move(append)));
  api::LedgerOpenReply reply;
  reply.set_ledger(ledger.Text());
  reply.set_request(asked.request());
  reply.set_index(appended[0].index.value);
  return reply;
}

absl::StatusOr<api::LedgerOpenedReply> NodeServices::LedgerOpened(
    const api::LedgerOpenedRequest& request) {
  TJ_ASSIGN_OR_RETURN(const OpenLedger open, Open(request.ledger()));
  const LedgerId& ledger = open.view.id();
  std::vector<std::pair<Index, v1::OpeningGiven>> given;
  const auto derived = parts_.derived.Snapshot();
  TJ_RETURN_IF_ERROR(supervise::EachOpening(
      *derived, [&](const LedgerId& by, Index index, const v1::Opening& opening) {
        if (by == ledger && opening.given().to() == parts_.own.origin.text() &&
            opening.given().request() == request.request()) {
          given.emplace_back(index, opening.given());
        }
      }));
  api::LedgerOpenedReply reply;
  reply.set_request(request.request());
  if (given.empty()) {
    if (request.has_asked()) {
      TJ_ASSIGN_OR_RETURN(const OpenLedger own, Open(""));
      TJ_ASSIGN_OR_RETURN(const bool asked,
                          AskedAt(own.view, Index{request.asked()}, ledger, request.request()));
      if (asked) return reply;
    }
    TJ_ASSIGN_OR_RETURN(const bool asked, Asked(parts_, ledger, request.request()));
    if (asked) return reply;
    return Error(ErrorCode::kStoreAbsent,
                 Cat("request: nothing was asked of ", ledger.Text(), " by the number ",
                     PrintableExcerpt(request.request())));
  }
  reply.set_given(true);
  reply.set_given_index(given[0].first.value);
  reply.set_private_parts(given[0].second.private_parts());
  TJ_ASSIGN_OR_RETURN(const auto record, open.view.Leaves(given[0].first, 1));
  reply.set_given_at(record[0].header.recorded_at.Text());
  supervise::StoredSpotLedger bodies(open.view);
  uint64_t here = 0;
  uint64_t leaves = 0;
  for (const auto& [index, one] : given) {
    for (const wire::LeafRange& range : wire::GivenLeaves(one)) {
      for (uint64_t i = range.first; i < std::min(range.end, open.view.size()); ++i) {
        ++leaves;
        TJ_ASSIGN_OR_RETURN(const auto at, bodies.At(Index{i}));
        const std::vector<wire::LeafRange> one_leaf = {{i, i + 1}};
        if (at.body.empty() || parts_.openings.WantedWithin(ledger, one_leaf) > 0) continue;
        ++here;
        if (i < request.from()) continue;
        if (static_cast<uint64_t>(reply.records_size()) >= request.records_max()) {
          if (reply.more() == 0) reply.set_next(i);
          reply.set_more(reply.more() + 1);
          continue;
        }
        TJ_ASSIGN_OR_RETURN(const auto leaf, open.view.Leaves(Index{i}, 1));
        api::OpenedRecord& shown = *reply.add_records();
        *shown.mutable_record() = RecordOf(Index{i}, leaf[0]);
        const auto sealed = one.private_parts() ? parts_.openings.PartsOf(ledger, Index{i})
                                                : std::optional<Bytes>();
        if (sealed && parts_.identity.encryption) {
          TJ_RETURN_IF_ERROR(AddParts(*parts_.identity.encryption, ledger, parts_.own.origin,
                                      leaf[0].body, *sealed, shown));
        }
      }
    }
  }
  reply.set_leaves(leaves);
  reply.set_here(here);
  reply.set_done(here == leaves);
  return reply;
}

}  // namespace tj::app
