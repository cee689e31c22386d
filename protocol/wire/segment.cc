#include "protocol/wire/segment.h"

#include <algorithm>
#include <array>
#include <map>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/bytes_io.h"
#include "protocol/wire/pack.h"
#include "protocol/wire/section.h"

namespace tj::wire {
namespace {

// Where recorded_at stands in a header.
constexpr size_t kTimeOffset = 13;
constexpr size_t kTimeBytes = 8;

absl::Status Bad(std::string_view detail) { return Error(ErrorCode::kWireSegment, detail); }

// Positions of each column's records, ascending.
using Columns = std::map<uint16_t, std::vector<uint32_t>>;

Columns ColumnsOf(std::span<const Leaf> leaves) {
  Columns columns;
  for (size_t i = 0; i < leaves.size(); ++i) {
    columns[ColumnOf(leaves[i].header, i)].push_back(static_cast<uint32_t>(i));
  }
  return columns;
}

// --- headers ---

// `value` big-endian into the time's place of a header.
void PutTime(uint64_t value, char* header) {
  for (size_t k = 0; k < kTimeBytes; ++k) {
    header[kTimeOffset + k] = static_cast<char>(value >> (8 * (kTimeBytes - 1 - k)));
  }
}

uint64_t GetTime(const char* header) {
  uint64_t value = 0;
  for (size_t k = 0; k < kTimeBytes; ++k) {
    value = value << 8 | static_cast<uint8_t>(header[kTimeOffset + k]);
  }
  return value;
}

Bytes TransposeHeaders(std::span<const Leaf> leaves) {
  Bytes planes(leaves.size() * kHeaderBytes, '\0');
  Bytes header;
  uint64_t previous = 0;
  for (size_t i = 0; i < leaves.size(); ++i) {
    header.clear();
    EncodeHeader(leaves[i].header, header);
    const auto time = static_cast<uint64_t>(leaves[i].header.recorded_at.ms);
    PutTime(time - previous, header.data());
    previous = time;
    for (size_t k = 0; k < kHeaderBytes; ++k) planes[k * leaves.size() + i] = header[k];
  }
  return planes;
}

// Gives `leaves` their headers from `planes`, which has kHeaderBytes for each.
absl::Status RestoreHeaders(ByteView planes, std::span<Leaf> leaves) {
  std::array<char, kHeaderBytes> header;
  uint64_t previous = 0;
  for (size_t i = 0; i < leaves.size(); ++i) {
    for (size_t k = 0; k < kHeaderBytes; ++k) header[k] = planes[k * leaves.size() + i];
    previous += GetTime(header.data());
    PutTime(previous, header.data());
    auto decoded = DecodeHeader({header.data(), header.size()});
    if (!decoded.ok()) return Bad(Cat("record ", i, ": ", DetailOf(decoded.status())));
    leaves[i].header = *decoded;
  }
  return absl::OkStatus();
}

// --- bodies and hashes ---

absl::Status CheckLeaves(std::span<const Leaf> leaves) {
  size_t body_bytes = 0;
  for (size_t i = 0; i < leaves.size(); ++i) {
    TJ_RETURN_IF_ERROR(CheckHeader(leaves[i].header));
    const size_t size = leaves[i].body.size();
    if (size > limits::kBodyBytesMax) {
      return Error(ErrorCode::kWireLimit, Cat("record ", i, ": body of ", size, " bytes"));
    }
    if (size > 0 && size < kBodyBytesMin) {
      return Error(ErrorCode::kWireRecord, Cat("record ", i, ": body of ", size, " bytes"));
    }
    body_bytes += size;
  }
  // What is beside the bodies is less than the headroom of kSegmentBodyBytesSafe.
  if (body_bytes > limits::kSegmentInflatedBytesMax - 256 * 1024) {
    return Error(ErrorCode::kWireLimit, Cat("bodies of ", body_bytes, " bytes"));
  }
  return absl::OkStatus();
}

void AppendColumn(uint16_t column, std::span<const uint32_t> members, std::span<const Leaf> leaves,
                  HashColumns hashes, Bytes& out) {
  const auto present = static_cast<size_t>(std::count_if(
      members.begin(), members.end(), [&](uint32_t i) { return !leaves[i].body.empty(); }));
  Bytes raw;
  if (present > 0) {
    size_t bytes = 0;
    for (const uint32_t i : members) bytes += leaves[i].body.size() + 3;
    raw.reserve(bytes);
    Writer writer(raw);
    for (const uint32_t i : members) writer.Prefixed(leaves[i].body);
    const bool all = present == members.size();
    AppendSection(all ? SectionKind::kBodies : SectionKind::kSomeBodies, column, raw, out);
  }
  if (present < members.size() || hashes == HashColumns::kAll) {
    raw.clear();
    for (const uint32_t i : members) raw.append(leaves[i].body_hash.view());
    AppendSection(SectionKind::kHashes, column, raw, out);
  }
}

absl::Status TakeBodies(const Section& section, std::span<const uint32_t> members,
                        std::span<Leaf> leaves) {
  TJ_ASSIGN_OR_RETURN(const Unpacked raw, Unpack(section.stored, section.raw_length));
  Reader reader(raw.view);
  size_t present = 0;
  for (const uint32_t i : members) {
    const ByteView body = reader.Prefixed(limits::kBodyBytesMax);
    if (!reader.ok()) return Bad(Cat("record ", i, ": body cut off or too long"));
    if (body.empty()) continue;
    if (body.size() < kBodyBytesMin) return Bad(Cat("record ", i, ": body too short"));
    leaves[i].body.assign(body);
    ++present;
  }
  if (!reader.AtEnd()) return Bad("bytes after the last body");
  const bool all = section.kind == SectionKind::kBodies;
  if (all ? present != members.size() : present == 0 || present == members.size()) {
    return Bad("bodies are not as their section's kind says");
  }
  return absl::OkStatus();
}

absl::Status TakeHashes(const Section& section, std::span<const uint32_t> members,
                        Segment& segment) {
  if (section.raw_length != members.size() * Hash::kSize) {
    return Bad("hash section of the wrong length");
  }
  TJ_ASSIGN_OR_RETURN(const Unpacked raw, Unpack(section.stored, section.raw_length));
  for (size_t k = 0; k < members.size(); ++k) {
    segment.leaves[members[k]].body_hash =
        *Hash::FromBytes(raw.view.substr(k * Hash::kSize, Hash::kSize));
    segment.has_hash[members[k]] = true;
  }
  return absl::OkStatus();
}

// Tags of addressed records by column, for CutSegment; unpacks only the headers.
absl::StatusOr<std::map<uint16_t, std::array<uint8_t, kTagBytes>>> TagsOf(const Layout& layout) {
  TJ_ASSIGN_OR_RETURN(const Unpacked raw,
                      Unpack(layout.sections.front().stored, layout.sections.front().raw_length));
  std::vector<Leaf> leaves(layout.count);
  TJ_RETURN_IF_ERROR(RestoreHeaders(raw.view, leaves));
  std::map<uint16_t, std::array<uint8_t, kTagBytes>> tags;
  for (size_t i = 0; i < leaves.size(); ++i) {
    const uint16_t column = ColumnOf(leaves[i].header, i);
    if (column >= kAddressedColumns) tags[column] = leaves[i].header.tag;
  }
  return tags;
}

}  // namespace

absl::StatusOr<Bytes> EncodeSegment(Index first, std::span<const Leaf> leaves, HashColumns hashes) {
  if (leaves.empty() || leaves.size() > limits::kSegmentRecordsMax) {
    return Error(ErrorCode::kWireLimit, Cat("segment of ", leaves.size(), " records"));
  }
  TJ_RETURN_IF_ERROR(CheckLeaves(leaves));
  Bytes out;
  AppendFixed({first, static_cast<uint32_t>(leaves.size())}, out);
  AppendSection(SectionKind::kHeaders, kHeaderColumn, TransposeHeaders(leaves), out);
  for (const auto& [column, members] : ColumnsOf(leaves)) {
    AppendColumn(column, members, leaves, hashes, out);
  }
  if (out.size() > limits::kSegmentBytesMax) {
    return Error(ErrorCode::kWireLimit, Cat("segment of ", out.size(), " bytes"));
  }
  return out;
}

absl::StatusOr<Segment> DecodeSegment(ByteView bytes) {
  TJ_ASSIGN_OR_RETURN(const Layout layout, ParseLayout(bytes));
  TJ_ASSIGN_OR_RETURN(const Unpacked headers,
                      Unpack(layout.sections.front().stored, layout.sections.front().raw_length));
  Segment segment;
  segment.first = layout.first;
  segment.leaves.resize(layout.count);
  segment.has_hash.resize(layout.count);
  TJ_RETURN_IF_ERROR(RestoreHeaders(headers.view, segment.leaves));

  const Columns columns = ColumnsOf(segment.leaves);
  for (const Section& section : std::span(layout.sections).subspan(1)) {
    const auto members = columns.find(section.column);
    if (members == columns.end()) return Bad(Cat("column ", section.column, " has no records"));
    TJ_RETURN_IF_ERROR(section.kind == SectionKind::kHashes
                           ? TakeHashes(section, members->second, segment)
                           : TakeBodies(section, members->second, segment.leaves));
  }
  for (size_t i = 0; i < segment.leaves.size(); ++i) {
    if (segment.leaves[i].body.empty() && !segment.has_hash[i]) {
      return Bad(Cat("record ", i, ": neither body nor hash"));
    }
  }
  return segment;
}

absl::StatusOr<SegmentRange> PeekSegment(ByteView bytes) {
  TJ_ASSIGN_OR_RETURN(const FixedPart fixed, ParseFixed(bytes));
  return SegmentRange{fixed.first, fixed.count};
}

absl::StatusOr<Bytes> CutSegment(ByteView bytes, const ColumnFilter& keep) {
  TJ_ASSIGN_OR_RETURN(const Layout layout, ParseLayout(bytes));
  std::map<uint16_t, std::array<uint8_t, kTagBytes>> tags;
  if (layout.sections.back().column >= kAddressedColumns) {
    TJ_ASSIGN_OR_RETURN(tags, TagsOf(layout));
  }
  Bytes out;
  out.reserve(bytes.size());
  AppendFixed({layout.first, layout.count}, out);
  CopySection(layout.sections.front(), out);
  for (size_t i = 1; i < layout.sections.size();) {
    const Section& one = layout.sections[i];
    const bool pair = i + 1 < layout.sections.size() && layout.sections[i + 1].column == one.column;
    const Section* bodies = one.kind == SectionKind::kHashes ? nullptr : &one;
    const Section* hashes = bodies == nullptr ? &one : pair ? &layout.sections[i + 1] : nullptr;
    i += pair ? 2 : 1;

    bool kept = false;
    if (one.column >= kAddressedColumns) {
      const auto tag = tags.find(one.column);
      if (tag == tags.end()) return Bad(Cat("column ", one.column, " has no records"));
      kept = keep(Audience::kAddressed,
                  {reinterpret_cast<const char*>(tag->second.data()), tag->second.size()});
    } else {
      kept = keep(static_cast<Audience>(one.column), {});
    }
    if (kept && bodies != nullptr) CopySection(*bodies, out);
    if (kept && bodies != nullptr && bodies->kind == SectionKind::kBodies) continue;
    if (hashes == nullptr) return Bad(Cat("column ", one.column, " has no hashes"));
    CopySection(*hashes, out);
  }
  return out;
}

}  // namespace tj::wire
