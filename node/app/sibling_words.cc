#include "node/app/sibling_words.h"

#include <algorithm>
#include <optional>

#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/wire/bytes_io.h"
#include "sync/core/statement.h"

namespace tj::app {
namespace {

// Records about words may come last, and nobody need say that he saw them (SPEC.md §6.8); so many
// are passed over.
constexpr uint64_t kHeadsPassedOver = 64;
constexpr size_t kCodeBytesMax = 32;

absl::StatusOr<std::optional<Instant>> RecordedAfter(const store::LedgerView& view, uint64_t size) {
  const uint64_t count = std::min(view.size() - size, kHeadsPassedOver);
  if (count == 0) return std::optional<Instant>();
  TJ_ASSIGN_OR_RETURN(const auto leaves, view.Leaves(Index{size}, count));
  for (const wire::Leaf& leaf : leaves) {
    if (leaf.header.family != Family::kHeads) return std::optional(leaf.header.recorded_at);
  }
  if (count < kHeadsPassedOver) return std::optional<Instant>();
  return std::optional(leaves.back().header.recorded_at);
}

}  // namespace

void SiblingWords::Hear(const crypto::Note& word, const std::vector<NodeCode>& siblings) {
  for (const crypto::NoteSignature& line : word.signatures) {
    if (line.kind != crypto::StatementKind::kSeen) continue;
    if (std::find(siblings.begin(), siblings.end(), line.signer) == siblings.end()) continue;
    unchecked_.insert_or_assign(line.signer, word);
  }
}

absl::Status SiblingWords::Judge(const store::LedgerView& view, const crypto::TrustStore& trust,
                                 const std::vector<NodeCode>& siblings) {
  for (size_t i = 0; i < kCheckedPerJudge && !unchecked_.empty(); ++i) {
    const auto first = unchecked_.begin();
    const auto& [sibling, word] = *first;
    const bool right =
        sync::CheckStatement(trust, word, crypto::StatementKind::kSeen, sibling).ok();
    Heard& heard = heard_[sibling];
    if (right && word.head.size > heard.size) heard = {.size = word.head.size};
    unchecked_.erase(first);
  }
  silent_.clear();
  TJ_ASSIGN_OR_RETURN(const auto newest, view.NewestHead());
  if (!newest || behind()) return absl::OkStatus();
  for (const NodeCode& sibling : siblings) {
    Heard& heard = heard_[sibling];
    if (heard.size >= view.size()) continue;
    if (!heard.looked) {
      TJ_ASSIGN_OR_RETURN(const auto since, RecordedAfter(view, heard.size));
      if (!since) continue;
      heard.since = *since;
      heard.looked = true;
    }
    if (newest->head.at >= heard.since + kSilence) {
      silent_.push_back({sibling, heard.size, heard.since});
    }
  }
  return absl::OkStatus();
}

Bytes SiblingWords::Encode() const {
  Bytes bytes;
  wire::Writer writer(bytes);
  for (const auto& [sibling, heard] : heard_) {
    writer.Prefixed(sibling.text());
    writer.U64(heard.size);
  }
  return bytes;
}

bool SiblingWords::Decode(ByteView bytes) {
  wire::Reader reader(bytes);
  while (reader.ok() && !reader.AtEnd()) {
    const auto sibling = NodeCode::Parse(reader.Prefixed(kCodeBytesMax));
    const uint64_t size = reader.U64();
    if (!sibling.ok() || !reader.ok()) return false;
    heard_[*sibling] = {.size = size};
  }
  return reader.ok();
}

}  // namespace tj::app
