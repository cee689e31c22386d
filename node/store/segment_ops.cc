#include "node/store/segment_ops.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "crypto/leaf_hash.h"
#include "node/store/checked_value.h"
#include "node/store/pieces.h"
#include "node/store/values.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::store {
namespace {

absl::Status Corrupt(std::string_view detail) { return Error(ErrorCode::kStoreCorrupt, detail); }

// Whether a column could have a body that is not here, so that all its hashes must be right.
bool SomeBodyIsAbsent(const std::vector<wire::Leaf>& leaves) {
  return std::any_of(leaves.begin(), leaves.end(),
                     [](const wire::Leaf& leaf) { return leaf.body.empty(); });
}

// Encodes leaves whose hashes may not be known yet where their bodies are here.
absl::StatusOr<std::vector<Piece>> EncodeAgain(wire::Segment& segment, wire::HashColumns hashes) {
  if (hashes == wire::HashColumns::kAll || SomeBodyIsAbsent(segment.leaves)) {
    FillBodyHashes(segment);
  }
  return EncodePieces(segment.first, segment.leaves, hashes);
}

void PutPieces(Stage& stage, keys::LedgerNumber ledger, std::vector<Piece> pieces) {
  for (Piece& piece : pieces) {
    stage.Put(keys::Segment(ledger, piece.first), std::move(piece.bytes));
  }
}

// The piece that holds `index`, decoded.
absl::StatusOr<wire::Segment> PieceWith(const Stage& stage, keys::LedgerNumber ledger,
                                        Index index) {
  TJ_ASSIGN_OR_RETURN(auto row, stage.LastBelow(keys::Segment(ledger, {index.value + 1}),
                                                keys::SegmentPrefix(ledger)));
  const auto first = row ? keys::ParseSegment(row->first) : std::nullopt;
  if (!first) return Corrupt(Cat("record ", index.value, " is in no segment"));
  TJ_ASSIGN_OR_RETURN(wire::Segment segment, DecodePiece(*first, row->second));
  if (index >= segment.end()) return Corrupt(Cat("record ", index.value, " is in no segment"));
  return segment;
}

absl::Status CheckJoins(const FollowedSegment& op, const LedgerMemory& memory) {
  TJ_ASSIGN_OR_RETURN(const wire::SegmentRange range, wire::PeekSegment(op.segment));
  if (range.first != op.first || range.count != op.count) {
    return Error(ErrorCode::kWireSegment,
                 Cat("segment of ", range.first.value, " and ", range.count, ", announced as ",
                     op.first.value, " and ", op.count));
  }
  if (op.first.value != memory.state.size()) {
    return Error(ErrorCode::kStoreGap, Cat(op.ledger.Text(), " is at ", memory.state.size(),
                                           ", the segment begins at ", op.first.value));
  }
  return absl::OkStatus();
}

}  // namespace

void PutState(Stage& stage, const LedgerMemory& memory) {
  const LedgerState& state = memory.state;
  stage.Put(keys::State(memory.number),
            values::EncodeState(state.size(), state.last_recorded_at, state.frontier.roots()));
}

absl::StatusOr<JoinedPieces> ReadPieces(const Stage& stage, keys::LedgerNumber ledger, Index from,
                                        uint64_t to) {
  JoinedPieces joined;
  joined.leaves.reserve(to - from.value);
  for (Index next = from; next.value < to;) {
    TJ_ASSIGN_OR_RETURN(const auto bytes, stage.Get(keys::Segment(ledger, next)));
    if (!bytes) return Corrupt(Cat("no segment begins at ", next.value));
    TJ_ASSIGN_OR_RETURN(wire::Segment segment, DecodePiece(next, *bytes));
    if (segment.end().value > to) return Corrupt(Cat("segment at ", next.value, " overlaps"));
    joined.firsts.push_back(next);
    next = segment.end();
    std::move(segment.leaves.begin(), segment.leaves.end(), std::back_inserter(joined.leaves));
    joined.has_hash.insert(joined.has_hash.end(), segment.has_hash.begin(), segment.has_hash.end());
  }
  return joined;
}

void MergeRange(Stage& stage, keys::LedgerNumber ledger, Index start, wire::HashColumns hashes) {
  auto joined = ReadPieces(stage, ledger, start, start.value + kAligned);
  if (!joined.ok()) return stage.NoteTrouble(joined.status());
  if (joined->firsts.size() == 1) return;
  wire::Segment segment{start, std::move(joined->leaves), std::move(joined->has_hash)};
  auto pieces = EncodeAgain(segment, hashes);
  if (!pieces.ok()) return stage.NoteTrouble(pieces.status());
  for (const Index first : joined->firsts) stage.Delete(keys::Segment(ledger, first));
  PutPieces(stage, ledger, *std::move(pieces));
}

absl::Status StoreFollowedSegment(Stage& stage, FollowedSegment op, wire::HashColumns hashes) {
  TJ_ASSIGN_OR_RETURN(LedgerMemory* const memory, stage.FindOrCreate(op.ledger));
  TJ_RETURN_IF_ERROR(CheckJoins(op, *memory));
  const uint64_t end = op.first.value + op.count;
  TJ_ASSIGN_OR_RETURN(Frontier frontier, Frontier::From(end, std::move(op.frontier)));
  const keys::LedgerNumber number = memory->number;

  const uint64_t start = AlignedStart(op.first.value);
  if (end <= start + kAligned && hashes == wire::HashColumns::kWhereNeeded) {
    stage.Put(keys::Segment(number, op.first), std::move(op.segment));
  } else {
    TJ_ASSIGN_OR_RETURN(wire::Segment segment, DecodePiece(op.first, op.segment));
    TJ_ASSIGN_OR_RETURN(auto pieces, EncodeAgain(segment, hashes));
    PutPieces(stage, number, std::move(pieces));
  }
  if (op.first.value > start && end >= start + kAligned) {
    MergeRange(stage, number, {start}, hashes);
  }
  for (const merkle::Node& node : op.completed) {
    stage.Put(keys::Node(number, node.height, node.index), Bytes(node.hash.view()));
  }
  for (const Index index : op.missing) stage.Put(keys::Missing(number, index), {});
  for (const Index index : op.urgent) {
    stage.Put(keys::Urgent(number, index), {});
    stage.Delete(keys::Provisional(number, index));
  }
  memory->state = {std::move(frontier), op.last_recorded_at};
  PutState(stage, *memory);
  return absl::OkStatus();
}

absl::Status StoreProvisional(Stage& stage, const ProvisionalLeaf& op) {
  TJ_ASSIGN_OR_RETURN(const LedgerMemory* const memory, stage.Find(op.ledger));
  if (op.index.value < memory->state.size()) return absl::OkStatus();
  Bytes key = keys::Provisional(memory->number, op.index);
  Bytes value = EncodeChecked(key, op.header + op.body);
  stage.Put(std::move(key), std::move(value));
  return absl::OkStatus();
}

absl::StatusOr<size_t> StoreOpenedBodies(Stage& stage, std::span<FollowOp> ops,
                                         wire::HashColumns hashes) {
  const auto& head = std::get<OpenedBody>(ops.front());
  const LedgerId ledger = head.ledger;
  TJ_ASSIGN_OR_RETURN(const LedgerMemory* const memory, stage.Find(ledger));
  const keys::LedgerNumber number = memory->number;
  if (head.index.value >= memory->state.size()) {
    return Error(ErrorCode::kStoreAbsent, Cat(ledger.Text(), " record ", head.index.value));
  }
  TJ_ASSIGN_OR_RETURN(wire::Segment segment, PieceWith(stage, number, head.index));

  bool changed = false;
  size_t done = 0;
  for (; done < ops.size(); ++done) {
    auto* const opened = std::get_if<OpenedBody>(&ops[done]);
    if (opened == nullptr || opened->ledger != ledger || opened->index < segment.first ||
        opened->index >= segment.end()) {
      break;
    }
    const size_t at = opened->index.value - segment.first.value;
    wire::Leaf& leaf = segment.leaves[at];
    stage.Delete(keys::Missing(number, opened->index));
    if (!leaf.body.empty()) continue;
    if (crypto::BodyHash(opened->body) != leaf.body_hash) {
      return Error(ErrorCode::kCryptoProof,
                   Cat(ledger.Text(), " record ", opened->index.value, " has another body"));
    }
    leaf.body = std::move(opened->body);
    changed = true;
  }
  if (changed) {
    TJ_ASSIGN_OR_RETURN(auto pieces, EncodeAgain(segment, hashes));
    PutPieces(stage, number, std::move(pieces));
  }
  return done;
}

}  // namespace tj::store
