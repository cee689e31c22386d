// The frame of a segment: its fixed part and its list of sections, without their contents. Internal
// to protocol/wire. What ParseLayout returns obeys every rule that can be seen without unpacking.
// Pure.

#ifndef TJ_PROTOCOL_WIRE_SECTION_H_
#define TJ_PROTOCOL_WIRE_SECTION_H_

#include <cstdint>
#include <optional>
#include <vector>

#include <absl/status/statusor.h>

#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"
#include "protocol/wire/record.h"

namespace tj::wire {

// Numbers are on disk and on the wire for ever.
enum class SectionKind : uint8_t {
  kHeaders = 1,
  kBodies = 2,      // all of the column's
  kSomeBodies = 3,  // some, not all
  kSecrets =
      4,  // salts and commitments of the bodies; as they are, because random bytes do not pack
  kHashes = 5,  // as they are, for the same reason
};

inline constexpr uint16_t kHeaderColumn = 0;
inline constexpr uint16_t kAddressedColumns = 0x100;  // plus the record's position
inline constexpr size_t kSegmentFixedBytes = 16;

// The column of a record: its audience, or its own if it is addressed.
inline uint16_t ColumnOf(const Header& header, size_t position) {
  return header.audience == Audience::kAddressed
             ? static_cast<uint16_t>(kAddressedColumns + position)
             : static_cast<uint16_t>(header.audience);
}

struct Section {
  SectionKind kind = SectionKind::kHeaders;
  uint16_t column = kHeaderColumn;
  uint32_t raw_length = 0;
  ByteView stored;  // borrowed
};

// The sections of one column: bodies with secrets, or hashes, or all three.
struct Column {
  uint16_t number = 0;
  std::optional<Section> bodies;  // kBodies or kSomeBodies
  std::optional<Section> secrets;
  std::optional<Section> hashes;
};

struct Layout {
  Index first;
  uint32_t count = 0;
  Section headers;
  std::vector<Column> columns;  // ascending
};

struct FixedPart {
  Index first;
  uint32_t count = 0;
};

// WIRE-SEGMENT or WIRE-LIMIT.
absl::StatusOr<FixedPart> ParseFixed(ByteView bytes);
absl::StatusOr<Layout> ParseLayout(ByteView bytes);

void AppendFixed(const FixedPart& fixed, Bytes& out);
// Appends `raw` as a section, packed if its kind is.
void AppendSection(SectionKind kind, uint16_t column, ByteView raw, Bytes& out);
// Appends `section` as it was stored.
void CopySection(const Section& section, Bytes& out);

}  // namespace tj::wire

#endif  // TJ_PROTOCOL_WIRE_SECTION_H_
