// Names and encoding of frames. Decoding, which is the untrusted way, is in frame_decode.cc.

#include "protocol/wire/frame.h"

#include <array>

#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/wire/frame.pb.h"

namespace tj::wire {
namespace {

// In the order of the variant.
constexpr auto kNames = std::to_array<std::string_view>(
    {"hello", "head", "segment", "seen", "held", "open", "opened", "refuse", "credit", "ping"});
static_assert(kNames.size() == std::variant_size_v<Frame>);

template <typename Repeated>
void FillProof(const std::vector<Hash>& proof, Repeated* out) {
  out->Reserve(static_cast<int>(proof.size()));
  for (const Hash& hash : proof) out->Add()->assign(hash.view());
}

void Fill(const Hello& frame, v1::Frame& out) {
  v1::Hello& hello = *out.mutable_hello();
  hello.set_node(frame.node.text());
  hello.set_version_min(frame.version_min);
  hello.set_version_max(frame.version_max);
  hello.set_software(PrintableExcerpt(frame.software, limits::kFrameTextBytesMax));
  hello.set_profile(frame.profile);
  for (const HeldLedger& held : frame.held) {
    v1::HeldLedger& entry = *hello.add_held();
    entry.set_ledger(held.ledger.Text());
    entry.set_size(held.size);
    entry.set_head(held.head);
  }
  for (const LedgerId& ledger : frame.offered) hello.add_offered(ledger.Text());
}

void Fill(const HeadFrame& frame, v1::Frame& out) {
  v1::HeadFrame& head = *out.mutable_head();
  head.set_note(frame.note);
  head.set_from_size(frame.from_size);
  FillProof(frame.consistency, head.mutable_consistency());
}

void Fill(const SegmentFrame& frame, v1::Frame& out) {
  v1::SegmentFrame& segment = *out.mutable_segment();
  segment.set_ledger(frame.ledger.Text());
  segment.set_first(frame.first.value);
  segment.set_segment(frame.segment);
  segment.set_head_size(frame.head_size);
  FillProof(frame.consistency, segment.mutable_consistency());
}

void Fill(const SeenFrame& frame, v1::Frame& out) { out.mutable_seen()->set_note(frame.note); }
void Fill(const HeldFrame& frame, v1::Frame& out) { out.mutable_held()->set_note(frame.note); }

void Fill(const OpenFrame& frame, v1::Frame& out) {
  v1::OpenFrame& open = *out.mutable_open();
  open.set_ledger(frame.ledger.Text());
  open.set_first(frame.first.value);
  open.set_count(frame.count);
}

void Fill(const OpenedFrame& frame, v1::Frame& out) {
  v1::OpenedFrame& opened = *out.mutable_opened();
  opened.set_ledger(frame.ledger.Text());
  opened.set_index(frame.index.value);
  opened.set_header(frame.header);
  opened.set_body(frame.body);
  opened.set_head(frame.head);
  FillProof(frame.inclusion, opened.mutable_inclusion());
  opened.set_sealed_parts(frame.sealed_parts);
}

void Fill(const RefuseFrame& frame, v1::Frame& out) {
  v1::RefuseFrame& refuse = *out.mutable_refuse();
  refuse.set_ledger(frame.ledger);
  refuse.set_code(frame.code);
  refuse.set_detail(PrintableExcerpt(frame.detail, limits::kFrameTextBytesMax));
  refuse.set_retry(frame.retry);
  refuse.set_size(frame.size);
}

void Fill(const CreditFrame& frame, v1::Frame& out) {
  out.mutable_credit()->set_bytes(frame.bytes);
}

void Fill(const PingFrame& frame, v1::Frame& out) {
  v1::PingFrame& ping = *out.mutable_ping();
  ping.set_nonce(frame.nonce);
  ping.set_reply(frame.reply);
  ping.set_at_ms(frame.at.ms);
}

}  // namespace

std::string_view FrameName(const Frame& frame) { return kNames[frame.index()]; }

Bytes EncodeFrame(const Frame& frame) {
  v1::Frame message;
  std::visit([&](const auto& kind) { Fill(kind, message); }, frame);
  Bytes out;
  // Fails only for a string field that is not UTF-8 or beyond 2 GiB; ours are codes, or made
  // printable.
  TJ_CHECK(message.SerializeToString(&out));
  return out;
}

}  // namespace tj::wire
