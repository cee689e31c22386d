// What tests of following need: pieces of one node's ledger as ops for another node's store, and
// notes signed with keys made for the test.

#ifndef TJ_TESTS_UNIT_NODE_STORE_FOLLOW_SUPPORT_H_
#define TJ_TESTS_UNIT_NODE_STORE_FOLLOW_SUPPORT_H_

#include <memory>
#include <utility>
#include <vector>

#include "crypto/leaf_hash.h"
#include "crypto/note.h"
#include "crypto/signer.h"
#include "node/store/follow.h"
#include "node/store/ledger_view.h"
#include "protocol/vocab/check.h"
#include "protocol/wire/segment.h"

namespace tj::store {

inline std::unique_ptr<crypto::KeySigner> TestSigner() {
  auto key = crypto::Sm2PrivateKey::Generate();
  TJ_CHECK(key.ok());
  return std::make_unique<crypto::KeySigner>(*std::move(key));
}

// Leaves of a ledger, handed on bit by bit as a follower would get them.
class LeafSource {
 public:
  LeafSource(LedgerId ledger, std::vector<wire::Leaf> leaves)
      : ledger_(std::move(ledger)), leaves_(std::move(leaves)) {}

  uint64_t size() const { return leaves_.size(); }
  const std::vector<wire::Leaf>& Leaves() const { return leaves_; }
  uint64_t sent() const { return frontier_.size(); }
  Hash root() const { return frontier_.Root(); }

  // The next `count` leaves; bodies of `without` stay behind and are missing.
  FollowedSegment Next(uint64_t count, Audience without = Audience::kUnspecified) {
    const uint64_t first = frontier_.size();
    std::vector<wire::Leaf> part(leaves_.begin() + static_cast<ptrdiff_t>(first),
                                 leaves_.begin() + static_cast<ptrdiff_t>(first + count));
    FollowedSegment op{.ledger = ledger_, .first = {first}, .count = static_cast<uint32_t>(count)};
    for (uint64_t i = 0; i < count; ++i) {
      if (part[i].header.audience != without) continue;
      part[i].body.clear();
      op.missing.push_back({first + i});
    }
    auto segment = wire::EncodeSegment({first}, part, wire::HashColumns::kWhereNeeded);
    TJ_CHECK(segment.ok());
    op.segment = *std::move(segment);
    std::vector<Hash> hashes(count);
    crypto::HashLeaves(part, hashes);
    frontier_.Append(hashes, op.completed);
    op.frontier = frontier_.roots();
    op.last_recorded_at = part.back().header.recorded_at;
    return op;
  }

  crypto::Head HeadNow(Instant at) const { return {ledger_, frontier_.size(), root(), at}; }

 private:
  const LedgerId ledger_;
  const std::vector<wire::Leaf> leaves_;
  Frontier frontier_;
};

inline FollowedHead SignedHead(const crypto::Head& head, crypto::Signer& origin) {
  const auto note = crypto::SignHead(head, origin);
  TJ_CHECK(note.ok());
  return {head.ledger, head.size, note->Text()};
}

inline Statement SignedStatement(const crypto::Head& head, crypto::StatementKind kind,
                                 const NodeCode& signer, Instant at, crypto::Signer& key) {
  auto line = crypto::SignStatement(head, kind, signer, crypto::kProfileIntl, at, key);
  TJ_CHECK(line.ok());
  const crypto::Note note{head, {*std::move(line)}};
  return {head.ledger, signer, static_cast<uint8_t>(kind), head.size, note.Text()};
}

// The ranges of the pieces of a ledger, in order.
inline std::vector<wire::SegmentRange> StoredPieces(const KvReader& reader,
                                                    const LedgerView& view) {
  std::vector<wire::SegmentRange> pieces;
  const absl::Status scanned =
      ScanPrefix(reader, keys::SegmentPrefix(view.number()), [&](ByteView key, ByteView value) {
        const auto range = wire::PeekSegment(value);
        TJ_CHECK(range.ok() && keys::ParseSegment(key) == range->first);
        pieces.push_back(*range);
        return true;
      });
  TJ_CHECK(scanned.ok());
  return pieces;
}

}  // namespace tj::store

#endif  // TJ_TESTS_UNIT_NODE_STORE_FOLLOW_SUPPORT_H_
