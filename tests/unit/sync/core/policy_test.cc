#include "sync/core/policy.h"

#include "tests/unit/sync/core/ledger_fixture.h"

namespace tj::sync {
namespace {

class PolicyTest : public LedgerFixture {
 protected:
  const NodeCode sibling_ = *NodeCode::Parse("370827");
  const LedgerId bureau_ledger_{bureau_, Epoch{1}};
  const std::shared_ptr<const crypto::TrustStore> tree_ =
      scenario::Keyring::Instance().Trust({{.code = bureau_, .parent = {}},
                                           {.code = county_, .parent = bureau_},
                                           {.code = sibling_, .parent = bureau_}});

  std::shared_ptr<const crypto::AddressBook> BookOf(const NodeCode& self) const {
    return scenario::Keyring::Instance().Addresses(*tree_, self);
  }
  Bytes TagFor(const NodeCode& reader) const {
    const auto tags = BookOf(bureau_)->Tags(reader, bureau_ledger_);
    EXPECT_EQ(tags.size(), 1u);
    return {tags[0].begin(), tags[0].end()};
  }
};

TEST_F(PolicyTest, AudiencesAreOwedAsTheTreeSays) {
  const auto child = BodiesOwed(*tree_, nullptr, county_, bureau_ledger_);
  const auto parent = BodiesOwed(*tree_, nullptr, bureau_, ledger_);
  const Bytes none(wire::kTagBytes, '\0');
  EXPECT_TRUE(child(Audience::kChildren, none));
  EXPECT_TRUE(child(Audience::kAll, none));
  EXPECT_FALSE(child(Audience::kParent, none));
  EXPECT_TRUE(parent(Audience::kParent, none));
  EXPECT_TRUE(parent(Audience::kChain, none));
  EXPECT_FALSE(parent(Audience::kLocal, none));
}

TEST_F(PolicyTest, WhoIsAddressedKnowsIt) {
  const auto book = BookOf(county_);
  const auto owed = BodiesOwed(*tree_, book.get(), county_, bureau_ledger_);
  EXPECT_TRUE(owed(Audience::kAddressed, TagFor(county_)));
  EXPECT_FALSE(owed(Audience::kAddressed, TagFor(sibling_)));
  EXPECT_FALSE(
      BodiesOwed(*tree_, nullptr, county_, bureau_ledger_)(Audience::kAddressed, TagFor(county_)));
}

TEST_F(PolicyTest, TheOriginGivesItToNobodyElse) {
  const auto book = BookOf(bureau_);
  EXPECT_TRUE(BodiesOwed(*tree_, book.get(), county_, bureau_ledger_)(Audience::kAddressed,
                                                                      TagFor(county_)));
  EXPECT_FALSE(BodiesOwed(*tree_, book.get(), sibling_, bureau_ledger_)(Audience::kAddressed,
                                                                        TagFor(county_)));
  EXPECT_FALSE(
      BodiesOwed(*tree_, nullptr, county_, bureau_ledger_)(Audience::kAddressed, TagFor(county_)));
}

// A holder of another's ledger cannot tell whose a record is: it passes nothing on.
TEST_F(PolicyTest, ARelayCannotTell) {
  const auto book = BookOf(sibling_);
  EXPECT_FALSE(BodiesOwed(*tree_, book.get(), county_, bureau_ledger_)(Audience::kAddressed,
                                                                       TagFor(county_)));
}

}  // namespace
}  // namespace tj::sync
