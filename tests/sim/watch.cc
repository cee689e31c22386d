#include "tests/sim/watch.h"

#include "protocol/vocab/error.h"

namespace tj::sim {
namespace {

std::string SizeOfNote(const Bytes& text) {
  const auto note = crypto::ParseNote(text);
  return note.ok() ? Cat(note->head.ledger.Text(), " ", note->head.size) : "unreadable";
}

}  // namespace

std::string DescribeFrame(const wire::Frame& frame) {
  std::string text(wire::FrameName(frame));
  if (const auto* head = std::get_if<wire::HeadFrame>(&frame)) {
    text += Cat(" ", SizeOfNote(head->note), " from ", head->from_size);
  } else if (const auto* seen = std::get_if<wire::SeenFrame>(&frame)) {
    text += Cat(" ", SizeOfNote(seen->note));
  } else if (const auto* held = std::get_if<wire::HeldFrame>(&frame)) {
    text += Cat(" ", SizeOfNote(held->note));
  } else if (const auto* segment = std::get_if<wire::SegmentFrame>(&frame)) {
    const auto range = wire::PeekSegment(segment->segment);
    text += Cat(" ", segment->ledger.Text(), " ", segment->first.value, " +",
                range.ok() ? range->count : 0, " of ", segment->head_size, ", ",
                segment->segment.size(), " bytes");
  } else if (const auto* open = std::get_if<wire::OpenFrame>(&frame)) {
    text += Cat(" ", open->ledger.Text(), " ", open->first.value, " +", open->count);
  } else if (const auto* opened = std::get_if<wire::OpenedFrame>(&frame)) {
    text += Cat(" ", opened->ledger.Text(), " ", opened->index.value);
  } else if (const auto* refuse = std::get_if<wire::RefuseFrame>(&frame)) {
    text += Cat(" ", refuse->ledger, " ", refuse->code, refuse->retry ? " retry, has " : ", has ",
                refuse->size, ": ", refuse->detail);
  } else if (const auto* hello = std::get_if<wire::Hello>(&frame)) {
    for (const wire::HeldLedger& one : hello->held) {
      text += Cat(" ", one.ledger.Text(), ":", one.size);
    }
  }
  return text;
}

Watch::Watch(Loop& loop, const Tree& tree)
    : loop_(loop),
      ledgers_(loop),
      statements_(loop, ledgers_),
      audience_(loop, tree),
      bounds_(loop),
      pace_(loop),
      past_(loop, ledgers_) {}

void Watch::Sent(const NodeCode& from, const NodeCode& to, const wire::Frame& frame,
                 std::optional<int64_t> steady_bytes_per_ms) {
  loop_.counts.Add(Cat("frame ", wire::FrameName(frame)));
  if (const auto* refuse = std::get_if<wire::RefuseFrame>(&frame)) {
    loop_.counts.Add(Cat("refuse ", refuse->code, refuse->retry ? " for now" : ""));
  }
  if (const auto* segment = std::get_if<wire::SegmentFrame>(&frame)) {
    if (segment->ledger.origin != from) loop_.counts.Add("state segment passed on by a relay");
  }
  if (!past_.SaidSplit(from, frame)) statements_.Sent(from, to, frame, nodes_.at(from)->disk());
  audience_.Sent(from, to, frame);
  pace_.Sent(from, to, frame, steady_bytes_per_ms);
}

void Watch::Received(const NodeCode& at, const NodeCode& from, const wire::Frame& frame,
                     bool ready) {
  pace_.Received(at, from, frame);
  const auto* head = std::get_if<wire::HeadFrame>(&frame);
  if (head != nullptr && ready) past_.Received(at, head->note);
}

void Watch::Stepped(const NodeCode& node, const NodeCode&, const sync::Output& output) {
  bounds_.Stepped(node, output);
  past_.Stepped(node, output);
}

void Watch::Happened(const NodeCode& node, const NodeCode& peer, const sync::Event& event) {
  loop_.counts.Add(Cat("event ", sync::EventName(event.kind)));
  if (loop_.tracing()) {
    loop_.Trace(node.text(), Cat("event with ", peer.text(), ": ", sync::EventName(event.kind), " ",
                                 event.ledger.Text(), " ", event.size,
                                 event.status.ok() ? "" : Cat(" ", Describe(event.status))));
  }
  past_.Happened(*nodes_.at(node), peer, event);
}

void Watch::Waiting(const NodeCode& node, const NodeCode& peer, uint64_t bytes) {
  bounds_.Waiting(node, peer, bytes);
}

void Watch::Committed(Node& node) {
  past_.Committed(node);
  ledgers_.Grown(node.own(), node.disk().truth());
  bounds_.Queued(node.code(), node.Status());
}

void Watch::Signed(Node& node, const crypto::Note& note) {
  if (loop_.tracing()) loop_.Trace(node.code().text(), Cat("signs ", note.head.size));
  past_.Signed(node);
  statements_.Signed(node.own(), note, node.disk());
}

void Watch::Acknowledged(const NodeCode& node, const store::DedupKey& name,
                         const store::Appended& answer, bool conflict_expected) {
  // The answer may be for what this very commit wrote.
  Node& at = *nodes_.at(node);
  ledgers_.Grown(at.own(), at.disk().truth());
  ledgers_.Acknowledged(at.own(), name, answer, conflict_expected);
}

void Watch::Started(Node& node) { ledgers_.Started(node.own()); }

void Watch::Restored(Node& node) {
  ledgers_.Restored(node.own());
  statements_.Forget(node.code());
  past_.Restored(node);
}

void Watch::Lied(const LedgerId& origin, const NodeCode& to, const Bytes& note) {
  past_.Lied(origin, to, note);
}

void Watch::EarlyHead(Node& node, const LedgerId& ledger) { past_.EarlyHead(node, ledger); }
void Watch::Forked(Node& node, const LedgerId& ledger) { past_.Forked(node, ledger); }

void Watch::DidNotStart(const NodeCode& node, const absl::Status& why) {
  if (CodeOf(why) == ErrorCode::kStoreFull || CodeOf(why) == ErrorCode::kStoreUnavailable) return;
  loop_.Fail("start", Cat(node.text(), " does not start: ", Describe(why)));
}

void Watch::Down(const NodeCode& node) {
  Node& down = *nodes_.at(node);
  ledgers_.Grown(down.own(), down.disk().truth());
}

void Watch::CheckAddressed() {
  for (const auto& [code, node] : nodes_) {
    if (past_.Undisturbed(code)) audience_.AllAddressedHere(code, node->disk().truth());
  }
}

void Watch::CheckDisks() {
  for (const auto& [code, node] : nodes_) ledgers_.Grown(node->own(), node->disk().truth());
  for (const auto& [code, node] : nodes_) {
    ledgers_.Compare(code, node->disk().truth());
    audience_.AtRest(code, node->disk().truth());
    ledgers_.AllAcknowledged(node->own(), node->disk().truth());
    past_.AtRest(*node);
  }
}

}  // namespace tj::sim
