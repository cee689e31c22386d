// show, progress, bounds, fork.

#include "crypto/fork_proof.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/text.h"
#include "tests/scenario/commands.h"

namespace tj::scenario {
namespace {

std::string Indices(const std::set<Index>& indices) {
  std::string text;
  for (const Index index : indices) text += Cat(text.empty() ? "" : " ", index.value);
  return text;
}

// show NODE: what is durable there, a line a ledger.
void Show(World& world, const Command& command) {
  const Node& node = NodeAt(world, command.Word(0));
  for (const auto& [id, ledger] : node.disk.ledgers()) {
    std::string line = Cat(id.Text(), " size=", ledger.size());
    if (!ledger.heads.empty()) {
      const auto& [size, at] = ledger.heads.rbegin()->first;
      line += Cat(" head=", size, "@", Since(at));
    }
    for (const auto& [who, by_size] : ledger.statements) {
      if (by_size.empty()) continue;
      const crypto::Note& note = by_size.rbegin()->second;
      const auto* signature = note.Find(who.second, who.first);
      line += Cat(who.second == crypto::StatementKind::kSeen ? " seen" : " held", "[",
                  who.first.text(), "]=", note.head.size, "@",
                  signature == nullptr ? std::string("?") : Since(signature->at));
    }
    if (!ledger.missing.empty()) line += Cat(" missing=[", Indices(ledger.missing), "]");
    if (!ledger.provisional.empty()) {
      std::set<Index> early;
      for (const auto& [index, leaf] : ledger.provisional) early.insert(index);
      line += Cat(" provisional=[", Indices(early), "]");
    }
    if (!ledger.forks.empty()) line += Cat(" forks=", ledger.forks.size());
    world.Log(line);
  }
}

// bodies NODE LEDGER: which leaves are there with their bodies.
void Bodies(World& world, const Command& command) {
  const Node& node = NodeAt(world, command.Word(0));
  const MemoryLedger* ledger = node.disk.Find(LedgerOf(world, command, node.member.code));
  if (ledger == nullptr) throw BadCommand{"not held"};
  std::string line;
  for (uint64_t i = 0; i < ledger->size(); ++i)
    line += ledger->leaf(Index{i}).body.empty() ? '.' : 'B';
  world.Log(line);
}

// progress A B: A's account of its stream with B.
void Progress(World& world, const Command& command) {
  sync::Session* session = world.Find(WayOf(world, command));
  if (session == nullptr) {
    world.Log("no stream");
    return;
  }
  for (const auto& progress : session->Progress()) {
    world.Log(Cat(progress.publishing ? "publishing " : "following ", progress.ledger.Text(),
                  " announced=", progress.announced, " position=", progress.position, " seen=",
                  progress.seen, " held=", progress.held, progress.stopped ? " stopped" : "",
                  progress.behind_since ? " behind-since=" + Since(*progress.behind_since) : "",
                  progress.paused_until ? " paused-until=" + Since(*progress.paused_until) : ""));
  }
  // What every script would say otherwise.
  const auto& says = session->peer_says();
  if (says && says->version != 1) world.Log(Cat("speaking version ", says->version));
  if (session->clock()) {
    world.Log(Cat("clock ahead by ", session->clock()->ahead.count(), "ms, round trip ",
                  session->clock()->round_trip.count(), "ms"));
  }
}

// bounds: whether memory stayed within what the protocol promises.
void ShowBounds(World& world, const Command&) {
  const Bounds& bounds = world.bounds();
  const auto say = [&world](std::string_view what, uint64_t most, uint64_t limit) {
    world.Log(most <= limit ? Cat(what, ": within ", limit)
                            : Cat(what, ": broken promise: ", most, " of at most ", limit));
  };
  say("segments staged at once", bounds.staged_segments, 1);
  // A frame beyond each bound, because a frame may start as long as anything is left.
  if (bounds.frame_bytes > limits::kSegmentBytesMax) world.Log("broken promise: a huge frame");
  say("bytes sent at once, but for one frame", bounds.sent_bytes - bounds.frame_bytes,
      sync::kPumpBytes);
  say("bytes under way, but for one frame", bounds.in_flight_bytes - bounds.frame_bytes,
      limits::kCreditBytesMax);
  constexpr uint64_t kMiB = 1024 * 1024;
  world.Log(Cat("most under way: ", (bounds.in_flight_bytes + kMiB - 1) / kMiB, " MiB"));
}

// forks NODE LEDGER: whether the proofs kept there show a fork to whoever has the trust list.
void Forks(World& world, const Command& command) {
  const Node& node = NodeAt(world, command.Word(0));
  const MemoryLedger* ledger = node.disk.Find(LedgerOf(world, command, node.member.code));
  if (ledger == nullptr) throw BadCommand{"not held"};
  for (const Bytes& bytes : ledger->forks) {
    const auto proof = crypto::DecodePastProof(bytes);
    if (!proof.ok()) {
      world.Log(DescribeStatus(proof.status()));
      continue;
    }
    const absl::Status status = crypto::VerifyPastProof(*proof, *node.trust);
    if (const auto* fork = std::get_if<crypto::ForkProof>(&*proof)) {
      world.Log(Cat("heads of ", fork->first.head.size, " and ", fork->second.head.size, ", ",
                    fork->consistency.size(),
                    " hashes: ", status.ok() ? "a fork" : DescribeStatus(status)));
    } else {
      const auto& finding = std::get<crypto::RollbackFinding>(*proof);
      world.Log(Cat("head of ", finding.signed_head.head.size, ", found ", finding.found_size, ": ",
                    status.ok() ? "a rollback" : DescribeStatus(status)));
    }
  }
}

}  // namespace

void AddShowCommands(CommandTable& table) {
  table["show"] = Show;
  table["bodies"] = Bodies;
  table["progress"] = Progress;
  table["bounds"] = ShowBounds;
  table["forks"] = Forks;
}

}  // namespace tj::scenario
