// Watch: what the checkers are told of, as it happens; and the counting of protocol states. A
// further checker joins here. Confined to a thread.

#ifndef TJ_TESTS_SIM_WATCH_H_
#define TJ_TESTS_SIM_WATCH_H_

#include <map>
#include <optional>
#include <string>

#include "protocol/wire/frame.h"
#include "sync/core/output.h"
#include "tests/sim/check_audience.h"
#include "tests/sim/check_bounds.h"
#include "tests/sim/check_ledgers.h"
#include "tests/sim/check_pace.h"
#include "tests/sim/check_past.h"
#include "tests/sim/check_statements.h"
#include "tests/sim/node.h"

namespace tj::sim {

// One line for a trace.
std::string DescribeFrame(const wire::Frame& frame);

class Watch {
 public:
  Watch(Loop& loop, const Tree& tree);
  void Add(Node& node) { nodes_[node.code()] = &node; }

  // `from` has a new stream to `to`.
  void Began(const NodeCode& from, const NodeCode& to) { pace_.Began(from, to); }
  // `steady_bytes_per_ms`: of a line that has been the same since the stream began.
  void Sent(const NodeCode& from, const NodeCode& to, const wire::Frame& frame,
            std::optional<int64_t> steady_bytes_per_ms);
  // `ready`: the session has had the hello, without which a frame only ends the stream.
  void Received(const NodeCode& at, const NodeCode& from, const wire::Frame& frame, bool ready);
  void Stepped(const NodeCode& node, const NodeCode& peer, const sync::Output& output);
  void Happened(const NodeCode& node, const NodeCode& peer, const sync::Event& event);
  void Waiting(const NodeCode& node, const NodeCode& peer, uint64_t bytes);
  // It may have written something.
  void Committed(Node& node);
  void Signed(Node& node, const crypto::Note& note);
  void Acknowledged(const NodeCode& node, const store::DedupKey& name,
                    const store::Appended& answer, bool conflict_expected);
  void Started(Node& node);
  // Its disk is as it was once; the followers hold all that it has lost.
  void Restored(Node& node);
  // `note`, of `origin` and untrue, was sent to `to`, which holds all leaves it is about.
  void Lied(const LedgerId& origin, const NodeCode& to, const Bytes& note);
  void Forked(Node& node, const LedgerId& ledger);
  // `node` has found words about a head that cannot have been there yet.
  void EarlyHead(Node& node, const LedgerId& ledger);
  void DidNotStart(const NodeCode& node, const absl::Status& why);
  void Down(const NodeCode& node);
  void Addressed(const NodeCode& origin, const AudienceCheck::Tag& tag, const NodeCode& reader) {
    audience_.Addressed(origin, tag, reader);
  }
  // When everything has arrived.
  void CheckAddressed();
  // All that can be checked of the disks as they are.
  void CheckDisks();

  LedgerCheck& ledgers() { return ledgers_; }
  BoundsCheck& bounds() { return bounds_; }
  PastCheck& past() { return past_; }

 private:
  Loop& loop_;
  std::map<NodeCode, Node*> nodes_;
  LedgerCheck ledgers_;
  StatementCheck statements_;
  AudienceCheck audience_;
  BoundsCheck bounds_;
  PaceCheck pace_;
  PastCheck past_;
};

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_WATCH_H_
