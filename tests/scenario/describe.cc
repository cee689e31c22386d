#include "tests/scenario/describe.h"

#include <algorithm>
#include <variant>

#include "crypto/note.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/segment.h"

namespace tj::scenario {
namespace {

// Details name keys by ids that differ from run to run.
std::string WithoutKeyIds(std::string detail) {
  constexpr std::string_view kMark = "key id ";
  for (size_t at = detail.find(kMark); at != std::string::npos; at = detail.find(kMark, at + 1)) {
    detail.replace(at + kMark.size(), 8, "…");
  }
  return detail;
}

std::string Range(uint64_t first, uint64_t count) { return Cat(first, "..", first + count); }

std::string DescribeHead(const crypto::Head& head) {
  return Cat(head.ledger.Text(), " size=", head.size, " at=", Since(head.at));
}

std::string DescribeStatement(const Bytes& text) {
  const auto note = crypto::ParseNote(text);
  if (!note.ok()) return "malformed";
  std::string line = DescribeHead(note->head);
  for (const crypto::NoteSignature& signature : note->signatures) {
    if (signature.kind == crypto::StatementKind::kOrigin) continue;
    line += Cat(" by=", signature.signer.text(), " on=", Since(signature.at));
  }
  return line;
}

std::string DescribeBodies(const Bytes& bytes) {
  const auto segment = wire::DecodeSegment(bytes);
  if (!segment.ok()) return "malformed";
  const auto bodies = std::count_if(segment->leaves.begin(), segment->leaves.end(),
                                    [](const wire::Leaf& leaf) { return !leaf.body.empty(); });
  return Cat("bodies=", bodies, "/", segment->leaves.size());
}

std::string Say(const wire::Hello& hello) {
  std::string held;
  for (const wire::HeldLedger& ledger : hello.held) {
    const auto head = crypto::ParseNote(ledger.head);
    held += Cat(held.empty() ? "" : " ", ledger.ledger.Text(), ":", ledger.size, "/",
                head.ok() ? Cat(head->head.size) : std::string("-"));
  }
  std::string offered;
  for (const LedgerId& ledger : hello.offered) {
    offered += Cat(offered.empty() ? "" : " ", ledger.Text());
  }
  return Cat(" node=", hello.node.text(), " versions=", hello.version_min, "-", hello.version_max,
             " held=[", held, "] offered=[", offered, "]");
}
std::string Say(const wire::HeadFrame& frame) {
  const auto note = crypto::ParseNote(frame.note);
  std::string witnesses;
  for (size_t i = 0; note.ok() && i < note->signatures.size(); ++i) {
    const crypto::NoteSignature& line = note->signatures[i];
    if (line.kind == crypto::StatementKind::kSeen)
      witnesses += Cat(" seen-by=", line.signer.text());
  }
  return Cat(" ", note.ok() ? DescribeHead(note->head) : "malformed", " from=", frame.from_size,
             " proof=", frame.consistency.size(), witnesses);
}
std::string Say(const wire::SegmentFrame& frame) {
  const auto range = wire::PeekSegment(frame.segment);
  return Cat(" ", frame.ledger.Text(), " ",
             range.ok() ? Range(range->first.value, range->count) : Cat(frame.first.value, "..?"),
             " head=", frame.head_size, " proof=", frame.consistency.size(), " ",
             DescribeBodies(frame.segment));
}
std::string Say(const wire::SeenFrame& frame) { return Cat(" ", DescribeStatement(frame.note)); }
std::string Say(const wire::HeldFrame& frame) { return Cat(" ", DescribeStatement(frame.note)); }
std::string Say(const wire::OpenFrame& frame) {
  return Cat(" ", frame.ledger.Text(), " ", Range(frame.first.value, frame.count));
}
std::string Say(const wire::OpenedFrame& frame) {
  return Cat(" ", frame.ledger.Text(), " leaf=", frame.index.value,
             " proof=", frame.inclusion.size());
}
std::string Say(const wire::RefuseFrame& frame) {
  return Cat(" ", frame.ledger.empty() ? "stream" : frame.ledger, " ", frame.code,
             frame.retry ? " retry" : "", " size=", frame.size, " (", WithoutKeyIds(frame.detail),
             ")");
}
std::string Say(const wire::CreditFrame& frame) { return Cat(" ", frame.bytes); }
std::string Say(const wire::PingFrame& frame) {
  return Cat(frame.reply ? " reply" : "", " nonce=", frame.nonce);
}

std::string_view KindName(crypto::StatementKind kind) {
  return kind == crypto::StatementKind::kSeen ? "seen" : "held";
}

std::string Say(const sync::PersistSegment& op) {
  std::string missing;
  for (const Index index : op.missing) missing += Cat(missing.empty() ? "" : " ", index.value);
  return Cat("segment ", op.ledger.Text(), " ", Range(op.first.value, op.count), " ",
             DescribeBodies(op.segment),
             missing.empty() ? std::string() : Cat(" missing=[", missing, "]"));
}
std::string Say(const sync::PersistHead& op) {
  return Cat("head ", op.ledger.Text(), " size=", op.size);
}
std::string Say(const sync::PersistStatement& op) {
  return Cat(KindName(op.kind), " ", op.ledger.Text(), " size=", op.size, " by=", op.signer.text());
}
std::string Say(const sync::PersistOpened& op) {
  return Cat("opened ", op.ledger.Text(), " leaf=", op.index.value);
}
std::string Say(const sync::PersistProvisional& op) {
  return Cat("provisional ", op.ledger.Text(), " leaf=", op.leaf.index.value);
}
std::string Say(const sync::PersistFork& op) { return Cat("fork ", op.ledger.Text()); }

}  // namespace

std::string Since(Instant at) {
  const int64_t ms = (at - kBegin).count();
  std::string text = Cat(ms < 0 ? "-" : "+", std::abs(ms) / 1000);
  if (ms % 1000 != 0) text += Cat(".", Cat(1000 + std::abs(ms) % 1000).substr(1));
  return text + "s";
}

std::string Describe(const wire::Frame& frame) {
  return Cat(wire::FrameName(frame), std::visit([](const auto& kind) { return Say(kind); }, frame));
}

std::string Describe(const sync::PersistOp& op) {
  return std::visit([](const auto& kind) { return Say(kind); }, op);
}

std::string Describe(const sync::Event& event) {
  std::string line = Cat(sync::EventName(event.kind), " ", event.ledger.Text());
  if (event.size > 0) line += Cat(" size=", event.size);
  if (!event.status.ok()) line += Cat(" ", DescribeStatus(event.status));
  return line;
}

std::string DescribeStatus(const absl::Status& status) {
  return Cat(InfoOf(CodeOf(status)).name, " (", WithoutKeyIds(DetailOf(status)), ")");
}

}  // namespace tj::scenario
