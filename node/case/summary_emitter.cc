#include "node/case/summary_emitter.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "crypto/sm3.h"
#include "node/store/content_digest.h"
#include "node/store/keys.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/wire/payload.h"

namespace tj::cases {
namespace {

// Rows in one request: a commit stays small beside intake's.
constexpr size_t kRowsPerRequest = 256;
// Leaves in one revision: a list of them stays well under limits::kBodyBytesMax.
constexpr size_t kLeavesPerRevision = 40'000;
// A look at what is due costs so much a row: at most about a twentieth of a core.
constexpr uint64_t kRowsPerMillisecond = 20;
constexpr Duration kPauseMax{1000};

}  // namespace

absl::StatusOr<store::PreparedRecord> SummaryEmitter::Prepare(const RowKey& key, const Row& row,
                                                              uint64_t folded_size) const {
  v1::Summary summary;
  summary.set_date(key.date.days());
  summary.set_org(key.org);
  summary.set_item(key.item);
  summary.set_revision(row.revision + 1);
  *summary.mutable_total() = row.total;
  summary.set_folded_size(folded_size);
  std::vector<Index> leaves;
  for (const uint64_t leaf : row.pending) {
    if (leaves.size() == kLeavesPerRevision) break;  // the next revision lists the rest
    leaves.push_back({leaf});
  }
  wire::SetSummaryLeaves(leaves, summary);
  const Bytes payload = summary.SerializeAsString();

  store::PreparedRecord record;
  record.family = Family::kSummary;
  record.audience = Audience::kChain;
  TJ_ASSIGN_OR_RETURN(record.body, wire::EncodeBody(crypto::RandomBytes(wire::kSaltBytes), payload,
                                                    std::nullopt, std::nullopt));
  store::DedupKey dedup{.source = std::string(kSummaryEmitter),
                        .case_no = RowText(key),
                        .event_id = std::to_string(row.revision + 1)};
  dedup.content_digest = store::EmittedDigest(dedup.source, dedup.case_no, dedup.event_id, payload);
  record.dedup = std::move(dedup);
  return record;
}

absl::StatusOr<uint64_t> SummaryEmitter::Emit(uint64_t folded_size, Instant now, bool flush) {
  std::vector<RowKey> due;
  uint64_t rows = 0;
  const auto may_wait = [&](const RowKey& key, bool crowded) {
    const auto issued = issued_.find(key);
    if (issued == issued_.end()) return false;
    issued->second.at = std::min(issued->second.at, now);  // the clock may have been set back
    return !flush && !crowded && now - issued->second.at < interval_;
  };
  TJ_RETURN_IF_ERROR(store::ScanPrefix(derived_,
                                       ByteView(&store::keys::derived_prefix::kRowDirty, 1),
                                       [&](ByteView key, ByteView value) {
                                         ++rows;
                                         auto row = ParseRowKey(key);
                                         if (row && !may_wait(*row, value == kCrowdedValue)) {
                                           due.push_back(*std::move(row));
                                         }
                                         return true;
                                       }));
  pause_ = std::min(kPauseMax, Duration(static_cast<int64_t>(rows / kRowsPerMillisecond)));
  uint64_t count = 0;
  store::AppendRequest request;
  std::vector<std::pair<RowKey, uint32_t>> in_request;
  const auto send = [&]() -> absl::Status {
    if (request.records.empty()) return absl::OkStatus();
    TJ_ASSIGN_OR_RETURN(const auto appended, truth_.AppendAndWait(std::exchange(request, {})));
    for (size_t i = 0; i < appended.size(); ++i) {
      // A duplicate or conflict is a revision issued before a crash and not yet read back: it waits
      // for the fold all the same.
      issued_[in_request[i].first] = {in_request[i].second, now};
      if (appended[i].outcome == store::Appended::Outcome::kSequenced) ++count;
    }
    in_request.clear();
    return absl::OkStatus();
  };
  for (const RowKey& key : due) {
    TJ_ASSIGN_OR_RETURN(const auto value,
                        derived_.Get(RowKeyBytes(store::keys::derived_prefix::kRow, key)));
    if (!value) continue;
    TJ_ASSIGN_OR_RETURN(const Row row, DecodeRow(*value));
    const auto issued = issued_.find(key);
    // On its way back to us.
    if (issued != issued_.end() && issued->second.revision > row.revision) continue;
    TJ_ASSIGN_OR_RETURN(store::PreparedRecord record, Prepare(key, row, folded_size));
    request.records.push_back(std::move(record));
    in_request.emplace_back(key, row.revision + 1);
    if (request.records.size() == kRowsPerRequest) TJ_RETURN_IF_ERROR(send());
  }
  TJ_RETURN_IF_ERROR(send());
  std::erase_if(issued_, [&](const auto& entry) { return now - entry.second.at > interval_ * 4; });
  return count;
}

}  // namespace tj::cases
