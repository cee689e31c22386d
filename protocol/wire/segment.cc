#include "protocol/wire/segment.h"

#include <algorithm>
#include <map>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/columns.h"
#include "protocol/wire/pack.h"
#include "protocol/wire/section.h"

namespace tj::wire {
namespace {

// What stands beside the bodies of the largest segment is less than this: headers, hashes, section
// heads, lengths, and what zstd adds to incompressible bytes.
constexpr size_t kOverheadBytesMax = limits::kSegmentBytesMax - kSegmentBodyBytesSafe;

absl::Status Bad(std::string_view detail) { return Error(ErrorCode::kWireSegment, detail); }

// Positions of each column's records, ascending.
using Members = std::map<uint16_t, std::vector<uint32_t>>;

Members MembersOf(std::span<const Leaf> leaves) {
  Members members;
  for (size_t i = 0; i < leaves.size(); ++i) {
    members[ColumnOf(leaves[i].header, i)].push_back(static_cast<uint32_t>(i));
  }
  return members;
}

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
  if (body_bytes > limits::kSegmentInflatedBytesMax - kOverheadBytesMax) {
    return Error(ErrorCode::kWireLimit, Cat("bodies of ", body_bytes, " bytes"));
  }
  return absl::OkStatus();
}

void AppendColumn(uint16_t column, std::span<const uint32_t> members, std::span<const Leaf> leaves,
                  HashColumns hashes, Bytes& out) {
  const auto present = static_cast<size_t>(std::count_if(
      members.begin(), members.end(), [&](uint32_t i) { return !leaves[i].body.empty(); }));
  if (present > 0) {
    const BodyColumn bodies = SplitBodies(members, leaves);
    AppendSection(bodies.kind, column, bodies.open, out);
    AppendSection(SectionKind::kSecrets, column, bodies.secrets, out);
  }
  if (present < members.size() || hashes == HashColumns::kAll) {
    Bytes raw;
    raw.reserve(members.size() * Hash::kSize);
    for (const uint32_t i : members) raw.append(leaves[i].body_hash.view());
    AppendSection(SectionKind::kHashes, column, raw, out);
  }
}

absl::Status TakeHashes(const Section& section, std::span<const uint32_t> members,
                        Segment& segment) {
  if (section.raw_length != members.size() * Hash::kSize) {
    return Bad("hash section of the wrong length");
  }
  for (size_t k = 0; k < members.size(); ++k) {
    segment.leaves[members[k]].body_hash =
        *Hash::FromBytes(section.stored.substr(k * Hash::kSize, Hash::kSize));
    segment.has_hash[members[k]] = true;
  }
  return absl::OkStatus();
}

absl::Status TakeColumn(const Column& column, std::span<const uint32_t> members, Segment& segment) {
  if (column.bodies) {
    TJ_ASSIGN_OR_RETURN(const Unpacked open,
                        Unpack(column.bodies->stored, column.bodies->raw_length));
    TJ_RETURN_IF_ERROR(JoinBodies(column.bodies->kind, open.view, column.secrets->stored, members,
                                  segment.leaves));
  }
  if (column.hashes) TJ_RETURN_IF_ERROR(TakeHashes(*column.hashes, members, segment));
  return absl::OkStatus();
}

// As many leaves as the layout says, with their headers.
absl::StatusOr<std::vector<Leaf>> TakeHeaders(const Layout& layout) {
  TJ_ASSIGN_OR_RETURN(const Unpacked planes,
                      Unpack(layout.headers.stored, layout.headers.raw_length));
  std::vector<Leaf> leaves(layout.count);
  TJ_RETURN_IF_ERROR(RestoreHeaders(planes.view, leaves));
  return leaves;
}

// Asks `keep` about a column; `leaves` have their headers if the column is of an addressed record.
absl::StatusOr<bool> IsKept(uint16_t column, std::span<const Leaf> leaves,
                            const ColumnFilter& keep) {
  if (column < kAddressedColumns) return keep(static_cast<Audience>(column), {});
  const Header& header = leaves[column - kAddressedColumns].header;
  if (header.audience != Audience::kAddressed) {
    return Bad(Cat("column ", column, " has no records"));
  }
  return keep(Audience::kAddressed,
              {reinterpret_cast<const char*>(header.tag.data()), header.tag.size()});
}

}  // namespace

absl::StatusOr<Bytes> EncodeSegment(Index first, std::span<const Leaf> leaves, HashColumns hashes) {
  if (leaves.empty() || leaves.size() > limits::kSegmentRecordsMax) {
    return Error(ErrorCode::kWireLimit, Cat("segment of ", leaves.size(), " records"));
  }
  if (first.value > limits::kLedgerSizeMax - leaves.size()) {
    return Error(ErrorCode::kWireLimit, Cat("segment from index ", first.value));
  }
  TJ_RETURN_IF_ERROR(CheckLeaves(leaves));
  Bytes out;
  AppendFixed({first, static_cast<uint32_t>(leaves.size())}, out);
  AppendSection(SectionKind::kHeaders, kHeaderColumn, HeaderPlanes(leaves), out);
  for (const auto& [column, members] : MembersOf(leaves)) {
    AppendColumn(column, members, leaves, hashes, out);
  }
  if (out.size() > limits::kSegmentBytesMax) {
    return Error(ErrorCode::kWireLimit, Cat("segment of ", out.size(), " bytes"));
  }
  return out;
}

absl::StatusOr<Segment> DecodeSegment(ByteView bytes) {
  return DecodeSegment(bytes, [](const Header&) { return true; });
}

absl::StatusOr<Segment> DecodeSegment(ByteView bytes, const BodyWish& wish) {
  TJ_ASSIGN_OR_RETURN(const Layout layout, ParseLayout(bytes));
  Segment segment;
  segment.first = layout.first;
  TJ_ASSIGN_OR_RETURN(segment.leaves, TakeHeaders(layout));
  segment.has_hash.resize(layout.count);
  const Members members = MembersOf(segment.leaves);
  std::vector<bool> left_out(layout.count);  // the body is in the segment, and not taken
  for (Column column : layout.columns) {
    const auto of_column = members.find(column.number);
    if (of_column == members.end()) return Bad(Cat("column ", column.number, " has no records"));
    const auto& positions = of_column->second;
    const bool wanted = std::any_of(positions.begin(), positions.end(),
                                    [&](uint32_t i) { return wish(segment.leaves[i].header); });
    if (!wanted && column.bodies && column.bodies->kind == SectionKind::kBodies) {
      for (const uint32_t i : positions) left_out[i] = true;
    }
    if (!wanted) column.bodies.reset();
    TJ_RETURN_IF_ERROR(At(Cat("column ", column.number), TakeColumn(column, positions, segment)));
  }
  for (size_t i = 0; i < segment.leaves.size(); ++i) {
    if (segment.leaves[i].body.empty() && !segment.has_hash[i] && !left_out[i]) {
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
  std::vector<Leaf> leaves;
  if (!layout.columns.empty() && layout.columns.back().number >= kAddressedColumns) {
    TJ_ASSIGN_OR_RETURN(leaves, TakeHeaders(layout));
  }
  Bytes out;
  out.reserve(bytes.size());
  AppendFixed({layout.first, layout.count}, out);
  CopySection(layout.headers, out);
  for (const Column& column : layout.columns) {
    TJ_ASSIGN_OR_RETURN(const bool kept, IsKept(column.number, leaves, keep));
    if (kept && column.bodies) {
      CopySection(*column.bodies, out);
      CopySection(*column.secrets, out);
      if (column.bodies->kind == SectionKind::kBodies) continue;
    }
    if (!column.hashes) return Bad(Cat("column ", column.number, " has no hashes"));
    CopySection(*column.hashes, out);
  }
  return out;
}

}  // namespace tj::wire
