// Fsck: the leaves of a ledger, and what the writer derived from them.

#include <algorithm>
#include <set>

#include "crypto/leaf_hash.h"
#include "node/store/checked_value.h"
#include "node/store/fsck_inputs.h"
#include "node/store/fsck_run.h"
#include "node/store/values.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/segment.h"

namespace tj::store::fsck {
namespace {

// Reads the segments of one ledger in order.
class LeafReader {
 public:
  LeafReader(Run& run, const KnownLedger& ledger, const std::vector<uint64_t>& sizes,
             InputCheck* inputs)
      : run_(run), ledger_(ledger), sizes_(sizes), inputs_(inputs) {}

  Leaves Read() {
    ReadListed();
    ReadUrgent();
    NoteRoot();
    const bool all = run_.Scan(ledger_.Prefix(keys::kSegment), ledger_.Place("segments"),
                               [this](ByteView key, ByteView value) { OnSegment(key, value); });
    if (!all) leaves_.whole = false;
    if (leaves_.whole && next_listed_ < listed_.size()) {
      run_.Damage(ledger_.Place(Cat("missing body ", listed_[next_listed_])),
                  "listed beyond the end of the ledger");
    }
    if (leaves_.whole) {
      for (const Index index : urgent_) {
        run_.Damage(ledger_.Place(Cat("urgent record ", index.value)),
                    "is not urgent, or not there");
      }
      CheckProvisional();
    }
    return std::move(leaves_);
  }

 private:
  // The bodies that are listed as missing.
  void ReadListed() {
    run_.Scan(ledger_.Prefix(keys::kMissing), ledger_.Place("missing bodies"),
              [this](ByteView key, ByteView value) {
                const auto index = keys::ParseMissing(key);
                if (!index) return run_.Damage(PrintableKey(key), "not a key of a missing body");
                listed_.push_back(index->value);
                if (!value.empty()) {
                  run_.Damage(ledger_.Place(Cat("missing body ", index->value)),
                              "value is not empty");
                }
              });
  }

  // The records that are listed as urgent; one that is urgent and not listed is only not hurried.
  void ReadUrgent() {
    run_.Scan(ledger_.Prefix(keys::kUrgent), ledger_.Place("urgent records"),
              [this](ByteView key, ByteView value) {
                const auto index = keys::ParseUrgent(key);
                if (!index) return run_.Damage(PrintableKey(key), "not a key of an urgent record");
                urgent_.insert(*index);
                if (value.empty()) return;
                run_.Damage(ledger_.Place(Cat("urgent record ", index->value)),
                            "value is not empty");
              });
  }

  void CheckProvisional() {
    run_.Scan(ledger_.Prefix(keys::kProvisional), ledger_.Place("records that came early"),
              [this](ByteView key, ByteView value) {
                const auto index = keys::ParseProvisional(key);
                if (!index) return run_.Damage(PrintableKey(key), "not a key of such a record");
                const std::string place =
                    ledger_.Place(Cat("record ", index->value, " that came early"));
                const auto leaf = DecodeChecked(key, value);
                if (!leaf.ok()) return run_.Find(place, leaf.status());
                const auto header = wire::DecodeHeader(leaf->substr(0, wire::kHeaderBytes));
                if (!header.ok()) return run_.Find(place, header.status());
                if (index->value < leaves_.tree.size()) {
                  run_.Damage(place, "its ledger has come so far");
                }
              });
  }

  void OnSegment(ByteView key, ByteView value) {
    const auto first = keys::ParseSegment(key);
    if (!first) {
      leaves_.whole = false;
      return run_.Damage(PrintableKey(key), "not a key of a segment");
    }
    auto segment = wire::DecodeSegment(value);
    if (!segment.ok()) {
      leaves_.whole = false;
      next_ = std::nullopt;
      return run_.Find(ledger_.Place(Cat("segment from ", first->value)), segment.status());
    }
    const std::string place =
        ledger_.Place(Cat("segment ", segment->first.value, "..", segment->end().value - 1));
    if (segment->first != *first) {
      leaves_.whole = false;
      run_.Damage(place, Cat("stored under index ", first->value));
    } else if (next_ && segment->first.value != *next_) {
      leaves_.whole = false;
      run_.Damage(place, Cat("the segment before ends at ", *next_));
    }
    next_ = segment->end().value;
    CheckHashes(*segment, place);
    for (size_t i = 0; i < segment->leaves.size(); ++i) {
      OnLeaf(Index{segment->first.value + i}, segment->leaves[i], i);
    }
    run_.report().records += segment->leaves.size();
    if (run_.options().progress) run_.options().progress(run_.report().records);
  }

  // Fills `hashes_` with the segment's leaf hashes, made from the bodies where they are here, and
  // `damaged_`.
  void CheckHashes(wire::Segment& segment, const std::string& place) {
    stored_.clear();
    for (const wire::Leaf& leaf : segment.leaves) stored_.push_back(leaf.body_hash);
    crypto::HashBodies(segment.leaves);
    damaged_.assign(stored_.size(), false);
    for (size_t i = 0; i < stored_.size(); ++i) {
      if (!segment.has_hash[i] || stored_[i] == segment.leaves[i].body_hash) continue;
      damaged_[i] = true;
      run_.Damage(place, Cat("record ", segment.first.value + i, ": body does not fit its hash"));
    }
    hashes_.resize(segment.leaves.size());
    crypto::HashLeaves(segment.leaves, hashes_);
  }

  // Leaf `at` of the segment under way.
  void OnLeaf(Index index, const wire::Leaf& leaf, size_t at) {
    CheckTime(index, leaf.header.recorded_at);
    CheckPresence(index, leaf);
    if ((leaf.header.flags & wire::kFlagUrgent) != 0) urgent_.erase(index);
    if (inputs_ != nullptr) inputs_->OnLeaf(index, leaf, damaged_[at]);
    if (!leaves_.whole) return;
    leaves_.tree.Add(hashes_[at]);
    NoteRoot();
  }

  // Of ledgers of others the origin answers for its clock.
  void CheckTime(Index index, Instant recorded_at) {
    if (ledger_.own && recorded_at < leaves_.last_recorded_at) {
      run_.Damage(ledger_.Place(Cat("record ", index.value)), "recorded before the one before it");
    }
    leaves_.last_recorded_at = recorded_at;
  }

  void CheckPresence(Index index, const wire::Leaf& leaf) {
    while (next_listed_ < listed_.size() && listed_[next_listed_] < index.value) ++next_listed_;
    const bool listed = next_listed_ < listed_.size() && listed_[next_listed_] == index.value;
    if (listed) ++next_listed_;
    const bool here = !leaf.body.empty();
    const auto damage = [&](std::string_view detail) {
      run_.Damage(ledger_.Place(Cat("record ", index.value)), detail);
    };
    if (listed && here) damage("its body is listed as missing and is here");
    if (here || !ledger_.relation) return;
    const auto is_owed = IsOwed(leaf.header);
    if (!is_owed) return;
    const bool owed = *is_owed;
    if (owed && !listed) damage("its body is owed, not here, and not listed as missing");
    if (!owed && listed) damage("its body is listed as missing and not owed");
  }

  // Nullopt where it cannot be told: without the keys nobody knows whose an addressed record is,
  // and one that is not for the present keys may have been for earlier ones.
  std::optional<bool> IsOwed(const wire::Header& header) const {
    const bool own = *ledger_.relation == Relation::kSelf;
    if (header.audience != Audience::kAddressed || own) {
      return AudienceIncludes(header.audience, *ledger_.relation);
    }
    const FsckOptions& options = run_.options();
    if (options.addresses == nullptr) return std::nullopt;
    const auto tags = options.addresses->Tags(options.own->origin, ledger_.id);
    const bool ours = std::find(tags.begin(), tags.end(), header.tag) != tags.end();
    return ours ? std::optional(true) : std::nullopt;
  }

  // Keeps the root where a head or a statement speaks of this size.
  void NoteRoot() {
    const uint64_t size = leaves_.tree.size();
    while (next_size_ < sizes_.size() && sizes_[next_size_] < size) ++next_size_;
    if (next_size_ == sizes_.size() || sizes_[next_size_] != size) return;
    leaves_.roots[size] = leaves_.tree.Root();
  }

  Run& run_;
  const KnownLedger& ledger_;
  const std::vector<uint64_t>& sizes_;
  InputCheck* const inputs_;  // null: not the own ledger
  Leaves leaves_;
  std::optional<uint64_t> next_ = 0;  // where the next segment should begin, if that is known
  size_t next_size_ = 0;
  std::vector<uint64_t> listed_;  // ascending
  size_t next_listed_ = 0;
  std::set<Index> urgent_;  // listed, and not met yet
  // Reused from segment to segment.
  std::vector<Hash> stored_;
  std::vector<Hash> hashes_;
  std::vector<bool> damaged_;  // bodies that do not fit their hash
};

void CheckState(Run& run, const KnownLedger& ledger, const Leaves& leaves) {
  bool found = false;
  run.Scan(ledger.Prefix(keys::kState), ledger.Place("state"), [&](ByteView key, ByteView value) {
    if (key != keys::State(ledger.number)) {
      return run.Damage(PrintableKey(key), "not a key of a ledger's state");
    }
    found = true;
    const auto damage = [&](std::string_view detail) { run.Damage(ledger.Place("state"), detail); };
    const auto state = values::ParseState(value);
    if (!state.ok()) return run.Find(ledger.Place("state"), state.status());
    if (!leaves.whole) return;
    if (state->size != leaves.tree.size()) {
      return damage(Cat("says ", state->size, " records, there are ", leaves.tree.size()));
    }
    if (state->roots != leaves.tree.PerfectRoots()) damage("frontier is not that of the records");
    if (state->last_recorded_at != leaves.last_recorded_at) {
      damage("time is not that of the last record");
    }
  });
  if (!found && leaves.tree.size() > 0) run.Damage(ledger.Place("state"), "is not there");
}

// Compares the stored interior nodes, which come by height and index, with the tree's.
class NodeRows {
 public:
  NodeRows(Run& run, const KnownLedger& ledger, const Leaves& leaves)
      : run_(run), ledger_(ledger), leaves_(leaves) {}

  void Check() {
    const bool all = run_.Scan(ledger_.Prefix(keys::kNode), ledger_.Place("nodes"),
                               [this](ByteView key, ByteView value) { OnNode(key, value); });
    if (!all) return;
    for (int height = kStep; leaves_.tree.NodesAt(height) > 0; height += kStep) {
      ExpectUpTo(height, leaves_.tree.NodesAt(height));
    }
  }

 private:
  static constexpr int kStep = CheckTree::kHeightMin;  // stored heights: 8, 16, 24, …

  void OnNode(ByteView key, ByteView value) {
    const auto node = keys::ParseNode(key);
    if (!node) return run_.Damage(PrintableKey(key), "not a key of a node");
    const std::string place = Place(node->height, node->index);
    const bool in_tree = node->height > 0 && node->height % kStep == 0 &&
                         node->index < leaves_.tree.NodesAt(node->height);
    if (!in_tree) {
      if (leaves_.whole) run_.Damage(place, "no such node in the tree");
      return;
    }
    ExpectUpTo(node->height, node->index);
    next_[node->height] = node->index + 1;
    const auto hash = values::ParseNode(value);
    if (!hash.ok()) return run_.Find(place, hash.status());
    if (*hash != leaves_.tree.NodeAt(node->height, node->index)) {
      const uint64_t width = uint64_t{1} << node->height;
      run_.Damage(place, Cat("is not the hash of records ", node->index * width, "..",
                             (node->index + 1) * width - 1));
    }
  }

  // Finds the nodes of `height` that should have come before `index`.
  void ExpectUpTo(int height, uint64_t index) {
    for (uint64_t& next = next_[height]; next < index; ++next) {
      run_.Damage(Place(height, next), "is not there");
    }
  }

  std::string Place(int height, uint64_t index) const {
    return ledger_.Place(Cat("node ", index, " of height ", height));
  }

  Run& run_;
  const KnownLedger& ledger_;
  const Leaves& leaves_;
  std::map<int, uint64_t> next_;  // by height
};

}  // namespace

Leaves CheckLeaves(Run& run, const KnownLedger& ledger, const std::vector<uint64_t>& sizes,
                   InputCheck* inputs) {
  return LeafReader(run, ledger, sizes, inputs).Read();
}

void CheckTreeRows(Run& run, const KnownLedger& ledger, const Leaves& leaves) {
  CheckState(run, ledger, leaves);
  NodeRows(run, ledger, leaves).Check();
}

}  // namespace tj::store::fsck
