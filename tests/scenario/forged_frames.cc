// send FROM TO FRAME …: puts a frame under way that FROM's session did not make.

#include "crypto/note.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/text.h"
#include "tests/scenario/commands.h"

namespace tj::scenario {
namespace {

wire::Frame Hello(World& world, const Way& way, const Command& command) {
  const std::string node = command.Text("node").value_or(way.first.text());
  wire::Hello hello{.node = NodeOf(node), .software = "forged"};
  hello.version_min = static_cast<uint32_t>(command.Number("min", hello.version_min));
  hello.version_max = static_cast<uint32_t>(command.Number("max", hello.version_max));
  hello.profile = static_cast<uint32_t>(command.Number("profile", hello.profile));
  if (const auto size = command.Text("claims")) {
    hello.held.push_back(
        {.ledger = LedgerOf(world, command, way.second), .size = command.Number("claims", 0)});
  }
  if (const auto offered = command.Text("offers")) {
    auto ledger = LedgerId::Parse(*offered);
    if (!ledger.ok()) throw BadCommand{"offers what?"};
    hello.offered.push_back(*std::move(ledger));
  }
  return hello;
}

// A `seen` or `held` of FROM over the head that `ledger` has, or one with size= and another root:
// the origin's line is copied from the newest head and fits only that.
wire::Frame Statement(World& world, const Way& way, const Command& command,
                      crypto::StatementKind kind) {
  const LedgerId ledger = LedgerOf(world, command, way.second);
  const MemoryLedger* there = NodeAt(world, ledger.origin.text()).disk.Find(ledger);
  if (there == nullptr || there->heads.empty()) throw BadCommand{"that ledger has no head"};
  crypto::Note note{.head = there->heads.rbegin()->second.head,
                    .signatures = there->heads.rbegin()->second.signatures};
  note.head.size = command.Number("size", note.head.size);
  if (command.Has("other-root")) note.head.root.data[0] ^= 1;
  Node& signer = NodeAt(world, command.Text("by").value_or(way.first.text()));
  auto line = crypto::SignStatement(note.head, kind, signer.member.code, crypto::kProfileIntl,
                                    world.now(), signer.signer);
  if (!line.ok()) throw BadCommand{DescribeStatus(line.status())};
  note.signatures.push_back(*std::move(line));
  if (kind == crypto::StatementKind::kSeen) return wire::SeenFrame{note.Text()};
  return wire::HeldFrame{note.Text()};
}

// An earlier head of FROM's own ledger, by its size: from= is where its proof begins.
wire::Frame Head(World& world, const Way& way, const Command& command) {
  Node& node = NodeAt(world, way.first.text());
  const uint64_t size = command.Number("size", 0);
  wire::HeadFrame frame{.from_size = command.Number("from", 0)};
  for (const auto& [name, note] : node.disk.own().heads) {
    if (name.first == size) frame.note = note.Text();
  }
  if (command.Has("sign-again")) {
    const auto root = node.disk.own().RootAt(size);
    const auto note = crypto::SignHead(
        {.ledger = node.disk.own_id(), .size = size, .root = root.value(), .at = world.now()},
        node.signer);
    frame.note = note.value().Text();
  }
  if (frame.note.empty()) throw BadCommand{Cat("no head of ", size)};
  if (frame.from_size > 0 && frame.from_size < size) {
    frame.consistency = node.disk.own().Consistency(frame.from_size, size).value();
  }
  return frame;
}

wire::Frame Segment(World& world, const Way& way, const Command& command) {
  MemoryNode& disk = NodeAt(world, way.first.text()).disk;
  const uint64_t first = command.Number("first", 0);
  const uint64_t head = command.Number("head", disk.own().size());
  auto chunk =
      disk.own().Segment(Index{first}, command.Number("end", head), world.block_records,
                         limits::kSegmentBytesMax, [](Audience, ByteView) { return true; });
  if (!chunk.ok()) throw BadCommand{DescribeStatus(chunk.status())};
  const uint64_t end = chunk->first.value + chunk->count;
  wire::SegmentFrame frame{.ledger = LedgerOf(world, command, way.first),
                           .first = chunk->first,
                           .segment = std::move(chunk->bytes),
                           .head_size = head};
  if (end < head && head <= disk.own().size()) {
    frame.consistency = disk.own().Consistency(end, head).value();
  }
  return frame;
}

wire::Frame Opened(World& world, const Way& way, const Command& command) {
  MemoryNode& disk = NodeAt(world, way.first.text()).disk;
  const Index index{command.Number("leaf", 0)};
  auto opened = disk.own().Open(index, disk.own().size());
  if (!opened.ok() || disk.own().heads.empty()) throw BadCommand{"no such leaf, or no head"};
  return wire::OpenedFrame{.ledger = disk.own_id(),
                           .index = index,
                           .header = std::move(opened->header),
                           .body = std::move(opened->body),
                           .head = disk.own().heads.rbegin()->second.Text(),
                           .inclusion = std::move(opened->inclusion)};
}

wire::Frame Forge(World& world, const Way& way, const Command& command) {
  const std::string kind = command.Word(2);
  if (kind == "hello") return Hello(world, way, command);
  if (kind == "head") return Head(world, way, command);
  if (kind == "segment") return Segment(world, way, command);
  if (kind == "seen") return Statement(world, way, command, crypto::StatementKind::kSeen);
  if (kind == "held") return Statement(world, way, command, crypto::StatementKind::kHeld);
  if (kind == "opened") return Opened(world, way, command);
  if (kind == "open") {
    return wire::OpenFrame{.ledger = LedgerOf(world, command, way.second),
                           .first = Index{command.Number("leaf", 0)},
                           .count = static_cast<uint32_t>(command.Number("count", 1))};
  }
  if (kind == "refuse") {
    const auto ledger = command.Text("ledger");
    return wire::RefuseFrame{.ledger = ledger.value_or(""),
                             .code = command.Text("code").value_or("SYNC-GAP"),
                             .detail = "forged",
                             .retry = command.Has("retry"),
                             .size = command.Number("size", 0)};
  }
  if (kind == "credit") return wire::CreditFrame{command.Number("bytes", 1)};
  if (kind == "ping") {
    return wire::PingFrame{
        .nonce = command.Number("nonce", 7), .reply = command.Has("reply"), .at = world.now()};
  }
  throw BadCommand{Cat("no frame ", kind)};
}

// send FROM TO FRAME … [times=1] [before-all]: after what is under way, or before it.
void Send(World& world, const Command& command) {
  const Way way = WayOf(world, command);
  wire::Frame frame = Forge(world, way, command);
  auto& queue = world.Queue(way);
  for (uint64_t n = command.Number("times", 1); n > 1; --n) queue.push_back(frame);
  if (command.Has("before-all")) {
    queue.push_front(std::move(frame));
  } else {
    queue.push_back(std::move(frame));
  }
}

}  // namespace

void AddForgedFrames(CommandTable& table) { table["send"] = Send; }

}  // namespace tj::scenario
