// tj_sim: plays histories and says what went wrong.
//
//   tj_sim [--seeds N] [--from S] [--jobs J] [--bug NAME] [--until-failure] [--trace]
//
// One process plays every J-th seed, for each of J processes. Ends with "n passed, m failed" and
// the rate. A seed that fails is printed with the command that plays it again. Exit: 0 all were
// played and passed, and a long run met all there is in histories of the size that is wanted; 1
// not so; 2 usage.

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "node/app/log.h"
#include "protocol/vocab/text.h"
#include "tests/sim/history.h"
#include "tests/sim/keys.h"

namespace tj::sim {
namespace {

// From so many seeds on, a fault or state that was never met is a failure, and so are histories
// that are smaller than these, in the median.
constexpr uint64_t kLongRun = 1000;
constexpr uint64_t kNodesWanted = 8;
constexpr uint64_t kRecordsWanted = 500;
constexpr uint64_t kFaultsWanted = 5;

struct Arguments {
  uint64_t seeds = 100;
  uint64_t from = 1;
  uint64_t jobs = 1;
  Bugs bugs;
  std::string bug_name;
  bool trace = false;
  bool until_failure = false;
};

bool ParseNumber(const char* text, uint64_t& into) {
  const char* const end = text + std::strlen(text);
  return std::from_chars(text, end, into).ptr == end;
}

bool Parse(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    const bool has_value = i + 1 < argc;
    if (name == "--trace") {
      arguments.trace = true;
    } else if (name == "--until-failure") {
      arguments.until_failure = true;
    } else if (name == "--seeds" && has_value) {
      if (!ParseNumber(argv[++i], arguments.seeds)) return false;
    } else if (name == "--from" && has_value) {
      if (!ParseNumber(argv[++i], arguments.from)) return false;
    } else if (name == "--jobs" && has_value) {
      if (!ParseNumber(argv[++i], arguments.jobs) || arguments.jobs == 0) return false;
    } else if (name == "--bug" && has_value) {
      const auto bug = BugFromName(argv[++i]);
      if (!bug) return false;
      arguments.bugs.bug = *bug;
      arguments.bug_name = argv[i];
    } else {
      return false;
    }
  }
  return true;
}

// What one process found, as text: a line when a seed begins ("> seed"), one when it is over ("=
// nodes records faults settled"), one when it has failed ("! seed failure"); at the end the counts.
// False when one failed.
bool PlayShare(const Arguments& arguments, uint64_t share, std::FILE* out) {
  Counts counts;
  bool passed = true;
  for (uint64_t i = share; i < arguments.seeds; i += arguments.jobs) {
    const uint64_t seed = arguments.from + i;
    std::fprintf(out, "> %llu\n", static_cast<unsigned long long>(seed));
    std::fflush(out);
    HistoryResult result = RunHistory({seed, arguments.bugs, arguments.trace});
    counts.Merge(result.counts);
    std::fprintf(out, "= %llu %llu %llu %lld\n", static_cast<unsigned long long>(result.nodes),
                 static_cast<unsigned long long>(result.records),
                 static_cast<unsigned long long>(result.faults),
                 static_cast<long long>(result.settled_ms));
    if (!result.failure.empty()) {
      passed = false;
      std::fprintf(out, "! %llu %s\n", static_cast<unsigned long long>(seed),
                   result.failure.c_str());
      if (arguments.until_failure) break;
    }
    std::fflush(out);
  }
  counts.Add("signatures made", Signatures().made);
  counts.Add("signatures remembered", Signatures().remembered);
  counts.Add("signatures verified by OpenSSL", Signatures().verified);
  std::fputs(counts.Text().c_str(), out);
  std::fflush(out);
  return passed;
}

struct Total {
  Counts counts;
  std::vector<uint64_t> nodes, records, faults, settled;
  std::vector<std::string> failures;
};

// A process that plays, and the end of the pipe that it writes to.
struct Player {
  pid_t pid = 0;
  int pipe = -1;        // -1: it has said everything
  std::string rest;     // of what it said, up to where no line ends yet
  std::string playing;  // the seed that began last
};

void TakeLine(const std::string& line, Player& player, Total& total) {
  if (line.starts_with("= ")) {
    unsigned long long nodes = 0, records = 0, faults = 0, settled = 0;
    if (std::sscanf(line.c_str(), "= %llu %llu %llu %llu", &nodes, &records, &faults, &settled) ==
        4) {
      total.nodes.push_back(nodes);
      total.records.push_back(records);
      total.faults.push_back(faults);
      total.settled.push_back(settled);
    }
  } else if (line.starts_with("> ")) {
    player.playing = line.substr(2);
  } else if (line.starts_with("! ")) {
    total.failures.push_back(line.substr(2));
    std::printf("FAILED seed %s\n", line.c_str() + 2);
    std::fflush(stdout);
  } else {
    total.counts.Take(line);
  }
}

uint64_t Median(std::vector<uint64_t>& values) {
  if (values.empty()) return 0;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

// A process that dies has failed, too.
void TakeEnd(Player& player, Total& total) {
  close(std::exchange(player.pipe, -1));
  int status = 0;
  waitpid(player.pid, &status, 0);
  if (status == 0) return;
  total.failures.push_back(Cat(player.playing, " the process died with status ", status));
}

void TakeWhatIsThere(Player& player, Total& total) {
  char bytes[65'536];
  const ssize_t count = read(player.pipe, bytes, sizeof bytes);
  if (count < 0 && errno == EINTR) return;
  if (count <= 0) return TakeEnd(player, total);
  player.rest.append(bytes, static_cast<size_t>(count));
  size_t begin = 0;
  for (size_t end; (end = player.rest.find('\n', begin)) != std::string::npos; begin = end + 1) {
    TakeLine(player.rest.substr(begin, end - begin), player, total);
  }
  player.rest.erase(0, begin);
}

// From all at once: who is not listened to waits when his pipe is full.
void Listen(std::vector<Player>& players, Total& total) {
  while (true) {
    std::vector<pollfd> polled;
    for (const Player& player : players) polled.push_back({player.pipe, POLLIN, 0});
    const bool any = std::any_of(players.begin(), players.end(),
                                 [](const Player& player) { return player.pipe >= 0; });
    if (!any) return;
    if (poll(polled.data(), polled.size(), -1) < 0) continue;
    for (size_t i = 0; i < players.size(); ++i) {
      if (polled[i].revents != 0) TakeWhatIsThere(players[i], total);
    }
  }
}

// Plays in `jobs` processes and gathers what they say.
Total PlayAll(const Arguments& arguments) {
  Total total;
  std::vector<Player> players;
  for (uint64_t share = 0; share < arguments.jobs; ++share) {
    int ends[2];
    const bool piped = pipe(ends) == 0;
    const pid_t child = piped ? fork() : -1;
    if (child < 0) {
      total.failures.push_back(Cat("- no process to play in: ", std::strerror(errno)));
      if (piped) close(ends[0]), close(ends[1]);
      continue;
    }
    if (child == 0) {
      close(ends[0]);
      for (const Player& player : players) close(player.pipe);
      PlayShare(arguments, share, fdopen(ends[1], "w"));
      _exit(0);
    }
    close(ends[1]);
    players.push_back({.pid = child, .pipe = ends[0], .rest = {}, .playing = {}});
  }
  Listen(players, total);
  return total;
}

// What is wrong with a run as a whole, a line each.
std::string Shortcomings(const Arguments& arguments, Total& total) {
  std::string text;
  if (!arguments.until_failure && total.nodes.size() != arguments.seeds) {
    text += Cat("only ", total.nodes.size(), " of ", arguments.seeds, " seeds were played\n");
  }
  if (arguments.seeds < kLongRun || arguments.bugs.bug != Bug::kNone) return text;
  const std::string never = total.counts.Never();
  if (!never.empty()) text += Cat("never met:\n", never);
  const auto want = [&text](std::string_view what, uint64_t median, uint64_t wanted) {
    if (median < wanted) text += Cat(what, ": ", median, " in the median, ", wanted, " wanted\n");
  };
  want("nodes", Median(total.nodes), kNodesWanted);
  want("records", Median(total.records), kRecordsWanted);
  want("faults", Median(total.faults), kFaultsWanted);
  return text;
}

int Run(const Arguments& arguments) {
  const auto began = std::chrono::steady_clock::now();
  Keys::Instance();  // before the processes part
  if (arguments.trace) return PlayShare(arguments, 0, stdout) ? 0 : 1;
  Total total = PlayAll(arguments);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  std::fputs(total.counts.Text().c_str(), stdout);
  std::printf("median of a seed: %llu nodes, %llu records, %llu faults, settled after %llu ms\n",
              static_cast<unsigned long long>(Median(total.nodes)),
              static_cast<unsigned long long>(Median(total.records)),
              static_cast<unsigned long long>(Median(total.faults)),
              static_cast<unsigned long long>(Median(total.settled)));
  for (const std::string& failure : total.failures) {
    const std::string seed = failure.substr(0, failure.find(' '));
    std::printf("seed %s\n  again: tj_sim --from %s --seeds 1 --trace%s%s\n", failure.c_str(),
                seed.c_str(), arguments.bug_name.empty() ? "" : " --bug ",
                arguments.bug_name.c_str());
  }
  const std::string shortcomings = Shortcomings(arguments, total);
  std::fputs(shortcomings.c_str(), stdout);
  std::printf("%zu passed, %zu failed (%.1f seeds a second)\n",
              total.nodes.size() - std::min(total.failures.size(), total.nodes.size()),
              total.failures.size(), static_cast<double>(total.nodes.size()) / seconds);
  return total.failures.empty() && shortcomings.empty() ? 0 : 1;
}

}  // namespace
}  // namespace tj::sim

int main(int argc, char** argv) {
  tj::sim::Arguments arguments;
  if (!tj::sim::Parse(argc, argv, arguments)) {
    std::fputs(
        "usage: tj_sim [--seeds N] [--from S] [--jobs J] [--bug NAME] [--until-failure] "
        "[--trace]\n",
        stderr);
    return 2;
  }
  tj::app::StartLog("off", "text", "sim");
  return tj::sim::Run(arguments);
}
