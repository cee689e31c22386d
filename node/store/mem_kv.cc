// MemKv: Kv in memory, for tests and simulations. A treap whose nodes never change: a write copies
// the path to what it changes, so a snapshot is a copy of one pointer and readers take no lock. Its
// shape depends on its keys alone, so that a run can be repeated.

#include <functional>
#include <mutex>
#include <string>
#include <utility>

#include "node/store/kv.h"

namespace tj::store {
namespace {

struct Entry {
  Bytes key;
  Bytes value;
};

struct Node;
// Shared: states of the map have most of their nodes in common, and snapshots end in any order.
using Tree = std::shared_ptr<const Node>;

struct Node {
  std::shared_ptr<const Entry> entry;
  size_t priority;  // of the key; not below those of the children
  Tree left;
  Tree right;
};

Tree With(const Node& node, Tree left, Tree right) {
  return std::make_shared<const Node>(
      Node{node.entry, node.priority, std::move(left), std::move(right)});
}

// What is below `key`, and what is above; the key itself is not in `tree`.
std::pair<Tree, Tree> Split(const Tree& tree, ByteView key) {
  if (tree == nullptr) return {};
  if (tree->entry->key < key) {
    auto [below, above] = Split(tree->right, key);
    return {With(*tree, tree->left, std::move(below)), std::move(above)};
  }
  auto [below, above] = Split(tree->left, key);
  return {std::move(below), With(*tree, std::move(above), tree->right)};
}

Tree Put(const Tree& tree, std::shared_ptr<const Entry> entry, size_t priority) {
  // A key that is in the tree has the same priority there, so it is not below a lesser one.
  if (tree == nullptr || tree->priority < priority) {
    auto [below, above] = Split(tree, entry->key);
    return std::make_shared<const Node>(
        Node{std::move(entry), priority, std::move(below), std::move(above)});
  }
  const int order = entry->key.compare(tree->entry->key);
  if (order < 0) return With(*tree, Put(tree->left, std::move(entry), priority), tree->right);
  if (order > 0) return With(*tree, tree->left, Put(tree->right, std::move(entry), priority));
  return std::make_shared<const Node>(Node{std::move(entry), priority, tree->left, tree->right});
}

// All of `below` is below all of `above`.
Tree Merge(const Tree& below, const Tree& above) {
  if (below == nullptr) return above;
  if (above == nullptr) return below;
  if (below->priority < above->priority) {
    return With(*above, Merge(below, above->left), above->right);
  }
  return With(*below, below->left, Merge(below->right, above));
}

Tree Erase(const Tree& tree, ByteView key) {
  if (tree == nullptr) return nullptr;
  const int order = key.compare(tree->entry->key);
  if (order < 0) return With(*tree, Erase(tree->left, key), tree->right);
  if (order > 0) return With(*tree, tree->left, Erase(tree->right, key));
  return Merge(tree->left, tree->right);
}

// The first entry for which `at_or_after` holds, which must hold for all that follow it; or null.
template <typename Predicate>
const Entry* FirstThat(const Node* node, Predicate at_or_after) {
  const Entry* found = nullptr;
  while (node != nullptr) {
    if (at_or_after(node->entry->key)) {
      found = node->entry.get();
      node = node->left.get();
    } else {
      node = node->right.get();
    }
  }
  return found;
}

// The last entry for which `at_or_before` holds, which must hold for all before it; or null.
template <typename Predicate>
const Entry* LastThat(const Node* node, Predicate at_or_before) {
  const Entry* found = nullptr;
  while (node != nullptr) {
    if (at_or_before(node->entry->key)) {
      found = node->entry.get();
      node = node->right.get();
    } else {
      node = node->left.get();
    }
  }
  return found;
}

class MemIterator final : public KvIterator {
 public:
  explicit MemIterator(Tree tree) : tree_(std::move(tree)) {}
  bool Valid() const override { return at_ != nullptr; }
  void Next() override {
    at_ = FirstThat(tree_.get(), [this](ByteView key) { return key > at_->key; });
  }
  void Prev() override {
    at_ = LastThat(tree_.get(), [this](ByteView key) { return key < at_->key; });
  }
  void Seek(ByteView target) override {
    at_ = FirstThat(tree_.get(), [target](ByteView key) { return key >= target; });
  }
  void SeekForPrev(ByteView target) override {
    at_ = LastThat(tree_.get(), [target](ByteView key) { return key <= target; });
  }
  ByteView key() const override { return at_->key; }
  ByteView value() const override { return at_->value; }
  absl::Status status() const override { return absl::OkStatus(); }

 private:
  const Tree tree_;
  const Entry* at_ = nullptr;
};

// One state of the map. Immutable.
class MemState final : public KvReader {
 public:
  explicit MemState(Tree tree) : tree_(std::move(tree)) {}
  absl::StatusOr<std::optional<Bytes>> Get(ByteView key) const override {
    const Entry* entry = FirstThat(tree_.get(), [key](ByteView k) { return k >= key; });
    if (entry == nullptr || entry->key != key) return std::nullopt;
    return entry->value;
  }
  std::unique_ptr<KvIterator> NewIterator() const override {
    return std::make_unique<MemIterator>(tree_);
  }

 private:
  const Tree tree_;
};

class MemKv final : public Kv {
 public:
  absl::StatusOr<std::optional<Bytes>> Get(ByteView key) const override {
    return MemState(Now()).Get(key);
  }
  std::unique_ptr<KvIterator> NewIterator() const override {
    return std::make_unique<MemIterator>(Now());
  }
  absl::Status Write(const KvBatch& batch, Durability) override {
    Tree tree = Now();
    for (const KvBatch::Op& op : batch.ops()) {
      if (op.value) {
        auto entry = std::make_shared<const Entry>(Entry{op.key, *op.value});
        tree = Put(tree, std::move(entry), std::hash<Bytes>()(op.key));
      } else if (MemState(tree).Get(op.key)->has_value()) {
        tree = Erase(tree, op.key);
      }
    }
    const std::lock_guard lock(mutex_);
    tree_.swap(tree);
    return absl::OkStatus();
  }
  std::unique_ptr<KvReader> Snapshot() const override { return std::make_unique<MemState>(Now()); }
  bool alive() const override { return true; }

 private:
  Tree Now() const {
    const std::lock_guard lock(mutex_);
    return tree_;
  }

  mutable std::mutex mutex_;
  Tree tree_;  // guarded by mutex_
};

}  // namespace

std::unique_ptr<Kv> OpenMemKv() { return std::make_unique<MemKv>(); }

}  // namespace tj::store
