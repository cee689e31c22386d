// OpeningBook: what is opened to whom, for the sessions: leaves of our ledger that `opening`
// records give to others, and leaves of others' that are given to us and have not come. A copy of
// what the ledgers say, in memory; the private parts that came with an answer are here only, until
// they are taken or the node stops. Internally locked.

#ifndef TJ_NODE_APP_OPENING_BOOK_H_
#define TJ_NODE_APP_OPENING_BOOK_H_

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"
#include "protocol/wire/payload.h"

namespace tj::app {

class OpeningBook {
 public:
  // Records whose private parts are kept; for one more the oldest are dropped.
  static constexpr size_t kPartsMax = 4096;

  // An opening of our ledger, once it is sequenced.
  void Give(const NodeCode& to, std::vector<wire::LeafRange> ranges, bool private_parts);
  // Whether a leaf of ours is opened to `reader`; true within: with its private parts.
  std::optional<bool> GivenTo(const NodeCode& reader, Index index) const;

  // Leaves of `ledger` that were given to us; those that are here are not asked for.
  void Want(const LedgerId& ledger, const std::set<uint64_t>& leaves);
  std::vector<Index> Wanted(const LedgerId& ledger, Index from, size_t max) const;
  // How many of them lie in `ranges`, which are apart.
  uint64_t WantedWithin(const LedgerId& ledger, std::span<const wire::LeafRange> ranges) const;
  void Came(const LedgerId& ledger, Index index, Bytes sealed_parts);
  // As they came; nullopt when they did not, or are no longer kept.
  std::optional<Bytes> PartsOf(const LedgerId& ledger, Index index) const;

 private:
  struct Given {
    std::vector<wire::LeafRange> ranges;  // ascending
    bool private_parts = false;
  };
  using Leaf = std::pair<LedgerId, uint64_t>;
  mutable std::mutex mutex_;
  // All guarded by mutex_.
  std::map<NodeCode, std::vector<Given>> given_;
  std::map<LedgerId, std::set<uint64_t>> wanted_;
  std::map<Leaf, Bytes> parts_;
  std::deque<Leaf> parts_order_;  // the keys of parts_, as they came
};

}  // namespace tj::app

#endif  // TJ_NODE_APP_OPENING_BOOK_H_
