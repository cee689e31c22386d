// Faults: what goes wrong in a history, and when. A history has some kinds of fault and not others
// (swarm testing), so that rare combinations come up. A further fault joins as a row of kAll in
// faults.cc. Confined to a thread.

#ifndef TJ_TESTS_SIM_FAULTS_H_
#define TJ_TESTS_SIM_FAULTS_H_

#include <memory>
#include <vector>

#include "tests/sim/federation.h"
#include "tests/sim/restored_disk.h"
#include "tests/sim/split_view.h"

namespace tj::sim {

class Faults {
 public:
  // Faults come until `until`, on average one each `pause`.
  Faults(Loop& loop, Federation& federation, Duration until, Duration pause);
  void Begin();
  // Ends all that lasts, and mends what people would: clocks, full disks, nodes that are down.
  void Heal();
  // Those that took place: of a kind that waits for its occasion, one if that ever came.
  uint64_t made() const;

 private:
  struct Kind;
  static const std::vector<Kind>& All();

  void Next();
  Node& AnyNode();
  Line& AnyLine();
  // `undo` after `duration`, if that is before the end.
  void For(Duration duration, std::function<void()> undo);
  void Note(std::string_view name);

  void CrashAtRest();
  void CrashWhileWriting();
  void StopInOrder();
  void WriteFails();
  void DiskFull();
  void DerivedFails();
  void DerivedDeleted();
  void ClockDrifts();
  void ClockStepsForward();
  void ClockStepsBack();
  void ClockJumps();
  void StreamCut();
  void StreamHalfOpen();
  void StopInTheMiddle();
  void Partition();
  void OneWayPartition();
  void SlowLink();
  void SlowReader();
  void Delay();
  void Files();
  void Spoil();
  void SignerAway();
  void NewKey();
  void Withhold();
  void RestoreDisk();
  void TwoHeads();
  void Split();

  Loop& loop_;
  Federation& federation_;
  const Duration until_;
  const Duration pause_;
  Rng rng_;
  std::vector<const Kind*> kinds_;
  std::unique_ptr<RestoredDisk> restored_;
  std::unique_ptr<SplitView> split_;
  bool forked_ = false;  // one way of having two histories is enough for a history
  uint64_t made_ = 0;    // at once
  bool over_ = false;
};

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_FAULTS_H_
