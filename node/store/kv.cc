#include "node/store/kv.h"

#include "protocol/vocab/status_macros.h"

namespace tj::store {

absl::Status ScanPrefix(const KvReader& reader, ByteView prefix,
                        const std::function<bool(ByteView key, ByteView value)>& row) {
  const auto it = reader.NewIterator();
  for (it->Seek(prefix); it->Valid() && it->key().starts_with(prefix); it->Next()) {
    if (!row(it->key(), it->value())) break;
  }
  return it->status();
}

}  // namespace tj::store
