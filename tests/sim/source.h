// Source: the business systems of a node. Each has one request under way and sends it again until
// it is answered, whatever happens to the node; sometimes it sends what was answered once more, or
// other content under the same name. Confined to a thread.

#ifndef TJ_TESTS_SIM_SOURCE_H_
#define TJ_TESTS_SIM_SOURCE_H_

#include <map>
#include <memory>
#include <random>
#include <vector>

#include "node/case/case_fold.h"
#include "tests/sim/node.h"

namespace tj::sim {

struct SourcePlan {
  uint64_t records = 0;       // in all
  uint64_t records_max = 20;  // in one request
  size_t bytes_max = 400;     // of a payload that is not a case event
  Duration pause{2000};       // between requests, on average
};

class Source {
 public:
  enum class Kind { kHall, kDesk };  // case events; everything else
  // `children`: to whom the desk addresses some records.
  Source(Loop& loop, Watch& watch, Node& node, Kind kind, SourcePlan plan,
         std::vector<NodeCode> children);
  ~Source();

  // Begins to send; once.
  void Begin();
  // No further requests; what is under way is sent until it is answered.
  void Stop() { plan_.records = sent_; }
  bool done() const { return current_.empty() && sent_ >= plan_.records; }
  uint64_t sent() const { return sent_; }
  // Nothing is under way.
  bool idle() const { return current_.empty(); }
  // Sends none again of what it has sent so far: the node may not know it by its name any more.
  void Forget() { earlier_.clear(); }
  // The rows that all its events should give.
  std::map<cases::RowKey, v1::Measures> Rows() const;

 private:
  void Next();
  void Send();
  void Answered(const std::vector<store::Appended>& answers);
  store::PreparedRecord Event();
  store::PreparedRecord Other();
  store::PreparedRecord Order();

  Loop& loop_;
  Watch& watch_;
  Node& node_;
  const Kind kind_;
  SourcePlan plan_;
  const std::vector<NodeCode> children_;
  Rng rng_;
  struct Cases;
  std::unique_ptr<Cases> cases_;
  uint64_t sent_ = 0;
  std::vector<store::PreparedRecord> current_;
  std::vector<store::PreparedRecord> earlier_;  // some that were answered
  bool conflict_ = false;                       // current_ is one of earlier_ with other content
  uint64_t attempt_ = 0;
};

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_SOURCE_H_
