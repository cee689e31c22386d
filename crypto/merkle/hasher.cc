#include "crypto/merkle/hasher.h"

#include <vector>

#include "crypto/lanes/sm3_lanes.h"
#include "crypto/sm3.h"
#include "protocol/vocab/check.h"

namespace tj::merkle {
namespace {

constexpr ByteView kNodeTag("\x01", 1);

}  // namespace

Hash Sm3Hasher::Empty() { return crypto::Sm3Of({}); }

Hash Sm3Hasher::Node(const Hash& left, const Hash& right) {
  return crypto::Sm3Of({kNodeTag, left.view(), right.view()});
}

void Sm3Hasher::Nodes(std::span<const Hash> children, std::span<Hash> out) {
  static_assert(sizeof(Hash) == Hash::kSize, "two children lie together as one message");
  TJ_CHECK(children.size() == 2 * out.size());
  std::vector<ByteView> messages;
  messages.reserve(out.size());
  for (size_t i = 0; i < out.size(); ++i) {
    messages.emplace_back(reinterpret_cast<const char*>(children[2 * i].data.data()),
                          2 * Hash::kSize);
  }
  crypto::Sm3Many(kNodeTag, messages, out);
}

Hash Sm3Hasher::Leaf(ByteView content) { return crypto::Sm3Of({ByteView("\x00", 1), content}); }

}  // namespace tj::merkle
