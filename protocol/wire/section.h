// The frame of a segment: its fixed part and its list of sections, without their contents. Internal
// to protocol/wire. What ParseLayout returns obeys every rule that can be seen without unpacking.
// Pure.

#ifndef TJ_PROTOCOL_WIRE_SECTION_H_
#define TJ_PROTOCOL_WIRE_SECTION_H_

#include <cstdint>
#include <vector>

#include <absl/status/statusor.h>

#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"
#include "protocol/wire/record.h"

namespace tj::wire {

// Numbers are on disk and on the wire for ever.
enum class SectionKind : uint8_t { kHeaders = 1, kBodies = 2, kSomeBodies = 3, kHashes = 4 };

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

struct Layout {
  Index first;
  uint32_t count = 0;
  std::vector<Section> sections;  // the first is the headers
};

struct FixedPart {
  Index first;
  uint32_t count = 0;
};

// WIRE-SEGMENT or WIRE-LIMIT.
absl::StatusOr<FixedPart> ParseFixed(ByteView bytes);
absl::StatusOr<Layout> ParseLayout(ByteView bytes);

void AppendFixed(const FixedPart& fixed, Bytes& out);
// Packs `raw` and appends it as a section.
void AppendSection(SectionKind kind, uint16_t column, ByteView raw, Bytes& out);
// Appends `section` as it was stored.
void CopySection(const Section& section, Bytes& out);

}  // namespace tj::wire

#endif  // TJ_PROTOCOL_WIRE_SECTION_H_
