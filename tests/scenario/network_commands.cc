// connect, cut, deliver, drop, repeat, swap, queue, step-time, step-clock, quiet.

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "protocol/vocab/text.h"
#include "tests/scenario/commands.h"

namespace tj::scenario {
namespace {

// connect A B [reclaim]: A dials; it asks for its own ledger.
void Connect(World& world, const Command& command) {
  const Way way = WayOf(world, command);
  for (const NodeCode& code : {way.first, way.second}) {
    if (!world.Find(code)->up) throw BadCommand{Cat(code.text(), " is down")};
  }
  world.Connect(way.first, way.second, command.Has("reclaim"));
}

// cut A B: the stream breaks.
void Cut(World& world, const Command& command) {
  const Way way = WayOf(world, command);
  world.Cut(way.first, way.second, "cut");
}

Duration DurationOf(const std::string& text) {
  const bool ms = text.ends_with("ms");
  const bool back = text.starts_with('-');
  const std::string digits = text.substr(back ? 1 : 0);
  const auto number = static_cast<int64_t>(std::strtoull(digits.c_str(), nullptr, 10));
  return Duration((back ? -1 : 1) * number * (ms ? 1 : 1000));
}

void LogCounts(World& world, const std::map<std::string, int>& counts) {
  std::string line = "delivered:";
  for (const auto& [name, n] : counts) line += Cat(" ", name, "=", n);
  world.Log(line);
}

// deliver [FROM TO [n=1]] [before=FRAME] [each=50ms] [crash-before-send] [quiet]: everything, or
// the next of one way, or everything but what stands behind the first such frame of one way.
void Deliver(World& world, const Command& command) {
  const bool quiet = command.Has("quiet");
  const bool was_quiet = std::exchange(world.quiet, quiet);
  world.frame_time = DurationOf(command.Text("each").value_or("0"));
  if (command.words().empty() || command.Word(0) == "quiet") {
    const auto counts = world.DeliverAll();
    if (quiet) LogCounts(world, counts);
  } else if (const auto kind = command.Text("before")) {
    world.DeliverAll(WayOf(world, command), *kind);
    if (world.Queue(WayOf(world, command)).empty()) world.Log("error: no such frame came");
  } else {
    const Way way = WayOf(world, command);
    const uint64_t n = command.Number("n", 1);
    for (uint64_t i = 0; i < n; ++i) {
      if (!world.DeliverOne(way, command.Has("crash-before-send"))) {
        world.Log("nothing is under way");
        break;
      }
    }
  }
  world.quiet = was_quiet;
}

// drop FROM TO [n=1]: the next frames are lost.
void Drop(World& world, const Command& command) {
  const Way way = WayOf(world, command);
  auto& queue = world.Queue(way);
  for (uint64_t n = command.Number("n", 1); n > 0 && !queue.empty(); --n) {
    world.Log(Cat("lost: ", Describe(queue.front())));
    queue.pop_front();
  }
}

// repeat FROM TO: the next frame comes twice.
void Repeat(World& world, const Command& command) {
  auto& queue = world.Queue(WayOf(world, command));
  if (!queue.empty()) queue.insert(queue.begin(), wire::Frame(queue.front()));
}

// swap FROM TO: the next two frames change places.
void Swap(World& world, const Command& command) {
  auto& queue = world.Queue(WayOf(world, command));
  if (queue.size() > 1) std::swap(queue[0], queue[1]);
}

// queue FROM TO: what is under way.
void ShowQueue(World& world, const Command& command) {
  const Way way = WayOf(world, command);
  for (const wire::Frame& frame : world.Queue(way)) {
    world.Log(Cat(way.first.text(), " -> ", way.second.text(), " ", Describe(frame)));
  }
}

// step-time 60s | 500ms [deliver] [quiet]: timers fire when they are due.
void StepTime(World& world, const Command& command) {
  const bool was_quiet = std::exchange(world.quiet, command.Has("quiet"));
  world.Advance(DurationOf(command.Word(0)), command.Has("deliver"));
  world.quiet = was_quiet;
}

// step-clock -60s: the clock jumps, and nothing else happens.
void StepClock(World& world, const Command& command) {
  world.StepClock(DurationOf(command.Word(0)));
}

}  // namespace

void AddNetworkCommands(CommandTable& table) {
  table["connect"] = Connect;
  table["cut"] = Cut;
  table["deliver"] = Deliver;
  table["drop"] = Drop;
  table["repeat"] = Repeat;
  table["swap"] = Swap;
  table["queue"] = ShowQueue;
  table["step-time"] = StepTime;
  table["step-clock"] = StepClock;
}

}  // namespace tj::scenario
