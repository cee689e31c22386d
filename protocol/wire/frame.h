// Frames of the follow protocol as plain structs, and their validation (SPEC.md §6). The only door
// for bytes from a peer: what DecodeFrame returns is within all limits and well-formed; whether it
// is true is checked by sync/core. Value types; any thread.

#ifndef TJ_PROTOCOL_WIRE_FRAME_H_
#define TJ_PROTOCOL_WIRE_FRAME_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <absl/status/statusor.h>

#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"
#include "protocol/wire/record.h"

namespace tj::wire {

// Spoken here: the newest, and the oldest that is still understood.
inline constexpr uint32_t kProtocolVersion = 1;
inline constexpr uint32_t kProtocolVersionMin = 1;

struct HeldLedger {
  LedgerId ledger;
  uint64_t size = 0;  // leaves durably held
  Bytes head;         // newest verified note, or empty
};

struct Hello {
  NodeCode node;
  uint32_t version_min = kProtocolVersionMin;
  uint32_t version_max = kProtocolVersion;
  std::string software;
  uint32_t profile = 1;
  std::vector<HeldLedger> held;
  std::vector<LedgerId> offered;
};

struct HeadFrame {
  Bytes note;
  uint64_t from_size = 0;
  std::vector<Hash> consistency;
};

struct SegmentFrame {
  LedgerId ledger;
  Index first;
  Bytes segment;
  uint64_t head_size = 0;
  std::vector<Hash> consistency;
};

struct SeenFrame {
  Bytes note;
};
struct HeldFrame {
  Bytes note;
};

struct OpenFrame {
  LedgerId ledger;
  Index first;
  uint32_t count = 0;
};

struct OpenedFrame {
  LedgerId ledger;
  Index index;
  Bytes header;  // kHeaderBytes, valid
  Bytes body;
  Bytes head;
  std::vector<Hash> inclusion;
  Bytes sealed_parts = {};  // crypto/sealed_parts.h; mostly empty
};

struct RefuseFrame {
  std::string ledger;  // LedgerId text; empty: the whole stream
  std::string code;    // name of the error table
  std::string detail;
  bool retry = false;
  uint64_t size = 0;
};

struct CreditFrame {
  uint64_t bytes = 0;
};

struct PingFrame {
  uint64_t nonce = 0;
  bool reply = false;
  Instant at;
};

using Frame = std::variant<Hello, HeadFrame, SegmentFrame, SeenFrame, HeldFrame, OpenFrame,
                           OpenedFrame, RefuseFrame, CreditFrame, PingFrame>;

// "hello", "head", "segment", …
std::string_view FrameName(const Frame& frame);

Bytes EncodeFrame(const Frame& frame);
// WIRE-FRAME or WIRE-LIMIT, naming the field.
absl::StatusOr<Frame> DecodeFrame(ByteView bytes);

}  // namespace tj::wire

#endif  // TJ_PROTOCOL_WIRE_FRAME_H_
