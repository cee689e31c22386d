#include "protocol/wire/section.h"

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/bytes_io.h"
#include "protocol/wire/pack.h"

namespace tj::wire {
namespace {

constexpr ByteView kMagic = "TJS1";
constexpr size_t kSectionHeadBytes = 11;

absl::Status Bad(std::string_view detail) { return Error(ErrorCode::kWireSegment, detail); }

void AppendHead(SectionKind kind, uint16_t column, size_t raw_length, size_t stored_length,
                Bytes& out) {
  Writer writer(out);
  writer.U8(static_cast<uint8_t>(kind));
  writer.U16(column);
  writer.U32(static_cast<uint32_t>(raw_length));
  writer.U32(static_cast<uint32_t>(stored_length));
}

bool IsPacked(SectionKind kind) {
  return kind != SectionKind::kSecrets && kind != SectionKind::kHashes;
}

bool ColumnFits(const Section& section, uint32_t count) {
  if (section.kind == SectionKind::kHeaders) return section.column == kHeaderColumn;
  const auto first = static_cast<uint16_t>(Audience::kLocal);
  const auto last = static_cast<uint16_t>(Audience::kAll);
  if (section.column >= first && section.column <= last) return true;
  return section.column >= kAddressedColumns && section.column < kAddressedColumns + count;
}

absl::StatusOr<Section> ParseSection(Reader& reader, uint32_t count) {
  Section section;
  const uint8_t kind = reader.U8();
  section.kind = static_cast<SectionKind>(kind);
  section.column = reader.U16();
  section.raw_length = reader.U32();
  section.stored = reader.Raw(reader.U32());
  if (!reader.ok()) return Bad("cut off in a section");
  if (kind < static_cast<uint8_t>(SectionKind::kHeaders) ||
      kind > static_cast<uint8_t>(SectionKind::kHashes)) {
    return Bad(Cat("section kind ", kind));
  }
  if (!ColumnFits(section, count)) return Bad(Cat("section column ", section.column));
  if (section.raw_length == 0 || section.stored.empty()) return Bad("empty section");
  if (section.stored.size() > section.raw_length) return Bad("section stored longer than raw");
  if (!IsPacked(section.kind) && section.stored.size() != section.raw_length) {
    return Bad("packed section that is not to be");
  }
  return section;
}

// Puts `section` into its place; refuses what is out of order or there already.
absl::Status Place(const Section& section, std::vector<Column>& columns) {
  const bool opens = columns.empty() || section.column > columns.back().number;
  if (opens) columns.push_back({section.column, {}, {}, {}});
  Column& column = columns.back();
  const bool same = section.column == column.number;
  switch (section.kind) {
    case SectionKind::kBodies:
    case SectionKind::kSomeBodies:
      if (!opens) return Bad("sections out of order or repeated");
      column.bodies = section;
      return absl::OkStatus();
    case SectionKind::kSecrets:
      if (!same || !column.bodies || column.secrets || column.hashes) break;
      column.secrets = section;
      return absl::OkStatus();
    case SectionKind::kHashes:
      if (!same || column.hashes || column.bodies.has_value() != column.secrets.has_value()) break;
      column.hashes = section;
      return absl::OkStatus();
    case SectionKind::kHeaders:
      break;
  }
  return Bad("sections out of order or repeated");
}

}  // namespace

absl::StatusOr<FixedPart> ParseFixed(ByteView bytes) {
  if (bytes.size() > limits::kSegmentBytesMax) {
    return Error(ErrorCode::kWireLimit, Cat("segment of ", bytes.size(), " bytes"));
  }
  Reader reader(bytes);
  const bool magic = reader.Raw(kMagic.size()) == kMagic;
  FixedPart fixed;
  fixed.first.value = reader.U64();
  fixed.count = reader.U32();
  if (!reader.ok() || !magic) return Bad("does not begin as a segment");
  if (fixed.count == 0) return Bad("no records");
  if (fixed.count > limits::kSegmentRecordsMax) {
    return Error(ErrorCode::kWireLimit, Cat("segment of ", fixed.count, " records"));
  }
  if (fixed.first.value > limits::kLedgerSizeMax - fixed.count) return Bad("index out of range");
  return fixed;
}

absl::StatusOr<Layout> ParseLayout(ByteView bytes) {
  auto fixed = ParseFixed(bytes);
  if (!fixed.ok()) return fixed.status();
  Layout layout{fixed->first, fixed->count, {}, {}};
  Reader reader(bytes.substr(kSegmentFixedBytes));
  uint64_t raw_total = 0;
  for (bool headers = true; headers || !reader.AtEnd(); headers = false) {
    auto section = ParseSection(reader, layout.count);
    if (!section.ok()) return section.status();
    raw_total += section->raw_length;
    if (raw_total > limits::kSegmentInflatedBytesMax) {
      return Error(ErrorCode::kWireLimit, "segment inflates beyond the limit");
    }
    if (!headers) {
      if (auto status = Place(*section, layout.columns); !status.ok()) return status;
    } else if (section->kind != SectionKind::kHeaders) {
      return Bad("does not begin with the headers");
    } else {
      layout.headers = *section;
    }
  }
  if (layout.headers.raw_length != layout.count * kHeaderBytes) {
    return Bad("headers of the wrong length");
  }
  for (const Column& column : layout.columns) {
    if (column.bodies && !column.secrets) return Bad(Cat("column ", column.number, ": no secrets"));
  }
  return layout;
}

void AppendFixed(const FixedPart& fixed, Bytes& out) {
  Writer writer(out);
  writer.Raw(kMagic);
  writer.U64(fixed.first.value);
  writer.U32(fixed.count);
}

void AppendSection(SectionKind kind, uint16_t column, ByteView raw, Bytes& out) {
  const size_t head_at = out.size();
  out.append(kSectionHeadBytes, '\0');
  if (IsPacked(kind)) {
    AppendPacked(raw, out);
  } else {
    out.append(raw);
  }
  Bytes head;
  AppendHead(kind, column, raw.size(), out.size() - head_at - kSectionHeadBytes, head);
  out.replace(head_at, kSectionHeadBytes, head);
}

void CopySection(const Section& section, Bytes& out) {
  AppendHead(section.kind, section.column, section.raw_length, section.stored.size(), out);
  out.append(section.stored);
}

}  // namespace tj::wire
