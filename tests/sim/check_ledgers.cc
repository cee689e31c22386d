#include "tests/sim/check_ledgers.h"

#include <utility>

#include "crypto/sm3.h"
#include "tests/sim/rows.h"

namespace tj::sim {
namespace {

constexpr std::string_view kName = "ledger";
// Where the store makes one segment of small ones.
constexpr uint64_t kMerged = 1024;

// As SPEC.md §3 has it, over the header's bytes.
Hash LeafOf(const wire::Leaf& leaf) {
  Bytes header;
  wire::EncodeHeader(leaf.header, header);
  const Hash body = leaf.body.empty() ? leaf.body_hash : crypto::Sm3Of({"\x02", leaf.body});
  return crypto::Sm3Of({ByteView("\0", 1), header, body.view()});
}

std::string NameOf(const store::DedupKey& name) {
  return Cat(name.source, "/", name.case_no, "/", name.event_id);
}

}  // namespace

void LedgerCheck::Grown(const LedgerId& ledger, const store::KvReader& truth) {
  Reference& reference = references_[ledger];
  const auto number = rows::NumberOf(truth, ledger);
  const uint64_t size = number ? rows::SizeOf(truth, *number) : 0;
  const uint64_t known = reference.leaves.size();
  if (size < known && reference.restored) return;
  if (size < known) {
    loop_.Fail(kName, Cat(ledger.Text(), " had ", known, " records on disk, now it has ", size));
    return;
  }
  if (size == known) return;
  if (size / kMerged > known / kMerged && known % kMerged != 0) {
    loop_.counts.Add("state segment of several pieces merged");
  }
  const bool whole =
      rows::ReadLeaves(truth, *number, known, [&](uint64_t index, const wire::Leaf& leaf) {
        reference.leaves.push_back(LeafOf(leaf));
        if (std::exchange(reference.starts, false)) {
          if (leaf.header.family != Family::kRestart) {
            loop_.Fail(kName,
                       Cat(ledger.Text(), " goes on at ", index, " without a restart record"));
          }
          loop_.counts.Add("state restart recorded");
        }
      });
  if (!whole) loop_.Fail(kName, Cat(ledger.Text(), " has a hole at its origin"));
}

void LedgerCheck::Restored(const LedgerId& ledger) {
  references_[ledger].restored = true;
  std::erase_if(compared_, [&](const auto& entry) { return entry.first.first == ledger.origin; });
}

void LedgerCheck::TakenBack(const LedgerId& ledger, const store::KvReader& truth) {
  references_[ledger].restored = false;
  Grown(ledger, truth);
}

void LedgerCheck::Acknowledged(const LedgerId& ledger, const store::DedupKey& name,
                               const store::Appended& answer, bool conflict_expected) {
  using Outcome = store::Appended::Outcome;
  Reference& reference = references_[ledger];
  const std::string text = NameOf(name);
  if ((answer.outcome == Outcome::kConflict) != conflict_expected) {
    loop_.Fail(kName, Cat(ledger.Text(), ": ", text, " was answered as ",
                          conflict_expected ? "no conflict" : "a conflict"));
    return;
  }
  const auto [at, added] =
      reference.acknowledged.try_emplace(text, Acknowledgement{answer.index.value, answer.leaf});
  if (answer.outcome == Outcome::kSequenced && !added) {
    loop_.Fail(kName, Cat(ledger.Text(), ": ", text, " was sequenced twice, at ", at->second.index,
                          " and ", answer.index.value));
  }
  if (at->second.index != answer.index.value) {
    loop_.Fail(kName, Cat(ledger.Text(), ": ", text, " is at ", at->second.index, " and at ",
                          answer.index.value));
  }
}

void LedgerCheck::Compare(const NodeCode& holder, const store::KvReader& truth) {
  for (const auto& [ledger, number] : rows::Ledgers(truth)) {
    const Reference& reference = references_[ledger];
    uint64_t& from = compared_[{holder, ledger}];
    const uint64_t size = rows::SizeOf(truth, number);
    if (size < from) {
      loop_.Fail(kName, Cat(holder.text(), " held ", from, " of ", ledger.Text(), ", now ", size));
      return;
    }
    const bool whole =
        rows::ReadLeaves(truth, number, from, [&](uint64_t index, const wire::Leaf& leaf) {
          if (index >= reference.leaves.size() || LeafOf(leaf) != reference.leaves[index]) {
            loop_.Fail(kName, Cat(holder.text(), " holds another ", ledger.Text(), " at ", index));
          }
        });
    if (!whole) loop_.Fail(kName, Cat(holder.text(), " has a hole in ", ledger.Text()));
    from = size;
    rows::ReadEarly(truth, number, [&](uint64_t index, const wire::Leaf& leaf) {
      if (index < size) {
        loop_.Fail(kName, Cat(holder.text(), " keeps ", ledger.Text(), " ", index, " twice"));
      } else if (index >= reference.leaves.size() || LeafOf(leaf) != reference.leaves[index]) {
        loop_.Fail(kName, Cat(holder.text(), " was shown another ", ledger.Text(), " at ", index));
      }
    });
  }
}

void LedgerCheck::AllAcknowledged(const LedgerId& ledger, const store::KvReader& truth) {
  const auto number = rows::NumberOf(truth, ledger);
  if (!number || references_[ledger].restored) return;
  Reference& reference = references_[ledger];
  std::map<Hash, uint64_t> places;
  std::map<Bytes, uint64_t> bodies;
  const bool whole =
      rows::ReadLeaves(truth, *number, 0, [&](uint64_t index, const wire::Leaf& leaf) {
        const Hash hash = LeafOf(leaf);
        if (index >= reference.leaves.size() || reference.leaves[index] != hash) {
          loop_.Fail(kName, Cat(ledger.Text(), " has changed at ", index));
        }
        places.emplace(hash, index);
        // What a source said, without where the case's previous event stands: twice the same is
        // one input twice.
        const auto body = wire::DecodeBody(leaf.body);
        if (!body.ok()) return;
        const auto [at, added] =
            bodies.emplace(Bytes(body->salt).append(wire::WithoutPrevious(body->payload)), index);
        if (!added) {
          loop_.Fail(kName, Cat(ledger.Text(), " has one input twice, at ", at->second, " and at ",
                                index));
        }
      });
  if (!whole) loop_.Fail(kName, Cat(ledger.Text(), " has a hole at its origin"));
  for (const auto& [name, acknowledged] : reference.acknowledged) {
    const auto at = places.find(acknowledged.leaf);
    if (at == places.end() || at->second != acknowledged.index) {
      loop_.Fail(kName, Cat(ledger.Text(), ": ", name, " was acknowledged at ", acknowledged.index,
                            " and is not there"));
    }
  }
}

uint64_t LedgerCheck::SizeOf(const LedgerId& ledger) const {
  const auto found = references_.find(ledger);
  return found == references_.end() ? 0 : found->second.leaves.size();
}

Hash LedgerCheck::Node(Reference& reference, size_t height, uint64_t index) {
  if (height == 0) return reference.leaves[index];
  if (reference.levels.size() < height) reference.levels.resize(height);
  while (reference.levels[height - 1].size() <= index) {
    const uint64_t next = reference.levels[height - 1].size();
    const Hash left = Node(reference, height - 1, 2 * next);
    const Hash right = Node(reference, height - 1, 2 * next + 1);
    reference.levels[height - 1].push_back(crypto::Sm3Of({"\x01", left.view(), right.view()}));
  }
  return reference.levels[height - 1][index];
}

std::optional<Hash> LedgerCheck::RootAt(const LedgerId& ledger, uint64_t size) {
  Reference& reference = references_[ledger];
  if (size > reference.leaves.size()) return std::nullopt;
  if (size == 0) return crypto::Sm3Of({});
  std::optional<Hash> root;
  for (size_t height = 0; height < 63; ++height) {
    if ((size >> height & 1) == 0) continue;
    const Hash peak = Node(reference, height, (size >> height) - 1);
    root = root ? crypto::Sm3Of({"\x01", peak.view(), root->view()}) : peak;
  }
  return root;
}

}  // namespace tj::sim
