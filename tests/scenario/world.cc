#include "tests/scenario/world.h"

#include <algorithm>

#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"
#include "sync/core/credit.h"
#include "sync/core/policy.h"

namespace tj::scenario {

absl::StatusOr<Bytes> ScriptSigner::Sign(ByteView message) {
  if (away) return Error(ErrorCode::kCryptoUnavailable, "the script took it away");
  return key->Sign(message);
}

void World::Log(std::string_view line) {
  log += line;
  log += '\n';
}

Node& World::AddNode(const NodeCode& code, const std::optional<NodeCode>& parent) {
  Node& node = nodes_.try_emplace(code, code, parent, block_records).first->second;
  node.signer.key = &Keyring::Instance().SignerOf(code, node.member.keys);
  return node;
}

Node* World::Find(const NodeCode& code) {
  const auto found = nodes_.find(code);
  return found == nodes_.end() ? nullptr : &found->second;
}

void World::RefreshTrust(Node& node) {
  std::vector<Member> members;
  for (const auto& [code, other] : nodes_) members.push_back(other.member);
  node.trust = Keyring::Instance().Trust(members);
  node.addresses = Keyring::Instance().Addresses(*node.trust, node.member.code);
}

sync::Session* World::Find(const Way& way) {
  const auto found = streams_.find(way);
  return found == streams_.end() ? nullptr : found->second.session.get();
}

void World::Connect(const NodeCode& a, const NodeCode& b, bool reclaim) {
  Drop({a, b});
  Drop({b, a});
  for (const Way& way : {Way{a, b}, Way{b, a}}) {
    Node& node = nodes_.at(way.first);
    sync::SessionOptions options{.self = way.first,
                                 .peer = way.second,
                                 .software = "script",
                                 .trust = node.trust,
                                 .addresses = node.addresses,
                                 .signer = &node.signer,
                                 .ledgers = &node.disk,
                                 .version_min = node.version_min,
                                 .version_max = node.version_max,
                                 .quota = &node.quota};
    if (reclaim && way.first == a) options.reclaim = node.disk.own_id();
    streams_[way].session = std::make_unique<sync::Session>(std::move(options));
  }
  for (const Way& way : {Way{a, b}, Way{b, a}}) {
    if (sync::Session* session = Find(way)) Handle(way, session->Start(now_), false);
  }
}

void World::Drop(const Way& way) {
  streams_.erase(way);
  queues_.erase(way);
  ended_.erase(way);
}

void World::Cut(const NodeCode& a, const NodeCode& b, std::string_view why) {
  if (Find(Way{a, b}) == nullptr && Find(Way{b, a}) == nullptr) return;
  Drop({a, b});
  Drop({b, a});
  Log(Cat(a.text(), " -x- ", b.text(), " ", why));
}

void World::Crash(Node& node, std::string_view why) {
  node.up = false;
  Log(Cat(node.member.code.text(), ": ", why));
  for (const auto& [code, other] : nodes_) Cut(node.member.code, code, "stream lost");
}

void World::Published(const NodeCode& code, const LedgerId& ledger, bool urgent) {
  std::vector<Way> ways;
  for (const auto& [way, stream] : streams_) {
    if (way.first == code) ways.push_back(way);
  }
  for (const Way& way : ways) {
    if (sync::Session* session = Find(way)) {
      Handle(way, session->OnPublished(ledger, urgent, now_), false);
    }
  }
}

void World::Account(const Way& way, const sync::Output& output) {
  const auto staged = std::count_if(output.persist.begin(), output.persist.end(), [](auto& op) {
    return std::holds_alternative<sync::PersistSegment>(op);
  });
  bounds_.staged_segments = std::max(bounds_.staged_segments, static_cast<size_t>(staged));
  uint64_t sent = 0;
  for (const wire::Frame& frame : output.then_send) {
    sent += sync::CreditCost(frame);
    bounds_.frame_bytes = std::max(bounds_.frame_bytes, sync::CreditCost(frame));
  }
  bounds_.sent_bytes = std::max(bounds_.sent_bytes, sent);
  bounds_.in_flight_bytes = std::max(bounds_.in_flight_bytes, sent + UnderWay(way));
}

uint64_t World::UnderWay(const Way& way) {
  uint64_t bytes = 0;
  for (const wire::Frame& frame : queues_[way]) bytes += sync::CreditCost(frame);
  return bytes;
}

void World::Handle(const Way& way, sync::Output output, bool crash_before_send) {
  Node& node = nodes_.at(way.first);
  Account(way, output);
  if (!quiet) {
    for (const sync::PersistOp& op : output.persist) Log(Cat("  write ", Describe(op)));
  }
  node.disk.Apply(output.persist);
  for (const std::string& problem : std::exchange(node.disk.problems(), {})) Log(problem);
  if (crash_before_send) {
    Crash(node, "crashed after writing, before sending");
    return;
  }
  for (wire::Frame& frame : output.then_send) {
    const auto* seen = std::get_if<wire::SeenFrame>(&frame);
    const auto* held = std::get_if<wire::HeldFrame>(&frame);
    if ((seen != nullptr && !node.disk.Stated(seen->note)) ||
        (held != nullptr && !node.disk.Stated(held->note))) {
      Log(Cat(way.first.text(), ": broken promise: a statement leaves that is not durable"));
    }
    // Through its bytes, as on a real stream.
    auto received = wire::DecodeFrame(wire::EncodeFrame(frame));
    if (received.ok()) {
      queues_[way].push_back(*std::move(received));
    } else {
      Log(Cat(way.first.text(), ": broken promise: sent a frame that no one accepts: ",
              DescribeStatus(received.status())));
    }
  }
  for (const sync::Event& event : output.events) {
    if (!quiet) Log(Cat("  event ", Describe(event)));
  }
  if (!output.close.ok()) {
    Log(Cat("  close ", DescribeStatus(output.close)));
    streams_.erase(way);
    ended_[way] = true;
    EndIfDrained(way);
    return;
  }
  Stream& stream = streams_.at(way);
  stream.wake_at = output.wake_at;
  stream.more_to_send = output.more_to_send;
  PumpIfRoom(way);
  for (const sync::Event& event : output.events) {
    if (sync::WakesOthers(*node.trust, way.first, event)) {
      Published(way.first, event.ledger, false);
    }
  }
}

void World::PumpIfRoom(const Way& way) {
  const auto found = streams_.find(way);
  if (found == streams_.end() || !found->second.more_to_send) return;
  if (UnderWay(way) > transport_bytes) return;
  found->second.more_to_send = false;
  Handle(way, found->second.session->OnWritable(now_), false);
}

// The sender has closed and all it had sent was delivered: the other end sees the stream end.
void World::EndIfDrained(const Way& way) {
  if (!ended_[way] || !queues_[way].empty()) return;
  ended_.erase(way);
  const Way back{way.second, way.first};
  if (streams_.erase(back) > 0) Log(Cat(way.second.text(), ": stream ended by ", way.first.text()));
  queues_.erase(back);
}

bool World::DeliverOne(const Way& way, bool crash_before_send) {
  std::deque<wire::Frame>& queue = queues_[way];
  if (queue.empty()) return false;
  const wire::Frame frame = std::move(queue.front());
  queue.pop_front();
  if (!quiet) Log(Cat(way.first.text(), " -> ", way.second.text(), " ", Describe(frame)));
  const Way back{way.second, way.first};
  if (sync::Session* session = Find(back)) {
    Handle(back, session->Step(frame, now_), crash_before_send);
  } else if (!quiet) {
    Log("  nobody listens");
  }
  PumpIfRoom(way);
  EndIfDrained(way);
  return true;
}

std::map<std::string, int> World::DeliverAll(const std::optional<Way>& held,
                                             std::string_view before) {
  std::map<std::string, int> counts;
  constexpr int kFramesMax = 1'000'000;
  const auto waits = [&](const Way& way, const std::deque<wire::Frame>& queue) {
    return queue.empty() || (way == held && wire::FrameName(queue.front()) == before);
  };
  for (int n = 0; n < kFramesMax;) {
    std::vector<Way> ways;
    for (const auto& [way, queue] : queues_) {
      if (!waits(way, queue)) ways.push_back(way);
    }
    if (ways.empty()) return counts;
    for (const Way& way : ways) {
      const auto found = queues_.find(way);
      if (found == queues_.end() || waits(way, found->second)) continue;
      ++counts[std::string(wire::FrameName(found->second.front()))];
      ++n;
      now_ = now_ + frame_time;
      DeliverOne(way);
    }
  }
  Log("broken promise: frames never end");
  return counts;
}

void World::Advance(Duration by, bool deliver) {
  const Instant until = now_ + by;
  constexpr int kTimersMax = 100'000;
  for (int n = 0; n < kTimersMax; ++n) {
    auto due = streams_.end();
    for (auto at = streams_.begin(); at != streams_.end(); ++at) {
      if (!at->second.wake_at || *at->second.wake_at > until) continue;
      if (due == streams_.end() || *at->second.wake_at < *due->second.wake_at) due = at;
    }
    if (due == streams_.end()) {
      now_ = until;
      return;
    }
    now_ = std::max(now_, *due->second.wake_at);
    const Way way = due->first;
    if (!quiet) Log(Cat(Since(now_), " ", way.first.text(), ": timer"));
    Handle(way, due->second.session->OnTimer(now_), false);
    if (deliver) DeliverAll();
  }
  Log("broken promise: timers never end");
}

}  // namespace tj::scenario
