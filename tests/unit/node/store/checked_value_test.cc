#include "node/store/checked_value.h"

#include <gtest/gtest.h>

#include "protocol/vocab/error.h"

namespace tj::store {
namespace {

TEST(CheckedValue, ComesBack) {
  for (const Bytes& value : {Bytes(), Bytes("cursor"), Bytes(1000, '\0')}) {
    const Bytes stored = EncodeChecked("E~summary", value);
    EXPECT_EQ(stored.size(), value.size() + kCheckBytes);
    EXPECT_EQ(*DecodeChecked("E~summary", stored), value);
  }
}

TEST(CheckedValue, NoticesEveryChangedByte) {
  const Bytes key = "E~summary";
  const Bytes stored = EncodeChecked(key, "cursor");
  for (size_t i = 0; i < stored.size(); ++i) {
    Bytes changed = stored;
    changed[i] = static_cast<char>(changed[i] ^ 0x01);
    EXPECT_EQ(CodeOf(DecodeChecked(key, changed).status()), ErrorCode::kStoreCorrupt) << i;
  }
  for (size_t i = 0; i < key.size(); ++i) {
    Bytes changed = key;
    changed[i] = static_cast<char>(changed[i] ^ 0x01);
    EXPECT_FALSE(DecodeChecked(changed, stored).ok()) << i;
  }
  EXPECT_FALSE(DecodeChecked("E~summaryc", EncodeChecked("E~summary", "cvalue")).ok());
  EXPECT_FALSE(DecodeChecked(key, stored.substr(0, stored.size() - 1)).ok());
  EXPECT_FALSE(DecodeChecked(key, "").ok());
}

}  // namespace
}  // namespace tj::store
