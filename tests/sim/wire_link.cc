#include "tests/sim/wire_link.h"

#include <algorithm>
#include <utility>

#include "protocol/vocab/error.h"
#include "protocol/wire/frame.h"

namespace tj::sim {
namespace {

// Messages read ahead of the session; gRPC's flow control holds the sender off then.
constexpr size_t kReadAhead = 4;

}  // namespace

std::optional<int64_t> Stream::SteadyBytesPerMs() {
  disturbed_ = disturbed_ || !(line_ == begun_over_);
  const bool files = line_.drop_percent + line_.double_percent + line_.overtake_percent > 0;
  if (disturbed_ || files) return std::nullopt;
  return line_.bytes_per_ms;
}

void Stream::Send(End from, Bytes message) {
  Side& side = sides_[from];
  if (side.cut) return;
  side.bytes_waiting += message.size();
  side.out.push_back({std::move(message)});
  Pump(from);
}

void Stream::Pump(End from) {
  Side& side = sides_[from];
  if (side.sending || side.out.empty() || side.cut || line_.blocked[from]) return;
  if (sides_[Other(from)].in.size() >= kReadAhead) return;
  side.sending = true;
  const auto bytes = static_cast<int64_t>(side.out.front().bytes.size());
  loop_.After(Duration(bytes / std::max<int64_t>(line_.bytes_per_ms, 1)),
              [self = shared_from_this(), from] { self->Sent(from); });
}

void Stream::Sent(End from) {
  Side& side = sides_[from];
  side.sending = false;
  if (side.cut || side.out.empty()) return;
  Message message = std::move(side.out.front());
  side.out.pop_front();
  side.bytes_waiting -= message.bytes.size();
  if (!message.last && loop_.rng.Percent(line_.drop_percent)) {
    loop_.counts.Add("fault net: frame dropped");
  } else {
    if (!message.last && loop_.rng.Percent(line_.spoil_percent)) Spoil(message);
    if (!message.last && loop_.rng.Percent(line_.double_percent)) {
      loop_.counts.Add("fault net: frame doubled");
      Fly(from, message);
    }
    Fly(from, std::move(message));
  }
  if (side.out.empty() && side.user) side.user->Drained();
  Pump(from);
}

// Damages what the receiver can find out: the encoding, hashes of bodies, signatures. The channel
// is authenticated, so a wrong proof would be its sender's own word, and a fork (sync/core).
void Stream::Spoil(Message& message) {
  auto frame = wire::DecodeFrame(message.bytes);
  if (!frame.ok()) return;
  const auto flip = [this](Bytes& bytes) {
    if (bytes.empty()) return;
    bytes[loop_.rng.Below(bytes.size())] ^= static_cast<char>(1 << loop_.rng.Below(8));
  };
  if (auto* segment = std::get_if<wire::SegmentFrame>(&*frame)) {
    flip(segment->segment);
  } else if (auto* opened = std::get_if<wire::OpenedFrame>(&*frame)) {
    flip(opened->body);
  } else if (auto* seen = std::get_if<wire::SeenFrame>(&*frame)) {
    // The last line's signature: the text that it covers stays.
    if (seen->note.size() > 20) seen->note[seen->note.size() - 8] ^= 1;
  } else {
    return;
  }
  loop_.counts.Add("fault net: frame spoilt");
  message.bytes = wire::EncodeFrame(*frame);
}

void Stream::Fly(End from, Message message) {
  Side& side = sides_[from];
  if (!side.flying.empty() && !message.last && !side.flying.back().last &&
      loop_.rng.Percent(line_.overtake_percent)) {
    loop_.counts.Add("fault net: frame overtaken");
    std::swap(side.flying.back(), message);
  }
  side.flying.push_back(std::move(message));
  const Duration at = std::max(
      side.last_arrival, loop_.now() + line_.latency + loop_.rng.Within(0, line_.jitter.count()));
  side.last_arrival = at;
  loop_.After(at - loop_.now(), [self = shared_from_this(), from] { self->Arrive(from); });
}

void Stream::Arrive(End from) {
  Side& side = sides_[from];
  if (side.flying.empty()) return;
  Message message = std::move(side.flying.front());
  side.flying.pop_front();
  if (line_.blocked[from] || !side.stuck.empty()) {
    side.stuck.push_back(std::move(message));
    return;
  }
  Deliver(Other(from), std::move(message));
}

void Stream::Deliver(End at, Message message) {
  sides_[at].in.push_back(std::move(message));
  Read(at);
}

void Stream::Read(End at) {
  Side& side = sides_[at];
  if (side.reading || side.in.empty()) return;
  side.reading = true;
  loop_.After(line_.read_pause[at], [self = shared_from_this(), at] {
    Side& here = self->sides_[at];
    here.reading = false;
    if (here.in.empty()) return;
    Message message = std::move(here.in.front());
    here.in.pop_front();
    const auto user = here.user;
    if (user && message.last) {
      here.user.reset();
      self->sides_[at].cut = true;
      user->Ended(Error(ErrorCode::kSyncLink, "the peer has ended the stream"));
    } else if (user) {
      user->Message(std::move(message.bytes));
    }
    self->Read(at);
    self->Pump(Other(at));
  });
}

void Stream::Close(End end) {
  Side& side = sides_[end];
  const auto user = std::exchange(side.user, nullptr);
  if (!side.cut) {
    side.out.push_back({{}, true});
    Pump(end);
  }
  if (user) user->Ended(Error(ErrorCode::kSyncLink, "closed here"));
}

void Stream::Abort(End end, bool silent) {
  for (Side& side : sides_) {
    side.cut = true;
    side.out.clear();
    side.bytes_waiting = 0;
    side.flying.clear();
    side.stuck.clear();
  }
  const auto user = std::exchange(sides_[end].user, nullptr);
  if (!silent && sides_[Other(end)].user && !line_.blocked[end]) {
    loop_.After(line_.latency, [self = shared_from_this(), end] {
      const auto peer = std::exchange(self->sides_[Other(end)].user, nullptr);
      if (peer) peer->Ended(Error(ErrorCode::kSyncLink, "connection reset"));
    });
  }
  if (user) user->Ended(Error(ErrorCode::kSyncLink, "aborted here"));
}

void Stream::Freeze() {
  for (Side& side : sides_) {
    side.cut = true;
    side.flying.clear();
    side.stuck.clear();
  }
}

void Stream::Resume() {
  for (const End from : {kChild, kParent}) {
    Side& side = sides_[from];
    if (!line_.blocked[from]) {
      while (!side.stuck.empty()) {
        Message message = std::move(side.stuck.front());
        side.stuck.pop_front();
        Deliver(Other(from), std::move(message));
      }
    }
    Pump(from);
    Read(from);
  }
}

}  // namespace tj::sim
