// A small life of a node over its truth, the same every time: it appends, signs, follows another
// node and stores statements, and remembers what was acknowledged. Each step can be asked again
// until it is done, as sources and peers do. For tests that break the disk under it.

#ifndef TJ_TESTS_FAULT_TRUTH_WORKLOAD_H_
#define TJ_TESTS_FAULT_TRUTH_WORKLOAD_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node/store/truth.h"
#include "tests/unit/node/store/follow_support.h"
#include "tests/unit/node/store/truth_support.h"

namespace tj::store {

class TruthWorkload {
 public:
  TruthWorkload();

  size_t steps() const { return kSteps; }
  // Does step `i`; OK when it is acknowledged.
  absl::Status Do(Truth& truth, size_t i);
  // "" when everything that was acknowledged is in `truth`, else what is not.
  std::string Lost(const Truth& truth) const;
  // A step that fails twice may be acknowledged in part only; before the whole is done again.
  void ForgetAcknowledged() { acked_ = {}; }

  static LedgerId Own() { return TestLedger("370800"); }
  static LedgerId Followed() { return TestLedger("370826"); }
  const Clock& clock() const { return clock_; }

 private:
  static constexpr size_t kSteps = 27;
  static constexpr uint64_t kFollowedSize = 1400;
  struct Acknowledged {
    std::vector<Appended> own;
    uint64_t followed = 0;
    std::optional<crypto::Head> signed_head;
    std::optional<crypto::Head> followed_head;
    std::optional<crypto::Head> seen;
    std::optional<uint64_t> cursor;
  };

  absl::Status AppendStep(Truth& truth, size_t i);
  absl::Status FollowStep(Truth& truth, size_t i);
  absl::Status SignStep(Truth& truth);

  SetClock clock_;
  std::unique_ptr<crypto::KeySigner> own_key_;
  std::unique_ptr<crypto::KeySigner> other_key_;
  std::vector<FollowedSegment> segments_;
  std::vector<FollowedHead> heads_;  // after each segment
  std::vector<crypto::Head> head_texts_;
  std::vector<Statement> statements_;  // `seen` and `held` over each
  Acknowledged acked_;
};

}  // namespace tj::store

#endif  // TJ_TESTS_FAULT_TRUTH_WORKLOAD_H_
