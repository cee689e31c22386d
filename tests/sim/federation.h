// Federation: the nodes of a history, the lines between them, and the business systems at each. The
// child dials its parent and dials again when a stream has ended, as sync/link does. Confined to a
// thread.

#ifndef TJ_TESTS_SIM_FEDERATION_H_
#define TJ_TESTS_SIM_FEDERATION_H_

#include <array>
#include <map>
#include <memory>
#include <vector>

#include "sync/link/back_off.h"
#include "tests/sim/node.h"
#include "tests/sim/source.h"
#include "tests/sim/tree.h"
#include "tests/sim/watch.h"

namespace tj::sim {

struct Line {
  Line(NodeCode child_code, NodeCode parent_code, uint64_t seed)
      : child(std::move(child_code)), parent(std::move(parent_code)), back_off(seed) {}
  const NodeCode child;
  const NodeCode parent;
  LineState usual;  // what it goes back to when a fault ends
  LineState state;
  std::shared_ptr<Stream> stream;  // null: none
  link::BackOff back_off;
  bool dialling = false;
  bool spoilt = false;   // at some time
  bool files = false;    // frames went as files, at some time
  bool severed = false;  // nobody dials any more
};

class Federation {
 public:
  // `name` stands for the tree among all trees of this process (Keys::Trust).
  Federation(Loop& loop, const Bugs& bugs, const Tree& tree, uint64_t name);
  ~Federation();

  void Start();
  void AddSources(const NodeCode& node, SourcePlan hall, SourcePlan desk);
  // Dials at once where no stream is.
  void DialAll();

  Node& At(const NodeCode& code) { return *nodes_.at(code); }
  std::map<NodeCode, std::unique_ptr<Node>>& nodes() { return nodes_; }
  std::vector<std::unique_ptr<Line>>& lines() { return lines_; }
  std::vector<std::unique_ptr<Source>>& halls() { return halls_; }
  std::vector<std::unique_ptr<Source>>& desks() { return desks_; }
  // The hall and the desk of a node.
  std::array<Source*, 2> SourcesOf(const NodeCode& code) {
    const size_t at = tree_.IndexOf(code);
    return {halls_[at].get(), desks_[at].get()};
  }
  const Tree& tree() const { return tree_; }
  Watch& watch() { return watch_; }
  // With the first `keys` keys of all.
  std::shared_ptr<const crypto::TrustStore> Trust(int keys);
  void SetTrust(Node& node, int keys);
  // Every source is answered.
  bool SourcesDone() const;

 private:
  void Dial(Line& line);
  void Ended(Line& line, const std::shared_ptr<Stream>& stream);

  Loop& loop_;
  const Bugs& bugs_;
  const Tree& tree_;
  const uint64_t name_;
  Watch watch_;
  std::map<NodeCode, std::unique_ptr<Node>> nodes_;
  std::vector<std::unique_ptr<Line>> lines_;
  std::vector<std::unique_ptr<Source>> halls_;
  std::vector<std::unique_ptr<Source>> desks_;
};

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_FEDERATION_H_
