// Small files that must survive a power cut: written beside their name, synced, renamed over it,
// and the folder synced. Any thread; one writer a file.

#ifndef TJ_NODE_STORE_DURABLE_FILE_H_
#define TJ_NODE_STORE_DURABLE_FILE_H_

#include <optional>
#include <string>

#include <absl/status/statusor.h>

#include "protocol/vocab/bytes.h"

namespace tj::store {

// Makes `folder` with mode 0700 unless it is there; its parent must be. STORE-FULL or
// STORE-UNAVAILABLE.
absl::Status MakePrivateFolder(const std::string& folder);

// `folder`/`name` holds `bytes`, mode 0600, and survives a power cut when this returns OK;
// otherwise it holds what it held before. STORE-FULL or STORE-UNAVAILABLE.
absl::Status WriteDurably(const std::string& folder, std::string_view name, ByteView bytes);

// There is no `folder`/`name`, and a power cut does not bring it back, when this returns OK.
// STORE-UNAVAILABLE otherwise.
absl::Status RemoveDurably(const std::string& folder, std::string_view name);

// nullopt when there is no such file; STORE-CORRUPT when it is longer than `bytes_max`;
// STORE-UNAVAILABLE when it cannot be read.
absl::StatusOr<std::optional<Bytes>> ReadSmallFile(const std::string& path, size_t bytes_max);

}  // namespace tj::store

#endif  // TJ_NODE_STORE_DURABLE_FILE_H_
