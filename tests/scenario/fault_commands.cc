// crash, restart, signer, fail-reads, withhold, lose, give, roll-back, forget, lose-epoch, rewrite,
// tamper.

#include <algorithm>

#include "crypto/leaf_hash.h"
#include "crypto/note.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/segment.h"
#include "tests/scenario/commands.h"

namespace tj::scenario {
namespace {

void Crash(World& world, const Command& command) {
  world.Crash(NodeAt(world, command.Word(0)), "crashed");
}

void Restart(World& world, const Command& command) {
  Node& node = NodeAt(world, command.Word(0));
  if (node.up) world.Crash(node, "stopped");
  node.up = true;
  world.Log(Cat(node.member.code.text(), ": started"));
}

// signer NODE away | back
void SignerCommand(World& world, const Command& command) {
  NodeAt(world, command.Word(0)).signer.away = command.Has("away");
}

// fail-reads NODE | fail-reads NODE no-more
void FailReads(World& world, const Command& command) {
  NodeAt(world, command.Word(0))
      .disk.FailReads(command.Has("no-more")
                          ? absl::OkStatus()
                          : Error(ErrorCode::kStoreUnavailable, "the script broke the disk"));
}

// withhold NODE leaf=N: its segments carry the leaf as a digest; asked, it gives the body.
void Withhold(World& world, const Command& command) {
  NodeAt(world, command.Word(0)).disk.own().withheld.insert(Index{command.Number("leaf", 0)});
}

// lose NODE leaf=N: it does not have the body any more. give NODE leaf=N: it has.
void Lose(World& world, const Command& command) {
  NodeAt(world, command.Word(0)).disk.own().lost.insert(Index{command.Number("leaf", 0)});
}
void Give(World& world, const Command& command) {
  MemoryLedger& ledger = NodeAt(world, command.Word(0)).disk.own();
  ledger.lost.erase(Index{command.Number("leaf", 0)});
  ledger.withheld.erase(Index{command.Number("leaf", 0)});
}

// roll-back NODE size=N: its data folder is that of an earlier day.
void RollBack(World& world, const Command& command) {
  Node& node = NodeAt(world, command.Word(0));
  node.disk.own().Truncate(command.Number("size", 0));
  world.Log(Cat(node.disk.own_id().Text(), ": ", node.disk.own().size(), " leaves left"));
}

// forget NODE ledger=L size=N: what it held of another's ledger is that of an earlier day.
void Forget(World& world, const Command& command) {
  Node& node = NodeAt(world, command.Word(0));
  const LedgerId ledger = LedgerOf(world, command, node.member.code);
  node.disk.Of(ledger).Truncate(command.Number("size", 0));
  world.Log(Cat(ledger.Text(), ": ", node.disk.Of(ledger).size(), " leaves left at ",
                node.member.code.text()));
}

// lose-epoch NODE: its data folder is from before its present epoch.
void LoseEpoch(World& world, const Command& command) {
  NodeAt(world, command.Word(0)).disk.LoseEpoch();
}

// rewrite NODE leaf=N: it writes another history from there on.
void Rewrite(World& world, const Command& command) {
  Node& node = NodeAt(world, command.Word(0));
  const Index index{command.Number("leaf", 0)};
  node.disk.own().Rewrite(index, node.disk.OtherBody(index));
}

// --- tamper FROM TO WHAT: damages the next frame under way that has it ---

bool FlipByte(Bytes& bytes, uint64_t at) {
  if (at >= bytes.size()) return false;
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  return true;
}

bool FlipHash(std::vector<Hash>& proof) {
  if (proof.empty()) return false;
  proof.front().data[5] ^= 1;
  return true;
}

// A leaf of the segment changed by `change`, and the segment packed again.
template <typename Change>
bool ChangeLeaf(wire::SegmentFrame& frame, uint64_t index, wire::HashColumns hashes,
                const Change& change) {
  auto segment = wire::DecodeSegment(frame.segment);
  if (!segment.ok() || index < frame.first.value || index >= segment->end().value) return false;
  crypto::HashBodies(segment->leaves);
  change(segment->leaves[index - frame.first.value]);
  auto bytes = wire::EncodeSegment(segment->first, segment->leaves, hashes);
  if (!bytes.ok()) return false;
  frame.segment = *std::move(bytes);
  return true;
}

bool TamperSegment(wire::SegmentFrame& frame, const Command& command) {
  const std::string what = command.Word(2);
  const uint64_t leaf = command.Number("leaf", frame.first.value);
  if (what == "segment") return FlipByte(frame.segment, command.Number("byte", 40));
  if (what == "proof") return FlipHash(frame.consistency);
  if (what == "first") {
    frame.first.value += 1;
    return true;
  }
  if (what == "body") {
    return ChangeLeaf(frame, leaf, wire::HashColumns::kWhereNeeded,
                      [](wire::Leaf& l) { FlipByte(l.body, 20); });
  }
  if (what == "header") {
    return ChangeLeaf(frame, leaf, wire::HashColumns::kWhereNeeded,
                      [](wire::Leaf& l) { l.header.flags ^= 0x80; });
  }
  if (what == "digest") {
    return ChangeLeaf(frame, leaf, wire::HashColumns::kWhereNeeded,
                      [](wire::Leaf& l) { l.body_hash.data[0] ^= 1; });
  }
  if (what == "hash-beside-body") {
    return ChangeLeaf(frame, leaf, wire::HashColumns::kAll,
                      [](wire::Leaf& l) { l.body_hash.data[0] ^= 1; });
  }
  return false;
}

// The last line is the statement's if there is one.
bool TamperNote(Bytes& text, const std::string& what) {
  auto note = crypto::ParseNote(text);
  if (!note.ok()) return false;
  if (what == "signature") {
    if (!FlipByte(note->signatures.back().der, 10)) return false;
  } else if (what == "origin-signature") {
    if (!FlipByte(note->signatures.front().der, 10)) return false;
  } else if (what == "root") {
    note->head.root.data[0] ^= 1;
  } else if (what == "garbage") {
    text = "not a note";
    return true;
  } else {
    return false;
  }
  text = note->Text();
  return true;
}

bool TamperFrame(wire::Frame& frame, const Command& command) {
  const std::string what = command.Word(2);
  if (auto* segment = std::get_if<wire::SegmentFrame>(&frame)) {
    return TamperSegment(*segment, command);
  }
  if (auto* head = std::get_if<wire::HeadFrame>(&frame)) {
    return what == "proof" ? FlipHash(head->consistency) : TamperNote(head->note, what);
  }
  if (auto* seen = std::get_if<wire::SeenFrame>(&frame)) return TamperNote(seen->note, what);
  if (auto* held = std::get_if<wire::HeldFrame>(&frame)) return TamperNote(held->note, what);
  if (auto* hello = std::get_if<wire::Hello>(&frame)) {
    return !hello->held.empty() && TamperNote(hello->held.front().head, what);
  }
  if (auto* opened = std::get_if<wire::OpenedFrame>(&frame)) {
    return what == "body" && FlipByte(opened->body, 20);
  }
  return false;
}

void Tamper(World& world, const Command& command) {
  const Way way = WayOf(world, command);
  for (wire::Frame& frame : world.Queue(way)) {
    if (!TamperFrame(frame, command)) continue;
    world.Log(Cat("tampered: ", Describe(frame)));
    return;
  }
  throw BadCommand{"nothing under way has that"};
}

}  // namespace

void AddFaultCommands(CommandTable& table) {
  table["crash"] = Crash;
  table["restart"] = Restart;
  table["signer"] = SignerCommand;
  table["fail-reads"] = FailReads;
  table["withhold"] = Withhold;
  table["lose"] = Lose;
  table["give"] = Give;
  table["roll-back"] = RollBack;
  table["forget"] = Forget;
  table["lose-epoch"] = LoseEpoch;
  table["rewrite"] = Rewrite;
  table["tamper"] = Tamper;
}

}  // namespace tj::scenario
