// What the sections of a segment hold once unpacked: headers in planes, and the bodies of one
// column with what is random in them kept apart. Internal to protocol/wire. Pure; any thread.

#ifndef TJ_PROTOCOL_WIRE_COLUMNS_H_
#define TJ_PROTOCOL_WIRE_COLUMNS_H_

#include <cstdint>
#include <span>
#include <vector>

#include <absl/status/statusor.h>

#include "protocol/vocab/bytes.h"
#include "protocol/wire/record.h"
#include "protocol/wire/section.h"

namespace tj::wire {

// The headers transposed, recorded_at as differences.
Bytes HeaderPlanes(std::span<const Leaf> leaves);
// Gives `leaves` their headers; `planes` has kHeaderBytes for each. WIRE-SEGMENT.
absl::Status RestoreHeaders(ByteView planes, std::span<Leaf> leaves);

// Bodies of a column, in two parts.
struct BodyColumn {
  SectionKind kind = SectionKind::kBodies;
  Bytes open;     // lengths, masks, payloads
  Bytes secrets;  // salts and commitments
};

// Of the leaves at positions `members`, of which at least one has its body. Bodies have at least
// kBodyBytesMin.
BodyColumn SplitBodies(std::span<const uint32_t> members, std::span<const Leaf> leaves);
// The reverse, strictly: WIRE-SEGMENT unless lengths add up to the last byte and the bodies that
// are there are as `kind` says.
absl::Status JoinBodies(SectionKind kind, ByteView open, ByteView secrets,
                        std::span<const uint32_t> members, std::span<Leaf> leaves);

}  // namespace tj::wire

#endif  // TJ_PROTOCOL_WIRE_COLUMNS_H_
