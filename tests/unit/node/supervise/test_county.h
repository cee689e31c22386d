// A county's ledger in memory for spot checks: case events of a made-up month, summaries issued as
// the emitter does, honest or not; and what the bureau holds of it. Confined to a test.

#ifndef TJ_TESTS_UNIT_NODE_SUPERVISE_TEST_COUNTY_H_
#define TJ_TESTS_UNIT_NODE_SUPERVISE_TEST_COUNTY_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "node/case/case_projection.h"
#include "node/store/kv.h"
#include "node/supervise/spot_check.h"
#include "node/supervise/spot_ledger.h"
#include "protocol/wire/payload.h"
#include "protocol/wire/record.h"

namespace tj::supervise {

struct Cheat {
  // Cases whose events it keeps out of all that it counts and does not open.
  std::function<bool(const std::string& case_no)> withheld;
  // Changes a row's total before it is signed.
  std::function<void(const cases::RowKey&, v1::Measures&)> miscount;
  // Changes a summary's number before it is signed.
  std::function<void(v1::Summary&)> renumber;
};

class TestCounty final : public SpotLedger {
 public:
  explicit TestCounty(Cheat cheat = {});
  // `count` cases of `orgs` organisations, from 1 November on, their events in the order of time,
  // summaries after every 40 of them and at the end. Odd cases claim their application. Records are
  // a minute apart. With `last_days`, the events of so many days are not summed up yet.
  void Work(int count, int orgs, uint64_t seed, int last_days = 0);

  const LedgerId& id() const { return id_; }
  uint64_t size() const override { return leaves_.size(); }
  absl::StatusOr<SpotLeaf> At(Index index) override;
  const store::Kv& derived() const { return *derived_; }
  // Over the first `size` leaves.
  Hash Root(uint64_t size) const;
  // Summaries that it signed otherwise than it had counted.
  const std::set<uint64_t>& falsified() const { return falsified_; }
  // As the node answers: tight first, and wide where that does not come out.
  // `fixed`: the size that was when the draw was not known, if it is not the present one.
  std::optional<SpotAnswer> Answer(std::span<const rules::LeafSpan> ranges, uint64_t fixed = 0);

  void Add(v1::CaseEvent event);
  void Adopt(int year);
  void EmitAll();  // until nothing is due
  // A new revision of each row, with the true total and without leaves.
  void EmitAgain();
  // Declares leaves lost, as after a recovery. An honest county's bodies are gone, and it folds
  // anew what it has left.
  void DeclareLost(const std::vector<wire::LeafRange>& lost, bool truly);

 private:
  void Append(Family family, Audience audience, const Bytes& payload);
  void Fold(Index index);
  void Emit(const cases::RowKey& key, bool list, uint64_t folded);

  const LedgerId id_;
  const Cheat cheat_;
  std::vector<wire::Leaf> leaves_;
  std::unique_ptr<store::Kv> derived_;
  cases::CaseProjection projection_;
  std::map<std::string, uint64_t> last_;  // of each case
  std::set<uint64_t> falsified_;
};

// The same ledger with the bodies that the bureau has: of summaries and calendars, and what was
// opened.
class BureauCopy final : public SpotLedger {
 public:
  BureauCopy(TestCounty& county, std::set<uint64_t> opened)
      : county_(county), opened_(std::move(opened)) {}
  uint64_t size() const override { return county_.size(); }
  absl::StatusOr<SpotLeaf> At(Index index) override;

 private:
  TestCounty& county_;
  const std::set<uint64_t> opened_;
};

}  // namespace tj::supervise

#endif  // TJ_TESTS_UNIT_NODE_SUPERVISE_TEST_COUNTY_H_
