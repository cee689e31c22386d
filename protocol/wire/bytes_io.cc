#include "protocol/wire/bytes_io.h"

namespace tj::wire {

void Writer::Varint(uint64_t value) {
  while (value >= 0x80) {
    U8(static_cast<uint8_t>(value | 0x80));
    value >>= 7;
  }
  U8(static_cast<uint8_t>(value));
}

void Writer::Prefixed(ByteView bytes) {
  Varint(bytes.size());
  Raw(bytes);
}

void Writer::BigEndian(uint64_t value, int width) {
  for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) {
    U8(static_cast<uint8_t>(value >> shift));
  }
}

uint64_t Reader::BigEndian(int width) {
  const ByteView bytes = Raw(static_cast<size_t>(width));
  uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

uint64_t Reader::Varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const uint8_t byte = U8();
    if (!ok_) return 0;
    const bool overflows = shift == 63 && byte > 1;
    const bool padded = shift > 0 && byte == 0;
    if (overflows || padded) break;
    value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
  Fail();
  return 0;
}

ByteView Reader::Raw(size_t n) {
  if (n > in_.size()) {
    Fail();
    return {};
  }
  const ByteView out = in_.substr(0, n);
  in_.remove_prefix(n);
  return out;
}

ByteView Reader::Prefixed(size_t bytes_max) {
  const uint64_t n = Varint();
  if (n > bytes_max) {
    Fail();
    return {};
  }
  return Raw(n);
}

}  // namespace tj::wire
