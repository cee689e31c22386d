// Packed sections: bytes as they are, or one zstd frame where that is shorter. Internal to
// protocol/wire. The zstd contexts are one per thread and reused, because making one costs more
// than packing a small section. Nothing is written beyond the raw length that the caller has
// checked. Thread-safe.

#ifndef TJ_PROTOCOL_WIRE_PACK_H_
#define TJ_PROTOCOL_WIRE_PACK_H_

#include <memory>

#include <absl/status/statusor.h>

#include "protocol/vocab/bytes.h"

namespace tj::wire {

inline constexpr int kPackZstdLevel = 1;

// Appends `raw` packed: shorter than `raw`, or `raw` itself.
void AppendPacked(ByteView raw, Bytes& out);

// Bytes that either were stored as they are (borrowed from the input) or were inflated (owned).
struct Unpacked {
  std::unique_ptr<char[]> owned;
  ByteView view;
};

// WIRE-SEGMENT unless `stored` is `raw_length` bytes long, or is shorter and exactly one zstd frame
// that states and has this content size. The caller bounds `raw_length`; memory is touched only as
// bytes are really inflated.
absl::StatusOr<Unpacked> Unpack(ByteView stored, size_t raw_length);

}  // namespace tj::wire

#endif  // TJ_PROTOCOL_WIRE_PACK_H_
