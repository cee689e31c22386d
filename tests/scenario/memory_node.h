// A node's durable state in memory: the Ledgers port of sync/core, and the writing of what a
// session asks for. Writing checks again what the core promised (nothing skips, no statement before
// what it covers): a broken promise is kept in problems(), which scripts print. Confined to a
// thread.

#ifndef TJ_TESTS_SCENARIO_MEMORY_NODE_H_
#define TJ_TESTS_SCENARIO_MEMORY_NODE_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "protocol/vocab/family.h"
#include "sync/core/output.h"
#include "sync/core/ports.h"
#include "tests/scenario/memory_ledger.h"

namespace tj::scenario {

class MemoryNode final : public sync::Ledgers {
 public:
  MemoryNode(NodeCode code, uint64_t block_records);

  struct Record {
    uint16_t family = static_cast<uint16_t>(Family::kCaseEvent);
    Audience audience = Audience::kParent;
    size_t payload_bytes = 40;
    uint8_t flags = 0;
    std::array<uint8_t, wire::kTagBytes> tag{};  // whom it is addressed to
  };
  // Sequences `n` records of this kind in the own ledger; bodies are a function of node and index.
  void Append(uint64_t n, const Record& record, Instant now);
  // A body for leaf `index` that is not the one Append would make.
  Bytes OtherBody(Index index) const;
  // Signs the own ledger as it stands and stores the head.
  absl::StatusOr<crypto::Note> Publish(crypto::Signer& signer, Instant now);

  // What the driver writes as one batch.
  void Apply(const std::vector<sync::PersistOp>& ops);
  // True when this node was to write that statement before, its own or one to be passed on.
  bool Stated(const Bytes& note) const;

  MemoryLedger& own() { return Of(own_); }
  const LedgerId& own_id() const { return own_; }
  // The next epoch becomes the own ledger; the old one stays and is served as before.
  void StartEpoch();
  // Back to the epoch before; of the present one nothing is left.
  void LoseEpoch();
  MemoryLedger& Of(const LedgerId& ledger);
  const MemoryLedger* Find(const LedgerId& ledger) const;
  const std::map<LedgerId, MemoryLedger>& ledgers() const { return ledgers_; }
  std::vector<std::string>& problems() { return problems_; }
  // Errors of the next read, to play a failing disk.
  void FailReads(absl::Status with) { read_error_ = std::move(with); }
  // How often a leaf was read to be opened.
  int opens() const { return opens_; }
  // Openings: leaves of others that were given to us, and leaves of ours with what goes with them.
  std::set<Index>& given() { return given_; }
  std::map<std::pair<NodeCode, Index>, Bytes>& opened_to() { return opened_to_; }

  // Ledgers.
  std::vector<LedgerId> Served() const override;
  absl::StatusOr<std::vector<LedgerId>> Held() const override;
  absl::StatusOr<uint64_t> Size(const LedgerId& ledger) const override;
  absl::StatusOr<std::vector<Hash>> Frontier(const LedgerId& ledger) const override;
  absl::StatusOr<std::optional<crypto::Note>> NewestHead(const LedgerId& ledger) const override;
  absl::StatusOr<std::optional<crypto::Note>> HeadWithin(const LedgerId& ledger,
                                                         uint64_t size) const override;
  absl::StatusOr<std::optional<crypto::Note>> HeadOf(const LedgerId& ledger, uint64_t size,
                                                     Instant at) const override;
  absl::StatusOr<std::optional<crypto::Note>> NewestStatement(
      const LedgerId& ledger, const NodeCode& signer, crypto::StatementKind kind) const override;
  absl::StatusOr<bool> Forked(const LedgerId& ledger) const override;
  absl::StatusOr<Hash> RootAt(const LedgerId& ledger, uint64_t size) const override;
  absl::StatusOr<std::vector<Hash>> Consistency(const LedgerId& ledger, uint64_t from,
                                                uint64_t to) const override;
  absl::StatusOr<sync::SegmentChunk> Segment(const LedgerId& ledger, Index at, uint64_t end_max,
                                             size_t bytes_max,
                                             const wire::ColumnFilter& keep) const override;
  absl::StatusOr<std::vector<Index>> Urgent(const LedgerId& ledger, Index from,
                                            size_t max) const override;
  absl::StatusOr<std::vector<sync::ProvisionalLeaf>> Provisional(
      const LedgerId& ledger) const override;
  absl::StatusOr<sync::OpenedLeaf> Open(const LedgerId& ledger, Index index,
                                        uint64_t head_size) const override;
  absl::StatusOr<std::vector<Index>> Missing(const LedgerId& ledger, Index from,
                                             size_t max) const override;
  absl::StatusOr<Hash> BodyHashAt(const LedgerId& ledger, Index index) const override;
  absl::StatusOr<std::vector<Index>> Given(const LedgerId& ledger, Index from,
                                           size_t max) const override;
  absl::StatusOr<std::optional<Bytes>> OpenedTo(const LedgerId& ledger, const NodeCode& reader,
                                                Index index, const Bytes& body) const override;

 private:
  Bytes Body(Index index, size_t payload_bytes, uint64_t variant) const;
  void Write(const sync::PersistSegment& op);
  void Write(const sync::PersistHead& op);
  void Write(const sync::PersistStatement& op);
  void Write(const sync::PersistOpened& op);
  void Write(const sync::PersistProvisional& op);
  void Write(const sync::PersistFork& op);
  void Expect(bool holds, std::string_view promise);
  // The ledger for reading; the port is const, the tree's NodeSource is not.
  absl::StatusOr<MemoryLedger*> Read(const LedgerId& ledger) const;

  const NodeCode code_;
  const uint64_t block_records_;
  LedgerId own_;
  mutable std::map<LedgerId, MemoryLedger> ledgers_;
  absl::Status read_error_;
  std::set<Index> given_;
  std::map<std::pair<NodeCode, Index>, Bytes> opened_to_;
  std::set<Bytes> stated_;  // statements of its own, whether or not newer ones replaced them
  std::vector<std::string> problems_;
  mutable int opens_ = 0;
};

}  // namespace tj::scenario

#endif  // TJ_TESTS_SCENARIO_MEMORY_NODE_H_
