#include "crypto/leaf_hash.h"

#include <gtest/gtest.h>

#include <vector>

#include "crypto/merkle/hasher.h"
#include "crypto/sm3.h"

namespace tj::crypto {
namespace {

wire::Header SampleHeader() {
  wire::Header header;
  header.family = Family::kCaseEvent;
  header.audience = Audience::kParent;
  header.recorded_at = {1'795'335'123'123};
  return header;
}

TEST(LeafHash, HashesTheBytesOfTheSpecification) {
  const Bytes body = std::string(16, '\x11') + "payload" + '\0';
  EXPECT_EQ(BodyHash(body), Sm3Of({"\x02" + body}));

  const wire::Header header = SampleHeader();
  Bytes leaf(1, '\0');
  wire::EncodeHeader(header, leaf);
  leaf.append(BodyHash(body).view());
  ASSERT_EQ(leaf.size(), 55u);  // with the padding of SM3 one block
  EXPECT_EQ(LeafHash(header, BodyHash(body)), Sm3Of({leaf}));
  EXPECT_EQ(LeafHash(header, BodyHash(body)), merkle::Sm3Hasher::Leaf(ByteView(leaf).substr(1)));

  const Bytes salt(16, '\x22');
  EXPECT_EQ(PrivateCommitment(wire::PrivateKind::kPerson, salt, "part"),
            Sm3Of({"\x03\x01" + salt + "part"}));
  EXPECT_NE(PrivateCommitment(wire::PrivateKind::kPerson, salt, "part"),
            PrivateCommitment(wire::PrivateKind::kText, salt, "part"));
}

TEST(LeafHash, NoKindOfHashCanBeTakenForAnother) {
  const Bytes same(64, 'x');
  const Hash left = *Hash::FromBytes(same.substr(0, 32));
  const Hash right = *Hash::FromBytes(same.substr(32));
  EXPECT_EQ(merkle::Sm3Hasher::Node(left, right), Sm3Of({"\x01" + same}));
  EXPECT_NE(merkle::Sm3Hasher::Node(left, right), BodyHash(same));
  EXPECT_NE(merkle::Sm3Hasher::Leaf(same), BodyHash(same));
  EXPECT_EQ(merkle::Sm3Hasher::Empty(), Sm3Of({}));
}

TEST(LeafHash, BatchesGiveWhatSingleCallsGive) {
  std::vector<wire::Leaf> leaves(5);
  const Hash known = BodyHash("known only by its hash");
  for (size_t i = 0; i < leaves.size(); ++i) {
    leaves[i].header = SampleHeader();
    leaves[i].header.recorded_at.ms += static_cast<int64_t>(i);
    if (i == 2) {
      leaves[i].body_hash = known;
    } else {
      leaves[i].body = std::string(17 + i * 100, static_cast<char>('a' + i));
    }
  }
  HashBodies(leaves);
  std::vector<Hash> hashes(leaves.size());
  HashLeaves(leaves, hashes);
  for (size_t i = 0; i < leaves.size(); ++i) {
    const Hash body_hash = i == 2 ? known : BodyHash(leaves[i].body);
    EXPECT_EQ(leaves[i].body_hash, body_hash) << i;
    EXPECT_EQ(hashes[i], LeafHash(leaves[i].header, body_hash)) << i;
  }
}

}  // namespace
}  // namespace tj::crypto
