// PastCheck: what nodes make of a past that is not as it was. Of a disk that was set back: the
// first peer that is ready has shown it, nothing is signed or written until all is back, and all
// comes back. Of an origin that signs two heads of one size: whoever is shown both has the proof at
// once, takes nothing more of that ledger, and does not forget over a restart. Everybody else sees
// neither. Confined to a thread.

#ifndef TJ_TESTS_SIM_CHECK_PAST_H_
#define TJ_TESTS_SIM_CHECK_PAST_H_

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "crypto/note.h"
#include "protocol/wire/frame.h"
#include "sync/core/output.h"
#include "tests/sim/check_ledgers.h"
#include "tests/sim/node.h"
#include "tests/sim/tree.h"

namespace tj::sim {

class PastCheck {
 public:
  PastCheck(Loop& loop, LedgerCheck& ledgers) : loop_(loop), ledgers_(ledgers) {}

  void Restored(const Node& node) {
    restored_.emplace(node.code(), false);
    // What it had found is gone with the disk; the node goes on and may find it again.
    std::erase_if(frozen_, [&](const auto& entry) { return entry.first.first == node.code(); });
    ever_restored_.insert(node.code());
  }
  // At some time: bodies that only it had are gone.
  bool WasRestored(const NodeCode& node) const { return ever_restored_.count(node) > 0; }
  bool BeingRestored(const NodeCode& node) const { return restored_.count(node) > 0; }
  void Lied(const LedgerId& origin, const NodeCode& to, const Bytes& note) {
    lies_.emplace(std::pair(to, note), origin);
  }

  // `parent` shows `child` a `head` of its own that is not of its history; `said` is called with
  // the child's words, if it says them.
  void Shown(const NodeCode& parent, const NodeCode& child, const crypto::Head& head,
             std::function<void(const Bytes&)> said);
  // What the child has said is being written for its siblings: a write that fails may be there all
  // the same.
  void PassingOn() { split_->may_be_known = true; }
  // The words are in the parent's ledger.
  void PassedOn() { split_->passed_on = true; }
  // Whether this is what was shown; then its words are not looked at by others.
  bool SaidSplit(const NodeCode& from, const wire::Frame& frame);
  // Empty when all siblings know of a split.
  std::string NotFound(const Tree& tree) const;
  bool Severed(const NodeCode& a, const NodeCode& b) const;
  // Whether all that is meant for it must have arrived.
  bool Undisturbed(const NodeCode& node) const {
    return !split_ && frozen_.empty() && !WasRestored(node);
  }
  bool AnySevered() const { return split_.has_value(); }

  void Received(const NodeCode& at, const Bytes& head);
  void Stepped(const NodeCode& node, const sync::Output& output);
  void Happened(const Node& node, const NodeCode& peer, const sync::Event& event);
  void Committed(Node& node);
  void Signed(const Node& node);
  void Forked(const Node& node, const LedgerId& ledger);
  void EarlyHead(const Node& node, const LedgerId& ledger);
  // The disk of `node`, at any time.
  void AtRest(const Node& node);

  // Whether `node`, or anybody, takes no more of `ledger`.
  bool Frozen(const NodeCode& node, const LedgerId& ledger) const {
    return frozen_.count({node, ledger}) > 0;
  }
  bool FrozenAnywhere(const LedgerId& ledger) const;

 private:
  struct Split {
    NodeCode parent;
    NodeCode child;
    Hash root;
    std::function<void(const Bytes&)> said;
    bool may_be_known = false;
    bool passed_on = false;
  };

  Loop& loop_;
  LedgerCheck& ledgers_;
  std::optional<Split> split_;
  std::map<NodeCode, bool> restored_;  // and whether it has been noticed
  std::set<NodeCode> ever_restored_;
  std::map<std::pair<NodeCode, Bytes>, LedgerId> lies_;
  std::set<std::pair<NodeCode, LedgerId>> told_;              // a lie has arrived
  std::set<std::pair<NodeCode, LedgerId>> stopped_;           // for this stream
  std::set<std::pair<NodeCode, LedgerId>> hears_;             // one that is being told this moment
  std::map<std::pair<NodeCode, LedgerId>, uint64_t> frozen_;  // and at which size
};

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_CHECK_PAST_H_
