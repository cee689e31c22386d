// StatementCheck: no head and no statement leaves before what it says is on the disk of who says
// it, none goes back, and none names a tree that is not the origin's. Confined to a thread.

#ifndef TJ_TESTS_SIM_CHECK_STATEMENTS_H_
#define TJ_TESTS_SIM_CHECK_STATEMENTS_H_

#include <map>
#include <tuple>

#include "crypto/note.h"
#include "protocol/wire/frame.h"
#include "tests/sim/check_ledgers.h"
#include "tests/sim/disk.h"

namespace tj::sim {

class StatementCheck {
 public:
  StatementCheck(Loop& loop, LedgerCheck& ledgers) : loop_(loop), ledgers_(ledgers) {}

  // `from` sends `frame` to `to`, with its disk as it is at that moment.
  void Sent(const NodeCode& from, const NodeCode& to, const wire::Frame& frame,
            const SimDisk& disk);
  // What `node` said is no longer on its disk.
  void Forget(const NodeCode& node);
  void Signed(const LedgerId& own, const crypto::Note& note, const SimDisk& disk);

 private:
  void Statement(const NodeCode& from, crypto::StatementKind kind, const Bytes& text,
                 const SimDisk& disk);
  void Head(const NodeCode& from, const NodeCode& to, const Bytes& text, const SimDisk& disk);
  bool RightRoot(const crypto::Head& head);

  Loop& loop_;
  LedgerCheck& ledgers_;
  std::map<LedgerId, std::pair<uint64_t, Instant>> signed_;
  std::map<std::tuple<NodeCode, NodeCode, LedgerId>, std::pair<uint64_t, Instant>> offered_;
  // By who says it, and whose word it is.
  std::map<std::tuple<NodeCode, NodeCode, LedgerId, crypto::StatementKind>, uint64_t> stated_;
};

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_CHECK_STATEMENTS_H_
