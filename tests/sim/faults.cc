#include "tests/sim/faults.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "crypto/sm3.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/limits.h"
#include "tests/sim/rows.h"

namespace tj::sim {

namespace {

// Of faults that wait for their occasion, what is counted when they come true.
constexpr std::array<std::string_view, 10> kLater{
    "fault crash: power cut while writing",
    "fault disk full: a write refused",
    "fault disk: a write failed",
    "fault disk: a write to the projections failed",
    "fault disk: an earlier copy",
    "fault net: frame doubled",
    "fault net: frame dropped",
    "fault net: frame overtaken",
    "fault net: frame spoilt",
    "fault serving: bodies withheld",
};

}  // namespace

struct Faults::Kind {
  void (Faults::*make)();
  uint64_t weight = 1;
  uint64_t percent = 100;  // of the histories that may have it
};

const std::vector<Faults::Kind>& Faults::All() {
  static const std::vector<Kind> all{
      {&Faults::CrashAtRest, 3},
      {&Faults::CrashWhileWriting, 4},
      {&Faults::StopInOrder},
      {&Faults::WriteFails, 2},
      {&Faults::DiskFull},
      {&Faults::DerivedFails},
      {&Faults::DerivedDeleted},
      {&Faults::ClockDrifts},
      {&Faults::ClockStepsForward},
      {&Faults::ClockStepsBack},
      {&Faults::ClockJumps},
      {&Faults::StreamCut, 3},
      {&Faults::StreamHalfOpen, 2},
      {&Faults::StopInTheMiddle, 3},
      {&Faults::Partition, 2},
      {&Faults::OneWayPartition, 2},
      {&Faults::SlowLink, 2},
      {&Faults::SlowReader},
      {&Faults::Delay},
      {&Faults::Files, 2},
      {&Faults::Spoil, 2},
      {&Faults::SignerAway},
      {&Faults::NewKey},
      {&Faults::Withhold, 2},
      {&Faults::RestoreDisk, 2, 50},
      {&Faults::TwoHeads, 1, 25},
      {&Faults::Split, 1, 25},
  };
  return all;
}

Faults::Faults(Loop& loop, Federation& federation, Duration until, Duration pause)
    : loop_(loop), federation_(federation), until_(until), pause_(pause), rng_(loop.rng.Split()) {
  const uint64_t share = 20 + rng_.Below(80);
  for (const Kind& kind : All()) {
    if (!rng_.Percent(share * kind.percent / 100)) continue;
    for (uint64_t i = 0; i < kind.weight; ++i) kinds_.push_back(&kind);
  }
}

void Faults::Begin() {
  if (!kinds_.empty()) Next();
}

void Faults::Next() {
  loop_.After(rng_.Within(1, 2 * pause_.count()), [this] {
    if (over_ || loop_.now() >= until_) return;
    (this->*rng_.Pick(kinds_)->make)();
    Next();
  });
}

Node& Faults::AnyNode() {
  auto at = federation_.nodes().begin();
  std::advance(at, static_cast<std::ptrdiff_t>(rng_.Below(federation_.nodes().size())));
  return *at->second;
}

Line& Faults::AnyLine() { return *rng_.Pick(federation_.lines()); }

void Faults::For(Duration duration, std::function<void()> undo) {
  loop_.After(duration, [this, undo = std::move(undo)] {
    if (!over_) undo();
  });
}

uint64_t Faults::made() const {
  const auto met = [this](std::string_view name) { return loop_.counts.Of(name) > 0; };
  return made_ + static_cast<uint64_t>(std::count_if(kLater.begin(), kLater.end(), met));
}

void Faults::Note(std::string_view name) {
  ++made_;
  loop_.counts.Add(name);
  loop_.Trace("fault", name);
}

void Faults::CrashAtRest() {
  Node& node = AnyNode();
  if (!node.up()) return;
  Note("fault crash: at rest");
  node.Crash(rng_.OneIn(3));
  For(rng_.Within(100, 40'000), [&node] { node.Start(); });
}

void Faults::CrashWhileWriting() {
  Node& node = AnyNode();
  if (!node.up()) return;
  node.disk().Arm(SimDisk::Fault::kPowerGoes, rng_.Below(6));
  For(rng_.Within(5'000, 60'000), [&node] { node.Start(); });
}

void Faults::StopInOrder() {
  Node& node = AnyNode();
  if (!node.up()) return;
  Note("fault stop: orderly");
  node.Stop();
  For(rng_.Within(100, 30'000), [&node] { node.Start(); });
}

void Faults::WriteFails() {
  Node& node = AnyNode();
  if (!node.up()) return;
  node.disk().Arm(SimDisk::Fault::kWriteFails, rng_.Below(6));
}

void Faults::DiskFull() {
  Node& node = AnyNode();
  loop_.Trace("fault", Cat("disk of ", node.code().text(), " full"));
  node.disk().SetFull(true);
  For(rng_.Within(1'000, 30'000), [&node] { node.disk().SetFull(false); });
}

void Faults::DerivedFails() {
  Node& node = AnyNode();
  node.disk().ArmDerived(rng_.Below(4));
}

void Faults::DerivedDeleted() {
  Node& node = AnyNode();
  if (!node.up()) return;
  Note("fault disk: projections deleted");
  node.Stop();
  node.disk().DeleteDerived();
  loop_.counts.Add("state projection rebuilt");
  For(rng_.Within(100, 5'000), [&node] { node.Start(); });
}

void Faults::ClockDrifts() {
  Note("fault clock: drift");
  AnyNode().clock().Drift(rng_.Between(-20'000, 20'000));
}

void Faults::ClockStepsForward() {
  Note("fault clock: step forward");
  AnyNode().clock().Step(rng_.Within(1, 300'000));
}

void Faults::ClockStepsBack() {
  Note("fault clock: step back");
  AnyNode().clock().Step(rng_.Within(-300'000, -1));
}

// Beyond what sequencing believes: an operator sets it right, or says that it is.
void Faults::ClockJumps() {
  Node& node = AnyNode();
  Note("fault clock: step of hours");
  const Duration by = rng_.Within(-7'200'000, 7'200'000);
  node.clock().Step(by);
  For(rng_.Within(5'000, 60'000), [this, &node] {
    if (rng_.OneIn(2)) node.clock().SetRight();
    node.ConfirmClock();
  });
}

void Faults::StreamCut() {
  Line& line = AnyLine();
  if (!line.stream) return;
  Note("fault net: stream cut");
  line.stream->Abort(rng_.OneIn(2) ? kChild : kParent, false);
}

void Faults::StreamHalfOpen() {
  Line& line = AnyLine();
  if (!line.stream) return;
  Note("fault net: stream half open");
  if (rng_.OneIn(2)) {
    line.stream->Freeze();
  } else {
    line.stream->Abort(rng_.OneIn(2) ? kChild : kParent, true);
  }
}

// Waits for a frame that takes a while, and ends what carries it.
void Faults::StopInTheMiddle() {
  for (const auto& line : federation_.lines()) {
    if (!line->stream) continue;
    for (const End end : {kChild, kParent}) {
      if (!line->stream->HalfSent(end)) continue;
      Note("fault net: stopped in the middle of a frame");
      if (rng_.OneIn(2)) return line->stream->Freeze();
      Node& node = federation_.At(end == kChild ? line->child : line->parent);
      node.Crash(true);
      return For(rng_.Within(100, 20'000), [&node] { node.Start(); });
    }
  }
  // None is: make the next ones take long enough.
  Line& line = AnyLine();
  line.state.bytes_per_ms = 1;
  For(Duration(20'000), [&line] { line.state.bytes_per_ms = line.usual.bytes_per_ms; });
}

void Faults::Partition() {
  Line& line = AnyLine();
  Note("fault net: two-way partition");
  line.state.blocked = {true, true};
  For(rng_.Within(1'000, 150'000), [&line] {
    line.state.blocked = {};
    if (line.stream) line.stream->Resume();
  });
}

void Faults::OneWayPartition() {
  Line& line = AnyLine();
  Note("fault net: one-way partition");
  line.state.blocked[rng_.Below(2)] = true;
  For(rng_.Within(1'000, 150'000), [&line] {
    line.state.blocked = {};
    if (line.stream) line.stream->Resume();
  });
}

void Faults::SlowLink() {
  Line& line = AnyLine();
  Note("fault net: slow link");
  line.state.bytes_per_ms = rng_.Between(1, 16);
  For(rng_.Within(10'000, 120'000), [&line] { line.state.bytes_per_ms = line.usual.bytes_per_ms; });
}

void Faults::SlowReader() {
  Line& line = AnyLine();
  Note("fault net: slow reader");
  line.state.read_pause[rng_.Below(2)] = rng_.Within(100, 3'000);
  For(rng_.Within(5'000, 60'000), [&line] { line.state.read_pause = {}; });
}

void Faults::Delay() {
  Line& line = AnyLine();
  Note("fault net: delay");
  line.state.latency = rng_.Within(200, 8'000);
  line.state.jitter = rng_.Within(0, 2'000);
  For(rng_.Within(5'000, 60'000), [&line] {
    line.state.latency = line.usual.latency;
    line.state.jitter = line.usual.jitter;
  });
}

// As bundles do: single frames are lost, doubled, and overtake each other.
void Faults::Files() {
  Line& line = AnyLine();
  loop_.Trace("fault", Cat(line.child.text(), ": frames as files"));
  line.files = true;
  line.state.drop_percent = rng_.Below(30);
  line.state.double_percent = rng_.Below(30);
  line.state.overtake_percent = rng_.Below(50);
  line.state.jitter = rng_.Within(10, 500);
  For(rng_.Within(5'000, 60'000), [&line] {
    line.state.drop_percent = line.state.double_percent = line.state.overtake_percent = 0;
    line.state.jitter = line.usual.jitter;
  });
}

void Faults::Spoil() {
  Line& line = AnyLine();
  line.spoilt = true;
  line.state.spoil_percent = 20 + rng_.Below(50);
  For(rng_.Within(5'000, 40'000), [&line] { line.state.spoil_percent = 0; });
}

void Faults::SignerAway() {
  Node& node = AnyNode();
  Note("fault signer: away");
  node.signer().away = true;
  For(rng_.Within(1'000, 60'000), [&node] { node.signer().away = false; });
}

// The node signs with a new key; the others hear of it at various times.
void Faults::NewKey() {
  Node& node = AnyNode();
  if (node.key_generation() != 0) return;
  Note("fault keys: a new signing key");
  node.UseKey(1);
  for (auto& [code, other] : federation_.nodes()) {
    For(rng_.Within(0, 60'000),
        [this, at = other.get()] { federation_.SetTrust(*at, kKeysPerNode); });
  }
}

void Faults::Withhold() {
  Node& node = AnyNode();
  node.withholds = true;
  For(rng_.Within(10'000, 90'000), [&node] { node.withholds = false; });
}

void Faults::RestoreDisk() {
  if (restored_ != nullptr) return;
  Node& node = AnyNode();
  restored_ = std::make_unique<RestoredDisk>(loop_, federation_, node);
  restored_->Begin(until_);
}

// An origin signs a second head of a size that one of its neighbours has seen, and shows it that.
void Faults::TwoHeads() {
  Line& line = AnyLine();
  if (!line.stream || line.spoilt) return;
  const End end = rng_.OneIn(2) ? kChild : kParent;
  Node& origin = federation_.At(end == kChild ? line.child : line.parent);
  const Node& reader = federation_.At(end == kChild ? line.parent : line.child);
  const PastCheck& past = federation_.watch().past();
  if (split_ != nullptr || past.Frozen(reader.code(), origin.own())) return;
  if (past.BeingRestored(origin.code()) || past.BeingRestored(reader.code())) return;
  const auto number = rows::NumberOf(reader.disk().truth(), origin.own());
  const uint64_t size = number ? rows::SizeOf(reader.disk().truth(), *number) : 0;
  // By a key that the reader knows.
  const bool known =
      origin.key_generation() == 0 || reader.HasTrust(federation_.Trust(kKeysPerNode));
  if (size == 0 || !known) return;
  // Amid a transfer it may hold leaves up to where no head ends: then it has nothing to compare.
  if (!rows::HasHead(reader.disk().truth(), *number, size)) return;
  const crypto::Head head{origin.own(), size, crypto::Sm3Of({"another history"}),
                          origin.clock().Now()};
  const auto note =
      crypto::SignHead(head, Keys::Instance().SignerOf(origin.code(), origin.key_generation()));
  TJ_CHECK(note.ok());
  Note("fault origin: two heads of one size");
  forked_ = true;
  federation_.watch().Lied(origin.own(), reader.code(), note->Text());
  line.stream->Send(end, wire::EncodeFrame(wire::HeadFrame{note->Text(), size, {}}));
}

void Faults::Split() {
  if (split_ != nullptr || forked_) return;
  auto split = std::make_unique<SplitView>(loop_, federation_, AnyLine());
  if (!split->Begin()) return;
  Note("fault origin: another history for one child");
  split_ = std::move(split);
}

void Faults::Heal() {
  over_ = true;
  loop_.Trace("heal", "all faults are over");
  for (auto& line : federation_.lines()) {
    line->state = line->usual;
    if (!line->stream) continue;
    line->stream->Resume();
    // A ledger that was spoilt rests until there is another stream, and so does one whose publisher
    // gave up for good when that was lost.
    if (line->spoilt || line->files) line->stream->Abort(kChild, false);
  }
  for (auto& [code, node] : federation_.nodes()) {
    node->disk().SetFull(false);
    node->disk().Arm(SimDisk::Fault::kNone, 0);
    node->disk().DisarmDerived();
    node->withholds = false;
    node->signer().away = false;
    node->clock().SetRight();
    if (node->dying()) node->Crash(false);
    node->Start();
    node->ConfirmClock();
    // Streams go on; what a list of keys holds up needs new ones, as in sync/link.
    if (!node->HasTrust(federation_.Trust(kKeysPerNode))) {
      federation_.SetTrust(*node, kKeysPerNode);
    }
  }
  federation_.DialAll();
}

}  // namespace tj::sim
