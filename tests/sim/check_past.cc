#include "tests/sim/check_past.h"

#include <algorithm>
#include <variant>

#include "protocol/vocab/error.h"
#include "tests/sim/rows.h"

namespace tj::sim {
namespace {

constexpr std::string_view kName = "past";

}  // namespace

void PastCheck::Shown(const NodeCode& parent, const NodeCode& child, const crypto::Head& head,
                      std::function<void(const Bytes&)> said) {
  split_ = Split{parent, child, head.root, std::move(said)};
  // It may find out by itself: what is under way to it is of the other history.
  told_.emplace(child, head.ledger);
}

bool PastCheck::SaidSplit(const NodeCode& from, const wire::Frame& frame) {
  const auto* seen = std::get_if<wire::SeenFrame>(&frame);
  if (!split_ || from != split_->child || seen == nullptr) return false;
  const auto note = crypto::ParseNote(seen->note);
  if (!note.ok() || note->head.root != split_->root) return false;
  if (const auto said = std::exchange(split_->said, nullptr)) {
    loop_.counts.Add("state a split's child has seen");
    said(seen->note);
  }
  return true;
}

std::string PastCheck::NotFound(const Tree& tree) const {
  if (!split_ || !split_->passed_on) return {};
  const LedgerId ledger{split_->parent, Epoch{}};
  const size_t parent = tree.IndexOf(split_->parent);
  for (const Place& place : tree.places()) {
    if (place.parent != parent || place.code == split_->child) continue;
    if (!Frozen(place.code, ledger)) {
      return Cat(place.code.text(), " has not found that ", ledger.Text(), " is split");
    }
  }
  return {};
}

bool PastCheck::Severed(const NodeCode& a, const NodeCode& b) const {
  return split_ && ((split_->parent == a && split_->child == b) ||
                    (split_->parent == b && split_->child == a));
}

void PastCheck::Received(const NodeCode& at, const Bytes& head) {
  const auto lie = lies_.find({at, head});
  if (lie == lies_.end() || Frozen(at, lie->second)) return;
  told_.emplace(at, lie->second);
  if (stopped_.count({at, lie->second}) == 0) hears_.emplace(at, lie->second);
}

// Whoever hears it writes the proof down with this very step.
void PastCheck::Stepped(const NodeCode& node, const sync::Output& output) {
  if (std::erase_if(hears_, [&](const auto& one) { return one.first == node; }) == 0) return;
  const bool proven = std::any_of(
      output.persist.begin(), output.persist.end(),
      [](const sync::PersistOp& op) { return std::holds_alternative<sync::PersistFork>(op); });
  if (!proven) loop_.Fail(kName, Cat(node.text(), " is shown two histories and keeps no proof"));
}

void PastCheck::Happened(const Node& node, const NodeCode& peer, const sync::Event& event) {
  using Kind = sync::Event::Kind;
  if (event.kind == Kind::kReady) stopped_.erase({node.code(), event.ledger});
  if (event.kind == Kind::kLedgerStopped) stopped_.emplace(node.code(), event.ledger);
  const auto restored = restored_.find(node.code());
  // It may have written down what it was told, and died before it could say so.
  const auto own = node.OwnView().state;
  const bool knows = own != app::OwnLedger::State::kWaiting && own != app::OwnLedger::State::kOpen;
  const bool told = knows || event.kind == Kind::kOwnRollback;
  if (restored != restored_.end() && told && !std::exchange(restored->second, true)) {
    loop_.counts.Add("state set-back disk noticed");
  }
  if (event.kind == Kind::kReady && restored != restored_.end() && !restored->second) {
    loop_.Fail(kName, Cat(node.code().text(), " was set back, and ", peer.text(),
                          ", which holds more, has not told it"));
  }
  if (event.kind == Kind::kOwnRollback && restored != restored_.end()) return;
  const bool expected = event.kind == Kind::kFork && told_.count({node.code(), event.ledger}) > 0;
  if (expected || (event.kind != Kind::kFork && event.kind != Kind::kOwnRollback)) return;
  loop_.Fail(kName,
             Cat(node.code().text(), " with ", peer.text(), ": ", sync::EventName(event.kind), " ",
                 event.ledger.Text(), " ", Describe(event.status)));
}

void PastCheck::Committed(Node& node) {
  const auto restored = restored_.find(node.code());
  if (restored == restored_.end() || node.OwnView().state != app::OwnLedger::State::kOpen) return;
  if (!restored->second) {
    loop_.Fail(kName, Cat(node.code().text(), " was set back, and opens its ledger unasked"));
  }
  restored_.erase(restored);
  loop_.counts.Add("state lost records taken back");
  ledgers_.TakenBack(node.own(), node.disk().truth());
}

void PastCheck::Signed(const Node& node) {
  if (!BeingRestored(node.code())) return;
  loop_.Fail(kName, Cat(node.code().text(), " signs, and has not all back that it signed before"));
}

void PastCheck::Forked(const Node& node, const LedgerId& ledger) {
  const auto& truth = node.disk().truth();
  const auto number = rows::NumberOf(truth, ledger);
  if (split_ && ledger.origin == split_->parent) {
    if (!split_->may_be_known && node.code() != split_->child) {
      loop_.Fail(kName, Cat(node.code().text(), " knows of a split before it was told"));
    }
    told_.emplace(node.code(), ledger);
    loop_.counts.Add("state split found");
  }
  loop_.counts.Add("state fork proven");
  frozen_.emplace(std::pair(node.code(), ledger), number ? rows::SizeOf(truth, *number) : 0);
  AtRest(node);
}

void PastCheck::EarlyHead(const Node& node, const LedgerId& ledger) {
  loop_.counts.Add("state split found by its place");
  if (split_ && split_->may_be_known && ledger.origin == split_->parent) return;
  loop_.Fail(kName, Cat(node.code().text(), " accuses ", ledger.Text(), " of a head too early"));
}

void PastCheck::AtRest(const Node& node) {
  const auto& truth = node.disk().truth();
  // Any sibling may find the split now, also by a write that failed and is there all the same.
  if (split_ && split_->may_be_known) told_.emplace(node.code(), LedgerId{split_->parent, Epoch{}});
  for (const auto& [code, ledger] : told_) {
    const auto number = code == node.code() ? rows::NumberOf(truth, ledger) : std::nullopt;
    if (!number) continue;
    const uint64_t size = rows::SizeOf(truth, *number);
    const bool proof = rows::ForkProofs(truth, *number) > 0;
    // The stream may have ended before its node was told what it has written.
    if (proof) frozen_.emplace(std::pair(code, ledger), size);
    const auto frozen = frozen_.find({code, ledger});
    if (frozen == frozen_.end()) continue;  // the write failed, or the power went before it
    if (!proof) {
      loop_.Fail(kName, Cat(code.text(), " has forgotten its proof against ", ledger.Text()));
    } else if (size != frozen->second) {
      loop_.Fail(kName, Cat(code.text(), " takes ", size - frozen->second, " more records of ",
                            ledger.Text(), ", of which it has a fork proof"));
    }
  }
}

bool PastCheck::FrozenAnywhere(const LedgerId& ledger) const {
  return std::any_of(frozen_.begin(), frozen_.end(),
                     [&](const auto& entry) { return entry.first.second == ledger; });
}

}  // namespace tj::sim
