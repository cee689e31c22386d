// Fuzz target for hashing in lanes: whatever the messages, each level gives OpenSSL's digests. The
// first byte says whether there is a prefix; then each message is two bytes of length (the higher
// one modulo 4) and as many bytes, as far as they go.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "crypto/lanes/sm3_lanes.h"
#include "crypto/sm3.h"
#include "protocol/vocab/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tj::ByteView rest(reinterpret_cast<const char*>(data), size);
  if (rest.empty()) return 0;
  const bool tagged = rest[0] % 2 != 0;
  const tj::ByteView prefix = tagged ? rest.substr(0, 1) : tj::ByteView();
  rest.remove_prefix(1);
  std::vector<tj::ByteView> messages;
  while (rest.size() >= 2) {
    const size_t length = static_cast<uint8_t>(rest[0]) % 4 * 256 + static_cast<uint8_t>(rest[1]);
    rest.remove_prefix(2);
    messages.push_back(rest.substr(0, length));
    rest.remove_prefix(messages.back().size());
  }
  std::vector<tj::Hash> expected;
  for (const tj::ByteView message : messages) {
    expected.push_back(tj::crypto::Sm3Of({prefix, message}));
  }
  std::vector<tj::Hash> hashes(messages.size());
  for (const tj::crypto::Sm3Level level : tj::crypto::Sm3Levels()) {
    tj::crypto::Sm3ManyAt(level, prefix, messages, hashes);
    TJ_CHECK(hashes == expected);
  }
  return 0;
}
