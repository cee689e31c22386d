// What goes into the own ledger: prepared off the writer, sequenced by it. Value types.

#ifndef TJ_NODE_STORE_APPEND_H_
#define TJ_NODE_STORE_APPEND_H_

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "protocol/vocab/bytes.h"
#include "protocol/vocab/family.h"
#include "protocol/vocab/ids.h"
#include "protocol/wire/record.h"

namespace tj::store {

// Names an input once and for ever: (source, case number, source event id). Emitters use their own
// name as source (it begins with
// '~', which no business system's may), the subject as case number and the revision as event id.
struct DedupKey {
  std::string source;
  std::string case_no;
  std::string event_id;
  std::array<uint8_t, 16>
      content_digest{};  // equal digest: the same input again; other: INTAKE-CONFLICT
  auto operator<=>(const DedupKey&) const = default;
};

// A private part, already sealed under its month's key; `salt` is the commitment's.
struct SealedPart {
  wire::PrivateKind kind = wire::PrivateKind::kPerson;
  Bytes salt;
  Bytes sealed;
};

struct PreparedRecord {
  Family family = Family::kUnspecified;
  uint8_t flags = 0;
  Audience audience = Audience::kUnspecified;
  std::array<uint8_t, wire::kTagBytes> tag{};  // whom it is addressed to
  Bytes body;  // wire::EncodeBody; a case event's `previous` is filled in by the writer
  std::optional<DedupKey> dedup;  // case events and emitted records have one
  std::vector<SealedPart> parts;  // opened later by (ledger, index, kind)
};

// Everything of one request is written in one batch. The cursor moves with the records or, without
// records, alone.
struct AppendRequest {
  std::vector<PreparedRecord> records;  // at most limits::kCommitRecordsMax
  std::string emitter;                  // empty: none
  Bytes emitter_cursor;
};

struct Appended {
  enum class Outcome : uint8_t {
    kSequenced,  // new
    kDuplicate,  // was there with the same content: index and leaf are the first one's
    kConflict,   // was there with other content: nothing written, index is the first one's
  };
  Outcome outcome = Outcome::kSequenced;
  Index index;
  Hash leaf;
};

// One answer per record, in order; called once, on the writer's thread, after the batch is synced:
// it must only post.
using AppendDone = std::function<void(absl::StatusOr<std::vector<Appended>>)>;

}  // namespace tj::store

#endif  // TJ_NODE_STORE_APPEND_H_
