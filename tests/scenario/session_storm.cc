#include "tests/scenario/session_storm.h"

#include <vector>

#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/wire/bytes_io.h"
#include "protocol/wire/frame.h"
#include "sync/core/credit.h"
#include "sync/core/session.h"
#include "sync/core/statement.h"
#include "tests/scenario/describe.h"
#include "tests/scenario/keyring.h"
#include "tests/scenario/memory_node.h"

namespace tj::scenario {
namespace {

constexpr uint64_t kBlock = 8;

// Where every storm begins, and the frames that it throws. Made once.
class Bench {
 public:
  static const Bench& Instance() {
    static const auto& bench = *new Bench;
    return bench;
  }

  const NodeCode bureau = *NodeCode::Parse("370800");
  const NodeCode county = *NodeCode::Parse("370826");
  const LedgerId ledger{county, Epoch{1}};
  const LedgerId bureau_ledger{bureau, Epoch{1}};
  std::shared_ptr<const crypto::TrustStore> trust;
  std::vector<MemoryNode> disks;  // of the bureau, to begin with
  std::vector<wire::Frame> frames;

 private:
  Bench();
  void AddHistory(MemoryNode& origin, const std::vector<crypto::Note>& heads);
  void AddStatements(const crypto::Note& head);
  wire::SegmentFrame Segment(MemoryLedger& origin, uint64_t at, uint64_t head);

  crypto::Signer& bureau_key_ = Keyring::Instance().SignerOf(bureau, 1);
  crypto::Signer& county_key_ = Keyring::Instance().SignerOf(county, 1);
};

wire::SegmentFrame Bench::Segment(MemoryLedger& origin, uint64_t at, uint64_t head) {
  auto chunk = origin.Segment(Index{at}, head, kBlock, limits::kSegmentBytesMax,
                              [](Audience, ByteView) { return true; });
  TJ_CHECK(chunk.ok());
  const uint64_t end = chunk->first.value + chunk->count;
  return {.ledger = ledger,
          .first = chunk->first,
          .segment = std::move(chunk->bytes),
          .head_size = head,
          .consistency = *origin.Consistency(end, head)};
}

// Every head from every other, and every segment under each.
void Bench::AddHistory(MemoryNode& origin, const std::vector<crypto::Note>& heads) {
  for (const crypto::Note& head : heads) {
    const uint64_t size = head.head.size;
    for (const crypto::Note& from : heads) {
      if (from.head.size > size) continue;
      wire::HeadFrame frame{.note = head.Text(), .from_size = from.head.size};
      frame.consistency = *origin.own().Consistency(from.head.size, size);
      frames.push_back(frame);
    }
    for (uint64_t at = 0; at < size; at += kBlock) {
      frames.push_back(Segment(origin.own(), at, size));
    }
  }
}

void Bench::AddStatements(const crypto::Note& head) {
  for (const auto kind : {crypto::StatementKind::kSeen, crypto::StatementKind::kHeld}) {
    for (const bool own : {true, false}) {
      const auto note = sync::MakeStatement(head, kind, own ? county : bureau, 1, kBegin,
                                            own ? county_key_ : bureau_key_);
      TJ_CHECK(note.ok());
      frames.push_back(wire::SeenFrame{note->Text()});
      frames.push_back(wire::HeldFrame{note->Text()});
    }
  }
}

Bench::Bench() {
  trust = Keyring::Instance().Trust({{.code = bureau}, {.code = county, .parent = bureau}});
  MemoryNode bureau_disk(bureau, kBlock);
  bureau_disk.Append(12, {.audience = Audience::kChildren}, kBegin);
  bureau_disk.Append(4, {.audience = Audience::kLocal}, kBegin);
  const crypto::Note bureau_head = *bureau_disk.Publish(bureau_key_, kBegin);
  disks.push_back(bureau_disk);

  MemoryNode origin(county, kBlock);
  std::vector<crypto::Note> heads;
  heads.push_back(*origin.Publish(county_key_, kBegin));
  for (const uint64_t n : {12, 8, 13}) {
    origin.Append(n, {}, kBegin);
    heads.push_back(*origin.Publish(county_key_, kBegin + Duration(static_cast<int64_t>(n))));
  }
  heads.push_back(*origin.Publish(county_key_, kBegin + Duration(60'000)));
  AddHistory(origin, heads);
  frames.push_back(wire::Hello{.node = county, .offered = {ledger}});
  frames.push_back(wire::Hello{
      .node = county, .held = {{bureau_ledger, 8, bureau_head.Text()}}, .offered = {ledger}});
  for (const uint64_t leaf : {3, 5}) {
    auto opened = *origin.own().Open(Index{leaf}, 12);
    frames.push_back(wire::OpenedFrame{.ledger = ledger,
                                       .index = Index{leaf},
                                       .header = opened.header,
                                       .body = opened.body,
                                       .head = heads[1].Text(),
                                       .inclusion = opened.inclusion});
  }
  origin.own().withheld = {Index{3}, Index{5}, Index{9}};
  for (const uint64_t at : {0, 8}) frames.push_back(Segment(origin.own(), at, 12));
  origin.own().withheld.clear();
  // A bureau that has taken some of it already.
  const auto take = Segment(origin.own(), 0, 12);
  std::vector<wire::Leaf> leaves;
  for (uint64_t i = 0; i < 8; ++i) leaves.push_back(origin.own().leaf(Index{i}));
  bureau_disk.Of(ledger).Append(leaves);
  bureau_disk.Of(ledger).heads.insert_or_assign({12, heads[1].head.at}, heads[1]);
  disks.push_back(bureau_disk);
  // The other history.
  origin.own().Rewrite(Index{2}, origin.OtherBody(Index{2}));
  const crypto::Note other = *origin.Publish(county_key_, kBegin + Duration(5000));
  origin.Append(4, {}, kBegin);
  AddHistory(origin, {other, *origin.Publish(county_key_, kBegin + Duration(6000))});
  AddStatements(bureau_head);
  AddStatements(other);
}

// One storm.
class Storm {
 public:
  explicit Storm(ByteView choices)
      : choices_(choices),
        disk_(bench_.disks[choices_.U8() % bench_.disks.size()]),
        session_({.self = bench_.bureau,
                  .peer = bench_.county,
                  .software = "storm",
                  .trust = bench_.trust,
                  .signer = &Keyring::Instance().SignerOf(bench_.bureau, 1),
                  .ledgers = &disk_}) {}

  StormCounts Run() {
    Take(session_.Start(now_));
    // Most storms begin as they should, so that they get far.
    if (choices_.U8() % 8 != 0) Take(session_.Step(Hello(choices_.U8()), now_));
    while (choices_.ok() && choices_.remaining() > 0) Act();
    return counts_;
  }

 private:
  wire::Frame Hello(uint8_t choice) {
    std::vector<const wire::Frame*> hellos;
    for (const wire::Frame& frame : bench_.frames) {
      if (std::holds_alternative<wire::Hello>(frame)) hellos.push_back(&frame);
    }
    return *hellos[choice % hellos.size()];
  }

  const wire::Frame& Known() { return bench_.frames[choices_.U16() % bench_.frames.size()]; }

  void Act() {
    switch (choices_.U8() % 12) {
      case 0:
        now_ = now_ + Duration(choices_.U8() * 500 - 5'000);
        return Take(session_.OnTimer(now_));
      case 1:
        disk_.Append(choices_.U8() % 4, {.audience = Audience::kAll}, now_);
        TJ_CHECK(disk_.Publish(Keyring::Instance().SignerOf(bench_.bureau, 1), now_).ok());
        return Take(session_.OnPublished(disk_.own_id(), choices_.U8() % 2 == 0, now_));
      case 2:
        return Damaged();
      case 3:
        return Decoded(Bytes(choices_.Raw(choices_.U8() % 200)));
      case 4:
        return Take(session_.Step(Small(), now_));
      default:
        return Take(session_.Step(Known(), now_));
    }
  }

  void Damaged() {
    Bytes bytes = wire::EncodeFrame(Known());
    for (int flips = choices_.U8() % 3; flips >= 0; --flips) {
      const size_t at = choices_.U16() % bytes.size();
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << choices_.U8() % 8));
    }
    Decoded(bytes);
  }

  void Decoded(const Bytes& bytes) {
    const auto frame = wire::DecodeFrame(bytes);
    if (frame.ok()) Take(session_.Step(*frame, now_));
  }

  wire::Frame Small() {
    const LedgerId& ledger = choices_.U8() % 2 == 0 ? bench_.ledger : bench_.bureau_ledger;
    switch (choices_.U8() % 4) {
      case 0:
        return wire::OpenFrame{
            .ledger = ledger, .first = Index{choices_.U8()}, .count = 1u + choices_.U16() % 1024};
      case 1:
        return wire::CreditFrame{1 + (uint64_t{1} << choices_.U8() % 32)};
      case 2:
        return wire::PingFrame{.nonce = choices_.U8(), .reply = choices_.U8() % 2 == 0, .at = now_};
      default: {
        const auto table = ErrorTable();
        return wire::RefuseFrame{.ledger = choices_.U8() % 32 == 0 ? "" : ledger.Text(),
                                 .code = std::string(table[choices_.U16() % table.size()].name),
                                 .retry = choices_.U8() % 4 != 0,
                                 .size = choices_.U8()};
      }
    }
  }

  // What the driver does, with the promises checked.
  void Take(const sync::Output& output) {
    ++counts_.steps;
    counts_.writes += output.persist.size();
    counts_.frames_out += output.then_send.size();
    if (closed_) {
      TJ_CHECK(output.persist.empty() && output.then_send.empty() && output.close.ok());
      return;
    }
    disk_.Apply(output.persist);
    TJ_CHECK(disk_.problems().empty());
    uint64_t bulk = 0;
    uint64_t largest = 0;
    for (const wire::Frame& frame : output.then_send) {
      TJ_CHECK(wire::DecodeFrame(wire::EncodeFrame(frame)).ok());
      const auto* seen = std::get_if<wire::SeenFrame>(&frame);
      const auto* held = std::get_if<wire::HeldFrame>(&frame);
      if (seen != nullptr) TJ_CHECK(disk_.Stated(seen->note));
      if (held != nullptr) TJ_CHECK(disk_.Stated(held->note));
      bulk += sync::CreditCost(frame);
      largest = std::max(largest, sync::CreditCost(frame));
    }
    TJ_CHECK(bulk <= sync::kPumpBytes + largest);
    TJ_CHECK(output.close.ok() || (!output.wake_at && !output.more_to_send));
    closed_ = !output.close.ok();
    counts_.closed = closed_ ? 1 : 0;
    if (output.more_to_send) Take(session_.OnWritable(now_));
  }

  const Bench& bench_ = Bench::Instance();
  wire::Reader choices_;
  MemoryNode disk_;
  sync::Session session_;
  Instant now_ = kBegin;
  bool closed_ = false;
  StormCounts counts_;
};

}  // namespace

StormCounts RunStorm(ByteView choices) { return Storm(choices).Run(); }

}  // namespace tj::scenario
