// AudienceCheck: a body never leaves for a node outside its audience, and never lies at one; in the
// end every addressed body lies where it should. Whose a tag is, the business systems say.
// Confined to a thread.

#ifndef TJ_TESTS_SIM_CHECK_AUDIENCE_H_
#define TJ_TESTS_SIM_CHECK_AUDIENCE_H_

#include <array>
#include <map>
#include <utility>

#include "node/store/kv.h"
#include "protocol/wire/frame.h"
#include "protocol/wire/record.h"
#include "tests/sim/loop.h"
#include "tests/sim/tree.h"

namespace tj::sim {

class AudienceCheck {
 public:
  using Tag = std::array<uint8_t, wire::kTagBytes>;

  AudienceCheck(Loop& loop, const Tree& tree) : loop_(loop), tree_(tree) {}
  void Sent(const NodeCode& from, const NodeCode& to, const wire::Frame& frame);
  void AtRest(const NodeCode& holder, const store::KvReader& truth);
  // Records of `origin` with this tag are for `reader`.
  void Addressed(const NodeCode& origin, const Tag& tag, const NodeCode& reader) {
    readers_.insert_or_assign({origin, tag}, reader);
  }
  // Nothing that is for `holder` lacks its body.
  void AllAddressedHere(const NodeCode& holder, const store::KvReader& truth);

 private:
  bool MayRead(const NodeCode& reader, const NodeCode& origin, const wire::Header& header) const;

  Loop& loop_;
  const Tree& tree_;
  std::map<std::pair<NodeCode, Tag>, NodeCode> readers_;
};

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_CHECK_AUDIENCE_H_
