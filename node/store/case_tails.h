// CaseTails: what is known of the cases that were lately written to: which record is the newest of
// each, so that the next event of the case can name it, and which events there are, so that a new
// one need not be looked for on disk. Least recently used cases are forgotten: the dedup keys of a
// case say it again. Internal to node/store; confined to the writer's thread.

#ifndef TJ_NODE_STORE_CASE_TAILS_H_
#define TJ_NODE_STORE_CASE_TAILS_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <list>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"

namespace tj::store {

class CaseTail {
 public:
  // Events of a case that are kept in mind; of one that has more, each is looked for on disk.
  static constexpr size_t kEventsMax = 64;

  // There is a record under `dedup_key`, which begins with the case's prefix.
  void Add(ByteView dedup_key) {
    if (events_.size() == kEventsMax) {
      all_ = false;
      return;
    }
    events_.push_back(Short(dedup_key));
  }
  // False only if there is surely none.
  bool MayHave(ByteView dedup_key) const {
    return !all_ || std::find(events_.begin(), events_.end(), Short(dedup_key)) != events_.end();
  }

  Index newest{~uint64_t{0}};  // all ones: the case has no record

 private:
  static uint32_t Short(ByteView dedup_key) {
    return static_cast<uint32_t>(std::hash<std::string_view>()(dedup_key));
  }
  std::vector<uint32_t> events_;
  bool all_ = true;  // events_ has all of them
};

class CaseTails {
 public:
  explicit CaseTails(size_t cases_max) : cases_max_(cases_max) {}

  // The case whose dedup keys begin with `prefix`; null: not known here. Until the next Add or
  // Clear.
  CaseTail* Find(ByteView prefix) {
    const auto found = by_prefix_.find(prefix);
    if (found == by_prefix_.end()) return nullptr;
    recent_.splice(recent_.begin(), recent_, found->second);
    return &found->second->second;
  }

  // `prefix` is not known here.
  CaseTail& Add(ByteView prefix, CaseTail tail) {
    recent_.emplace_front(Bytes(prefix), std::move(tail));
    by_prefix_.emplace(recent_.front().first, recent_.begin());
    if (recent_.size() > cases_max_) {
      by_prefix_.erase(recent_.back().first);
      recent_.pop_back();
    }
    return recent_.front().second;
  }

  size_t size() const { return recent_.size(); }

  void Clear() {
    by_prefix_.clear();
    recent_.clear();
  }

 private:
  using Recent = std::list<std::pair<Bytes, CaseTail>>;
  const size_t cases_max_;
  Recent recent_;                                                     // most recent first
  std::unordered_map<std::string_view, Recent::iterator> by_prefix_;  // borrows from recent_
};

}  // namespace tj::store

#endif  // TJ_NODE_STORE_CASE_TAILS_H_
