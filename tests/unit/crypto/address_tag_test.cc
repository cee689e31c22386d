#include "crypto/address_tag.h"

#include <gtest/gtest.h>

#include "crypto/issue.h"
#include "crypto/sm3.h"
#include "tests/unit/crypto/test_pki.h"

namespace tj::crypto {
namespace {

const NodeCode kProvince = *NodeCode::Parse("370000");
const NodeCode kBureau = *NodeCode::Parse("370800");
const NodeCode kCounty = *NodeCode::Parse("370826");
const NodeCode kSibling = *NodeCode::Parse("370827");
const NodeCode kTown = *NodeCode::Parse("370826001");
const LedgerId kBureauLedger{kBureau, Epoch{1}};

Bytes HexOf(const AddressTag& tag) { return HexEncode(Bytes(tag.begin(), tag.end())); }

Sm2PrivateKey Scalar(uint8_t first) {
  Bytes scalar;
  for (int i = 0; i < 32; ++i) scalar.push_back(static_cast<char>(first + i));
  return *Sm2PrivateKey::FromScalar(scalar);
}

// The worked tag of SPEC.md §3, computed with a few lines of Python and no library.
TEST(AddressTag, IsThatOfTheSpecification) {
  const Sm2PrivateKey one = Scalar(0x01);
  const Sm2PrivateKey two = Scalar(0x21);
  EXPECT_EQ(HexEncode(one.Public().Point()),
            "0446d1086f6e5c938447f05280db707c279a7b459c38f19e4d9a30ad2dadf9f28a"
            "f45fc1dc5b377736b57e97e7e0563ccca24c97f440e1d137e5941d84d2eb43c9");
  EXPECT_EQ(HexEncode(two.Public().Point()),
            "0496800b2af3be8c4d799f44817b81903d131b181ff770d804e2e9abfd0ba0946f"
            "eecc97e211ae182290cbf0880855b63d38185d007db5f9b1a0a408615003f4e4");
  for (const auto& key :
       {AddressKey::Derive(one, two.Public()), AddressKey::Derive(two, one.Public())}) {
    ASSERT_TRUE(key.ok()) << key.status();
    EXPECT_EQ(HexOf(key->TagIn(kBureauLedger)), "13295326ca523a97");
    EXPECT_EQ(HexOf(key->TagIn({kCounty, Epoch{1}})), "459be09c62d7fbfe");
    EXPECT_EQ(HexOf(key->TagIn({kBureau, Epoch{2}})), "bea41cf9f32fff91");
  }
}

struct Member {
  NodeCode code;
  std::optional<NodeCode> parent;
  std::vector<Party> keys;  // encryption, oldest first
};

// Province, bureau, two counties, a town; the county has changed its key once.
class AddressBookTest : public testing::Test {
 protected:
  AddressBookTest() {
    root_ = *MakeRoot(KeyKind::kSm2, "root", {kStart, kEnd}, "");
    std::vector<TrustedNode> nodes;
    for (Member& member : members_) {
      TrustedNode node{.code = member.code, .parent = member.parent, .name = "测试"};
      if (member.code == kTown || member.code == kCounty) node.follows = {kProvince};
      for (int i = 0; i < (member.code == kCounty ? 2 : 1); ++i) {
        member.keys.push_back(Certify(member.code));
        node.encryption.push_back(member.keys.back().certificate);
      }
      nodes.push_back(std::move(node));
    }
    trust_ = *TrustStore::Make(std::move(nodes), {*Certificate::FromPem(root_.certificate_pem)}, {},
                               kStart);
  }

  Party Certify(const NodeCode& code) const {
    const auto issued = IssueForNode(root_.certificate_pem, root_.key_pem, "", code,
                                     Purpose::kRecordEncryption, {kStart, kEnd}, "");
    EXPECT_TRUE(issued.ok()) << issued.status();
    return {*Sm2PrivateKey::FromPem(issued->key_pem, ""),
            *Certificate::FromPem(issued->certificate_pem)};
  }
  AddressBook BookOf(const NodeCode& self, size_t key = 0) const {
    for (const Member& member : members_) {
      if (member.code == self) return *AddressBook::Make(*trust_, self, member.keys.at(key).key);
    }
    ADD_FAILURE() << self.text();
    return {self, {}};
  }

  Issued root_;
  std::vector<Member> members_{{kProvince, {}, {}},
                               {kBureau, kProvince, {}},
                               {kCounty, kBureau, {}},
                               {kSibling, kBureau, {}},
                               {kTown, kCounty, {}}};
  std::optional<TrustStore> trust_;
};

TEST_F(AddressBookTest, OriginAndReaderFindTheSameTag) {
  const auto sent = BookOf(kBureau).Tags(kSibling, kBureauLedger);
  const auto known = BookOf(kSibling).Tags(kSibling, kBureauLedger);
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent, known);
  EXPECT_NE(sent, BookOf(kBureau).Tags(kProvince, kBureauLedger));
}

TEST_F(AddressBookTest, ANodeKnowsTheTagsOfEveryKeyOfTheOther) {
  const auto sent = BookOf(kBureau).Tags(kCounty, kBureauLedger);
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_NE(sent[0], sent[1]);
  EXPECT_EQ(BookOf(kCounty, 0).Tags(kCounty, kBureauLedger), std::vector{sent[0]});
  EXPECT_EQ(BookOf(kCounty, 1).Tags(kCounty, kBureauLedger), std::vector{sent[1]});
}

TEST_F(AddressBookTest, OthersKnowNothing) {
  EXPECT_TRUE(BookOf(kSibling).Tags(kCounty, kBureauLedger).empty());
  EXPECT_TRUE(BookOf(kCounty).Tags(kSibling, kBureauLedger).empty());
  EXPECT_TRUE(BookOf(kCounty).Tags(kSibling, {kSibling, Epoch{1}}).empty());
  EXPECT_TRUE(BookOf(kCounty).Tags(kCounty, {kCounty, Epoch{1}}).empty());
  EXPECT_TRUE(BookOf(kCounty).Tags(kCounty, {kTown, Epoch{1}}).size() == 1);
  EXPECT_TRUE(AddressBook(kCounty, {}).Tags(kCounty, kBureauLedger).empty());
}

// Through a relay a town follows the province, and sees what is addressed to it.
TEST_F(AddressBookTest, ReachesWhoFollowsFromAfar) {
  const LedgerId province{kProvince, Epoch{1}};
  EXPECT_EQ(BookOf(kTown).Tags(kTown, province).size(), 1u);
  EXPECT_EQ(BookOf(kTown).Tags(kTown, province), BookOf(kProvince).Tags(kTown, province));
  EXPECT_TRUE(BookOf(kTown).Tags(kTown, kBureauLedger).empty());
  EXPECT_TRUE(BookOf(kBureau).Tags(kTown, kBureauLedger).empty());
}

}  // namespace
}  // namespace tj::crypto
