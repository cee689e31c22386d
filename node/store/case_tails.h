// CaseTails: which record is the newest of each case that was lately written to, so that the next
// event of the case can name it. Least recently used cases are forgotten: the dedup keys of a case
// say it again. Internal to node/store; confined to the writer's thread.

#ifndef TJ_NODE_STORE_CASE_TAILS_H_
#define TJ_NODE_STORE_CASE_TAILS_H_

#include <list>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"

namespace tj::store {

class CaseTails {
 public:
  explicit CaseTails(size_t cases_max) : cases_max_(cases_max) {}

  // The newest record of the case whose dedup keys begin with `prefix`; Index of all ones: it has
  // none. nullopt: not known here.
  std::optional<Index> Find(ByteView prefix) {
    const auto found = by_prefix_.find(prefix);
    if (found == by_prefix_.end()) return std::nullopt;
    recent_.splice(recent_.begin(), recent_, found->second);
    return found->second->second;
  }

  void Set(ByteView prefix, Index newest) {
    if (const auto found = by_prefix_.find(prefix); found != by_prefix_.end()) {
      found->second->second = newest;
      recent_.splice(recent_.begin(), recent_, found->second);
      return;
    }
    recent_.emplace_front(Bytes(prefix), newest);
    by_prefix_.emplace(recent_.front().first, recent_.begin());
    if (recent_.size() > cases_max_) {
      by_prefix_.erase(recent_.back().first);
      recent_.pop_back();
    }
  }

  void Clear() {
    by_prefix_.clear();
    recent_.clear();
  }

 private:
  using Recent = std::list<std::pair<Bytes, Index>>;
  const size_t cases_max_;
  Recent recent_;                                                     // most recent first
  std::unordered_map<std::string_view, Recent::iterator> by_prefix_;  // borrows from recent_
};

}  // namespace tj::store

#endif  // TJ_NODE_STORE_CASE_TAILS_H_
