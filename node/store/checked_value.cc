#include "node/store/checked_value.h"

#include "crypto/sm3.h"
#include "protocol/vocab/error.h"
#include "protocol/wire/bytes_io.h"

namespace tj::store {
namespace {

Bytes CheckOf(ByteView key, ByteView value) {
  Bytes length;
  wire::Writer(length).U64(key.size());
  return Bytes(crypto::Sm3Of({length, key, value}).view().substr(0, kCheckBytes));
}

}  // namespace

Bytes EncodeChecked(ByteView key, ByteView value) {
  return Bytes(value).append(CheckOf(key, value));
}

absl::StatusOr<ByteView> DecodeChecked(ByteView key, ByteView stored) {
  if (stored.size() < kCheckBytes) {
    return Error(ErrorCode::kStoreCorrupt, "value is shorter than its check");
  }
  const ByteView value = stored.substr(0, stored.size() - kCheckBytes);
  if (stored.substr(value.size()) != CheckOf(key, value)) {
    return Error(ErrorCode::kStoreCorrupt, "value does not fit its check");
  }
  return value;
}

}  // namespace tj::store
