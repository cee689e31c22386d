#include "crypto/merkle/hasher.h"

#include "crypto/sm3.h"

namespace tj::merkle {

Hash Sm3Hasher::Empty() { return crypto::Sm3Of({}); }

Hash Sm3Hasher::Node(const Hash& left, const Hash& right) {
  return crypto::Sm3Of({ByteView("\x01", 1), left.view(), right.view()});
}

Hash Sm3Hasher::Leaf(ByteView content) { return crypto::Sm3Of({ByteView("\x00", 1), content}); }

}  // namespace tj::merkle
