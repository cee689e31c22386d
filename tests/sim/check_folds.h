// FoldCheck: projections are what a fold from nothing gives; nothing was emitted twice; the leaves
// that summaries list are the case events, each once; and the sums are those of a count that does
// without the fold. Confined to a thread.

#ifndef TJ_TESTS_SIM_CHECK_FOLDS_H_
#define TJ_TESTS_SIM_CHECK_FOLDS_H_

#include <map>
#include <set>

#include "node/case/case_fold.h"
#include "node/store/kv.h"
#include "node/store/truth.h"
#include "tests/sim/loop.h"

namespace tj::sim {

class FoldCheck {
 public:
  explicit FoldCheck(Loop& loop) : loop_(loop) {}
  // `expected`: the rows of all events that were acknowledged, counted apart. Null where records
  // were lost: their sums are not known.
  void Check(const LedgerId& own, store::Truth& truth, const store::KvReader& truth_rows,
             const store::KvReader& derived, const std::map<cases::RowKey, v1::Measures>* expected);

 private:
  void Refold(const LedgerId& own, store::Truth& truth, const store::KvReader& derived);
  // What was declared lost.
  struct Losses {
    std::set<uint64_t> leaves;
    uint64_t summaries = 0;
  };
  Losses LossesOf(const LedgerId& own, const store::KvReader& truth_rows);
  // Every revision is the next one of its row, and every event counted once, but for what is lost;
  // the rows' last.
  std::map<cases::RowKey, v1::Summary> Emitted(const LedgerId& own,
                                               const store::KvReader& truth_rows);
  void Sums(const LedgerId& own, const std::map<cases::RowKey, v1::Summary>& newest,
            const std::map<cases::RowKey, v1::Measures>& expected);

  Loop& loop_;
};

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_CHECK_FOLDS_H_
