// Tree: who is above whom, and who may read what, worked out anew from the list of places. Value
// type; any thread.

#ifndef TJ_TESTS_SIM_TREE_H_
#define TJ_TESTS_SIM_TREE_H_

#include <vector>

#include "protocol/vocab/family.h"
#include "tests/sim/keys.h"

namespace tj::sim {

class Tree {
 public:
  explicit Tree(std::vector<Place> places) : places_(std::move(places)) {}
  const std::vector<Place>& places() const { return places_; }

  // Whether the body of a record of `origin` may be at `reader`.
  bool MayRead(const NodeCode& reader, const NodeCode& origin, Audience audience) const {
    const size_t at = IndexOf(reader);
    const size_t from = IndexOf(origin);
    if (at == from) return true;
    switch (audience) {
      case Audience::kAll:
        return true;
      case Audience::kParent:
        return places_[from].parent == at;
      case Audience::kChildren:
        return places_[at].parent == from;
      case Audience::kChain:
        for (auto up = places_[from].parent; up; up = places_[*up].parent) {
          if (*up == at) return true;
        }
        return false;
      case Audience::kUnspecified:
      case Audience::kLocal:
      case Audience::kAddressed:
        return false;
    }
    return false;
  }

  size_t IndexOf(const NodeCode& code) const {
    for (size_t i = 0; i < places_.size(); ++i) {
      if (places_[i].code == code) return i;
    }
    return places_.size();
  }

 private:
  std::vector<Place> places_;
};

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_TREE_H_
