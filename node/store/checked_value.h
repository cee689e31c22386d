// Checked values: what no record, hash or signature confirms (a ledger's number, the count of
// commits, an emitter's cursor, a fork proof) is stored with a check over key and value, so that
// fsck and the reader notice a changed byte in either. Not a protection against people. Pure; any
// thread.
//
//   stored = value · first 8 bytes of SM3(8-byte length of key ‖ key ‖ value)

#ifndef TJ_NODE_STORE_CHECKED_VALUE_H_
#define TJ_NODE_STORE_CHECKED_VALUE_H_

#include <absl/status/statusor.h>

#include "protocol/vocab/bytes.h"

namespace tj::store {

inline constexpr size_t kCheckBytes = 8;

// The stored form of `value` under `key`.
Bytes EncodeChecked(ByteView key, ByteView value);
// The value, borrowed from `stored`; STORE-CORRUPT unless it was stored so under this key.
absl::StatusOr<ByteView> DecodeChecked(ByteView key, ByteView stored);

}  // namespace tj::store

#endif  // TJ_NODE_STORE_CHECKED_VALUE_H_
