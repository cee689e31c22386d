#include "protocol/wire/columns.h"

#include <array>
#include <bit>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/bytes_io.h"

namespace tj::wire {
namespace {

// Where recorded_at stands in a header.
constexpr size_t kTimeOffset = 13;
constexpr size_t kTimeBytes = 8;

absl::Status Bad(std::string_view detail) { return Error(ErrorCode::kWireSegment, detail); }

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

// Bytes of the commitments that stand before the mask. A body too short for what its mask says has
// none: segments carry any bytes.
size_t CommitmentBytes(size_t body_bytes, uint8_t mask) {
  const auto bytes = static_cast<size_t>(std::popcount(mask)) * Hash::kSize;
  return (mask & ~kBodyMaskKnown) == 0 && body_bytes >= kBodyBytesMin + bytes ? bytes : 0;
}

struct Shape {
  size_t body_bytes = 0;  // 0: not here
  uint8_t mask = 0;
};

// The lengths and masks at the start of `reader`.
absl::StatusOr<std::vector<Shape>> ReadShapes(Reader& reader, size_t count) {
  std::vector<Shape> shapes(count);
  for (Shape& shape : shapes) {
    const uint64_t n = reader.Varint();
    if (n > limits::kBodyBytesMax) return Bad("body too long");
    if (n > 0 && n < kBodyBytesMin) return Bad("body too short");
    shape.body_bytes = n;
  }
  for (Shape& shape : shapes) {
    if (shape.body_bytes > 0) shape.mask = reader.U8();
  }
  if (!reader.ok()) return Bad("bodies cut off");
  return shapes;
}

}  // namespace

Bytes HeaderPlanes(std::span<const Leaf> leaves) {
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

BodyColumn SplitBodies(std::span<const uint32_t> members, std::span<const Leaf> leaves) {
  BodyColumn column;
  size_t bytes = 0;
  for (const uint32_t i : members) bytes += leaves[i].body.size() + 3;
  column.open.reserve(bytes);
  Writer open(column.open);
  for (const uint32_t i : members) {
    open.Varint(leaves[i].body.size());
    if (leaves[i].body.empty()) column.kind = SectionKind::kSomeBodies;
  }
  for (const uint32_t i : members) {
    if (!leaves[i].body.empty()) open.U8(static_cast<uint8_t>(leaves[i].body.back()));
  }
  for (const uint32_t i : members) {
    const ByteView body = leaves[i].body;
    if (body.empty()) continue;
    const size_t commitments = CommitmentBytes(body.size(), static_cast<uint8_t>(body.back()));
    const size_t payload = body.size() - kBodyBytesMin - commitments;
    open.Raw(body.substr(kSaltBytes, payload));
    column.secrets.append(body.substr(0, kSaltBytes));
    column.secrets.append(body.substr(kSaltBytes + payload, commitments));
  }
  return column;
}

absl::Status JoinBodies(SectionKind kind, ByteView open, ByteView secrets,
                        std::span<const uint32_t> members, std::span<Leaf> leaves) {
  Reader open_reader(open);
  Reader secret_reader(secrets);
  TJ_ASSIGN_OR_RETURN(const auto shapes, ReadShapes(open_reader, members.size()));
  size_t present = 0;
  for (size_t k = 0; k < members.size(); ++k) {
    const auto [body_bytes, mask] = shapes[k];
    if (body_bytes == 0) continue;
    ++present;
    const size_t commitments = CommitmentBytes(body_bytes, mask);
    const ByteView salt = secret_reader.Raw(kSaltBytes);
    const ByteView payload = open_reader.Raw(body_bytes - kBodyBytesMin - commitments);
    const ByteView committed = secret_reader.Raw(commitments);
    if (!open_reader.ok() || !secret_reader.ok()) return Bad("bodies cut off");
    Bytes& body = leaves[members[k]].body;
    body.reserve(body_bytes);
    body.append(salt).append(payload).append(committed).push_back(static_cast<char>(mask));
  }
  if (!open_reader.AtEnd() || !secret_reader.AtEnd()) return Bad("bytes after the last body");
  const bool all = kind == SectionKind::kBodies;
  if (all ? present != members.size() : present == 0 || present == members.size()) {
    return Bad("bodies are not as their section's kind says");
  }
  return absl::OkStatus();
}

}  // namespace tj::wire
