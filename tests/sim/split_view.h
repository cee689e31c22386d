// SplitView: a parent that shows one child another history than the others: a head over the true
// leaves and one that nobody has. The child has no reason for doubt and says `seen`; then the
// parent lets it wait, and passes its words on to its siblings, in whose history they do not fit.
// One a history. Confined to a thread.
//
//   shown ── the child has said `seen` ──▶ said ── the parent's next `heads` record ──▶ passed on
//
// From the first step on parent and child have no stream with each other: the parent would have to
// lie to the child about everything.

#ifndef TJ_TESTS_SIM_SPLIT_VIEW_H_
#define TJ_TESTS_SIM_SPLIT_VIEW_H_

#include "tests/sim/federation.h"

namespace tj::sim {

class SplitView {
 public:
  SplitView(Loop& loop, Federation& federation, Line& line);
  // False when it cannot be begun now: nothing has happened.
  bool Begin();

 private:
  void Said(const Bytes& words);
  void PassOn(store::PreparedRecord record);

  Loop& loop_;
  Federation& federation_;
  Line& line_;
  Node& parent_;
  Rng rng_;
};

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_SPLIT_VIEW_H_
