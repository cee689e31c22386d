// AudienceCheck: a body never leaves for a node outside its audience, and never lies at one.
// Confined to a thread.

#ifndef TJ_TESTS_SIM_CHECK_AUDIENCE_H_
#define TJ_TESTS_SIM_CHECK_AUDIENCE_H_

#include "node/store/kv.h"
#include "protocol/wire/frame.h"
#include "tests/sim/loop.h"
#include "tests/sim/tree.h"

namespace tj::sim {

class AudienceCheck {
 public:
  AudienceCheck(Loop& loop, const Tree& tree) : loop_(loop), tree_(tree) {}
  void Sent(const NodeCode& from, const NodeCode& to, const wire::Frame& frame);
  void AtRest(const NodeCode& holder, const store::KvReader& truth);

 private:
  Loop& loop_;
  const Tree& tree_;
};

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_CHECK_AUDIENCE_H_
