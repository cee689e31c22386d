// What a record costs in a full segment: the budget that the wire's and the disk's targets stand
// on. The events are as a window system sends them; salts, commitments and hashes are random.

#include <gtest/gtest.h>

#include "protocol/vocab/limits.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/payload.h"
#include "protocol/wire/segment.h"
#include "tests/unit/protocol/wire/wire_samples.h"

namespace tj::wire {
namespace {

using testing::RandomBytes;
using testing::RandomHash;

constexpr size_t kRecords = limits::kSegmentRecordsMax;

class SegmentSize : public ::testing::Test {
 protected:
  v1::CaseEvent NextEvent() {
    if (cases_.size() < 40 || random_() % 5 == 0) {
      cases_.push_back({Cat("37081100120261123", 100'000 + cases_.size()), 0, ~uint64_t{0}});
    }
    Case& of = cases_[cases_.size() - 1 - random_() % 40 % cases_.size()];
    v1::CaseEvent event;
    event.set_source("rencheng-hall");
    event.set_source_event_id(Cat("E", 1'000'000 + count_));
    event.set_case_no(of.number);
    event.set_type(of.events == 0 ? v1::APPLY : of.events == 1 ? v1::ACCEPT : v1::STEP);
    event.set_occurred_at_ms(at_ - static_cast<int64_t>(random_() % 3'600'000));
    event.set_org("11370811MB00000196");
    event.set_item(Cat("11370811MB00000196400019000", 1000 + random_() % 3));
    event.set_region("370811");
    event.set_officer_id(Cat("RC", 1000 + random_() % 60));
    event.set_post(Cat("综合窗口", random_() % 6));
    event.set_data_ver(1);
    event.set_time_provenance(v1::OBSERVED);
    if (of.events == 0) event.mutable_info()->set_applicant_pid(RandomBytes(random_, 16));
    if (of.events > 1) {
      event.mutable_step()->set_sn(Cat(of.events));
      event.mutable_step()->set_stage(v1::STAGE_HANDLE);
      event.mutable_step()->set_end_ms(at_);
    }
    event.set_previous(of.last);
    of.last = 50'000 + count_++;
    ++of.events;
    at_ += static_cast<int64_t>(random_() % 30);
    return event;
  }

  // Bytes a record of a full segment as stored, as sent with bodies, and as sent in digests.
  struct Cost {
    double body = 0;
    double stored = 0;
    double bodies = 0;
    double digests = 0;
  };
  Cost Measure(bool commitments) {
    std::vector<Leaf> leaves(kRecords);
    Cost cost;
    for (Leaf& leaf : leaves) {
      const Bytes payload = NextEvent().SerializeAsString();
      std::optional<Hash> person, text;
      if (commitments) person = RandomHash(random_);
      if (commitments) text = RandomHash(random_);
      leaf.header = testing::SampleHeader(Audience::kLocal, at_);
      leaf.body = *EncodeBody(RandomBytes(random_, kSaltBytes), payload, person, text);
      leaf.body_hash = RandomHash(random_);
      cost.body += static_cast<double>(leaf.body.size()) / kRecords;
    }
    auto each = [](const Bytes& bytes) { return static_cast<double>(bytes.size()) / kRecords; };
    const Bytes stored = *EncodeSegment({0}, leaves, HashColumns::kAll);
    cost.stored = each(stored);
    cost.bodies = each(*CutSegment(stored, [](Audience, ByteView) { return true; }));
    cost.digests = each(*CutSegment(stored, [](Audience, ByteView) { return false; }));
    return cost;
  }

 private:
  struct Case {
    std::string number;
    int events;
    uint64_t last;
  };
  std::mt19937_64 random_{7};
  std::vector<Case> cases_;
  uint64_t count_ = 0;
  int64_t at_ = 1'795'334'400'000;
};

TEST_F(SegmentSize, WithoutPrivateParts) {
  const Cost cost = Measure(false);
  EXPECT_GT(cost.body, 180);
  EXPECT_LT(cost.bodies, 55);   // of which salt 16
  EXPECT_LT(cost.digests, 34);  // of which hash 32
  EXPECT_LT(cost.stored, 88);
}

TEST_F(SegmentSize, WithBothCommitments) {
  const Cost cost = Measure(true);
  EXPECT_GT(cost.body, 240);
  EXPECT_LT(cost.bodies, 120);  // of which salt and commitments 80
  EXPECT_LT(cost.digests, 34);
  EXPECT_LT(cost.stored, 152);
}

}  // namespace
}  // namespace tj::wire
