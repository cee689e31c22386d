// InputCheck: dedup entries and private parts against the records of the own ledger. Fed with every
// leaf in order; entries are compared both ways, so that none may be wrong, lacking or left over.
// Memory: about a byte a record, and the entries of emitters. Confined to a thread.

#ifndef TJ_NODE_STORE_FSCK_INPUTS_H_
#define TJ_NODE_STORE_FSCK_INPUTS_H_

#include <memory>
#include <vector>

#include "node/store/fsck_run.h"
#include "node/store/values.h"
#include "protocol/wire/payload.pb.h"

namespace tj::store::fsck {

class InputCheck {
 public:
  // Both must outlive it; `own` is the own ledger.
  InputCheck(Run& run, const KnownLedger& own);
  // `damaged`: its body is not what it was. A leaf that was there already, or far ahead, is passed
  // over: its segment is a finding.
  void OnLeaf(Index index, const wire::Leaf& leaf, bool damaged);
  // After the last leaf. `whole`: there was none that could not be read.
  void End(bool whole);

 private:
  // What a record is to the dedup entries that point at it.
  enum class Mark : uint8_t {
    kUnknown,    // no leaf or no body was read
    kDoubted,    // a case event whose entry is a finding already
    kCaseEvent,  // a case event whose entry leads here
    kEmitted,    // what only emitters make: an entry must point at it
    kOther,      // an emitter's entry may
  };
  struct Emitted {
    values::Dedup entry;
    Bytes key;
  };
  // Private parts of one record. `all`: every one that the body commits to was opened.
  struct Parts {
    Bytes person;
    Bytes text;
    bool all = true;
  };

  void ReadEmitted();
  Mark CheckBody(Index index, const wire::Leaf& leaf);
  Mark CheckCaseEvent(Index index, const wire::BodyView& body, const Parts& parts);
  void CheckEmitted(Index index, ByteView payload);
  void CheckEntry(ByteView key, ByteView value, bool whole);
  void CheckEntered();

  // Steps over the rows of private parts before `index`.
  void SkipPartsBefore(Index index);
  void NextPart();
  Parts TakeParts(Index index, const wire::BodyView& body);
  // The part at the iterator; nullopt when it cannot be opened.
  std::optional<Bytes> CheckPart(wire::PrivateKind kind, const Hash& commitment,
                                 const std::string& place);
  // The iterator's key, if it is one of the own ledger's private parts.
  std::optional<keys::PrivateKey> PartKey();

  Run& run_;
  const KnownLedger& own_;
  v1::CaseEvent event_;  // reused
  std::vector<Mark> marks_;
  std::vector<bool> entered_;  // an entry points at it
  std::vector<Emitted> emitted_;
  size_t next_emitted_ = 0;
  const Bytes part_prefix_;
  const std::unique_ptr<KvIterator> part_;
};

}  // namespace tj::store::fsck

#endif  // TJ_NODE_STORE_FSCK_INPUTS_H_
