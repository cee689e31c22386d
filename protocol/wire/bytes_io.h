// Reader and Writer: bounded big-endian integers and varints over bytes, for the formats that are
// ours (segments, stored values). A Reader never reads past its input: the first failure sticks,
// and ok() says so. Confined to a thread.

#ifndef TJ_PROTOCOL_WIRE_BYTES_IO_H_
#define TJ_PROTOCOL_WIRE_BYTES_IO_H_

#include <cstddef>
#include <cstdint>

#include "protocol/vocab/bytes.h"

namespace tj::wire {

class Writer {
 public:
  explicit Writer(Bytes& out) : out_(out) {}  // appends to `out`, which must outlive the Writer
  void U8(uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void U16(uint16_t value) { BigEndian(value, 2); }
  void U32(uint32_t value) { BigEndian(value, 4); }
  void U64(uint64_t value) { BigEndian(value, 8); }
  // LEB128, as Protobuf writes it.
  void Varint(uint64_t value);
  void Raw(ByteView bytes) { out_.append(bytes); }
  // Varint length, then the bytes.
  void Prefixed(ByteView bytes);

 private:
  void BigEndian(uint64_t value, int width);
  Bytes& out_;
};

class Reader {
 public:
  explicit Reader(ByteView in) : in_(in) {}  // borrows `in`
  uint8_t U8() { return static_cast<uint8_t>(BigEndian(1)); }
  uint16_t U16() { return static_cast<uint16_t>(BigEndian(2)); }
  uint32_t U32() { return static_cast<uint32_t>(BigEndian(4)); }
  uint64_t U64() { return BigEndian(8); }
  // Shortest form only.
  uint64_t Varint();
  ByteView Raw(size_t n);
  ByteView Prefixed(size_t bytes_max);

  bool ok() const { return ok_; }
  bool AtEnd() const { return ok_ && in_.empty(); }
  size_t remaining() const { return in_.size(); }

 private:
  uint64_t BigEndian(int width);
  void Fail() {
    ok_ = false;
    in_ = {};
  }
  ByteView in_;
  bool ok_ = true;
};

}  // namespace tj::wire

#endif  // TJ_PROTOCOL_WIRE_BYTES_IO_H_
