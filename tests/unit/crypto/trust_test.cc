#include "crypto/trust.h"

#include <gtest/gtest.h>

#include <memory>

#include "crypto/issue.h"
#include "crypto/signer.h"
#include "protocol/vocab/error.h"
#include "tests/unit/crypto/test_pki.h"

namespace tj::crypto {
namespace {

constexpr ErrorCode kAccepted{};

NodeCode Node(const char* text) {
  auto code = NodeCode::Parse(text);
  EXPECT_TRUE(code.ok());
  return *std::move(code);
}

const NodeCode kBureau = Node("370800");
const NodeCode kCounty = Node("370826");
const NodeCode kTown = Node("370826001");
const NodeCode kOtherCounty = Node("370827");
const NodeCode kStranger = Node("370828");

ErrorCode CodeIf(const absl::Status& status) { return status.ok() ? kAccepted : CodeOf(status); }

// A root, and what it certifies.
class Authority {
 public:
  Authority() {
    auto root = MakeRoot(KeyKind::kSm2, "root", {kStart, kEnd}, "");
    EXPECT_TRUE(root.ok());
    root_ = *std::move(root);
  }
  std::vector<Certificate> Roots() const { return {*Certificate::FromPem(root_.certificate_pem)}; }
  Party Certify(const NodeCode& node, Purpose purpose = Purpose::kRecordSigning,
                Validity validity = {kStart, kEnd}) const {
    const auto issued =
        IssueForNode(root_.certificate_pem, root_.key_pem, "", node, purpose, validity, "");
    EXPECT_TRUE(issued.ok());
    return {*Sm2PrivateKey::FromPem(issued->key_pem, ""),
            *Certificate::FromPem(issued->certificate_pem)};
  }

 private:
  Issued root_;
};

TrustedNode Plain(const NodeCode& code, std::optional<NodeCode> parent) {
  return {.code = code, .parent = std::move(parent), .name = "测试"};
}

std::vector<TrustedNode> Tree() {
  return {Plain(kCounty, kBureau), Plain(kBureau, std::nullopt), Plain(kTown, kCounty),
          Plain(kOtherCounty, kBureau)};
}

absl::StatusOr<TrustStore> Make(std::vector<TrustedNode> nodes) {
  return TrustStore::Make(std::move(nodes), {}, {}, kNow);
}

TEST(Trust, Relations) {
  const auto store = Make(Tree());
  ASSERT_TRUE(store.ok()) << Describe(store.status());
  const auto relation = [&](const NodeCode& reader, const NodeCode& origin) {
    return store->RelationOf(reader, origin);
  };
  EXPECT_EQ(relation(kCounty, kCounty), Relation::kSelf);
  EXPECT_EQ(relation(kBureau, kCounty), Relation::kParent);
  EXPECT_EQ(relation(kCounty, kTown), Relation::kParent);
  EXPECT_EQ(relation(kBureau, kTown), Relation::kAncestor);
  EXPECT_EQ(relation(kCounty, kBureau), Relation::kChild);
  EXPECT_EQ(relation(kTown, kBureau), Relation::kOther);
  EXPECT_EQ(relation(kOtherCounty, kCounty), Relation::kOther);
  EXPECT_EQ(relation(kOtherCounty, kTown), Relation::kOther);
  EXPECT_EQ(relation(kStranger, kCounty), Relation::kOther);
  EXPECT_EQ(relation(kCounty, kStranger), Relation::kOther);

  EXPECT_EQ(store->ChildrenOf(kBureau), (std::vector{kCounty, kOtherCounty}));
  EXPECT_EQ(store->ChildrenOf(kTown), std::vector<NodeCode>());
  ASSERT_NE(store->Find(kTown), nullptr);
  EXPECT_EQ(store->Find(kTown)->parent, kCounty);
  EXPECT_EQ(store->Find(kStranger), nullptr);
}

TEST(Trust, ParentsFormOneTree) {
  const auto code = [](std::vector<TrustedNode> nodes) {
    return CodeIf(Make(std::move(nodes)).status());
  };
  EXPECT_EQ(code({Plain(kBureau, std::nullopt)}), kAccepted);
  EXPECT_EQ(code({}), ErrorCode::kTrustFile);
  EXPECT_EQ(code({Plain(kBureau, std::nullopt), Plain(kBureau, std::nullopt)}),
            ErrorCode::kTrustFile);
  EXPECT_EQ(code({Plain(kBureau, std::nullopt), Plain(kStranger, std::nullopt)}),
            ErrorCode::kTrustFile);
  EXPECT_EQ(code({Plain(kBureau, std::nullopt), Plain(kTown, kCounty)}), ErrorCode::kTrustFile);
  EXPECT_EQ(code({Plain(kBureau, kBureau)}), ErrorCode::kTrustFile);
  EXPECT_EQ(code({Plain(kBureau, std::nullopt), Plain(kCounty, kTown), Plain(kTown, kCounty)}),
            ErrorCode::kTrustFile);
}

TEST(Trust, FartherLedgersComeThroughNodesThatFollowThem) {
  // kBureau ─ kCounty ─ kTown, kBureau ─ kOtherCounty
  const auto make = [](std::vector<std::pair<NodeCode, std::vector<NodeCode>>> follows) {
    std::vector<TrustedNode> nodes = Tree();
    for (const auto& [code, origins] : follows) {
      for (TrustedNode& node : nodes) {
        if (node.code == code) node.follows = origins;
      }
    }
    return Make(std::move(nodes));
  };
  const auto why = [&](std::vector<std::pair<NodeCode, std::vector<NodeCode>>> follows) {
    return std::string(make(std::move(follows)).status().message());
  };
  const auto store = make({{kBureau, {kTown}}, {kTown, {kBureau}}, {kOtherCounty, {kCounty}}});
  ASSERT_TRUE(store.ok()) << Describe(store.status());
  EXPECT_EQ(store->NextTo(kBureau, kTown), kCounty);
  EXPECT_EQ(store->NextTo(kTown, kBureau), kCounty);
  EXPECT_EQ(store->NextTo(kOtherCounty, kTown), kBureau);
  EXPECT_EQ(store->NextTo(kCounty, kOtherCounty), kBureau);
  EXPECT_EQ(store->NextTo(kTown, kTown), std::nullopt);
  EXPECT_EQ(store->NextTo(kTown, kStranger), std::nullopt);
  EXPECT_EQ(store->NextTo(kStranger, kTown), std::nullopt);
  EXPECT_EQ(store->FartherFollowers(kTown), std::vector{kBureau});
  EXPECT_TRUE(store->FollowsFarther(kBureau, kTown));
  EXPECT_FALSE(store->FollowsFarther(kCounty, kTown)) << "a neighbour is not far";
  EXPECT_FALSE(store->FollowsFarther(kOtherCounty, kTown));

  EXPECT_NE(why({{kOtherCounty, {kTown}}}).find("through 370800, which does not follow it"),
            std::string::npos)
      << why({{kOtherCounty, {kTown}}});
  EXPECT_TRUE(make({{kOtherCounty, {kTown}}, {kBureau, {kTown}}}).ok());
  EXPECT_NE(why({{kBureau, {kStranger}}}).find("not a node"), std::string::npos);
  EXPECT_NE(why({{kBureau, {kCounty}}}).find("in any case"), std::string::npos);
  EXPECT_NE(why({{kBureau, {kBureau}}}).find("in any case"), std::string::npos);
  EXPECT_NE(why({{kBureau, {kTown, kTown}}}).find("twice"), std::string::npos);
}

TEST(Trust, CertificatesAreChecked) {
  const Authority authority;
  const Party good = authority.Certify(kBureau);
  const auto make = [&](std::vector<Certificate> signing, std::vector<Certificate> encryption,
                        Instant at = kNow) {
    TrustedNode node = Plain(kBureau, std::nullopt);
    node.signing = std::move(signing);
    node.encryption = std::move(encryption);
    return CodeIf(TrustStore::Make({node}, authority.Roots(), {}, at).status());
  };
  const Certificate seal = authority.Certify(kBureau, Purpose::kRecordEncryption).certificate;
  EXPECT_EQ(make({good.certificate}, {seal}), kAccepted);
  EXPECT_EQ(make({seal}, {}), ErrorCode::kTrustFile);  // may not sign
  EXPECT_EQ(make({authority.Certify(kCounty).certificate}, {}), ErrorCode::kTrustFile);
  const Certificate other_seal = authority.Certify(kCounty, Purpose::kRecordEncryption).certificate;
  EXPECT_EQ(make({}, {other_seal}), ErrorCode::kTrustFile);
  const Certificate foreign = Authority().Certify(kBureau).certificate;
  EXPECT_EQ(make({foreign}, {}), ErrorCode::kCryptoChain);
  EXPECT_EQ(make({good.certificate}, {foreign}), ErrorCode::kCryptoChain);
  // An earlier certificate stays for what it signed, the next one may be there before it counts;
  // but nothing counts beyond its root.
  const auto with_validity = [&](Instant from, Instant to) {
    return authority.Certify(kBureau, Purpose::kRecordSigning, {from, to}).certificate;
  };
  EXPECT_EQ(make({with_validity(kStart, kNow - Duration(1000)), good.certificate,
                  with_validity(kNow + Duration(1000), kEnd)},
                 {}),
            kAccepted);
  EXPECT_EQ(make({with_validity(kEnd + Duration(1000), kEnd + Duration(9000))}, {}),
            ErrorCode::kCryptoExpired);
}

TEST(Trust, IntermediatesLeadToTheRoot) {
  const Party root = MakeParty({.subject = "root", .extensions = kAuthority}, nullptr);
  const Party middle = MakeParty({.subject = "middle", .extensions = kAuthority}, &root);
  ExtensionList named = kEndEntity;
  named.emplace_back(NID_subject_alt_name, "DNS:370800.node.tongjian");
  TrustedNode node = Plain(kBureau, std::nullopt);
  node.signing = {MakeParty({.subject = "leaf", .extensions = named}, &middle).certificate};
  const std::vector intermediates{middle.certificate};
  EXPECT_TRUE(TrustStore::Make({node}, {root.certificate}, intermediates, kNow).ok());
  EXPECT_EQ(CodeIf(TrustStore::Make({node}, {root.certificate}, {}, kNow).status()),
            ErrorCode::kCryptoChain);
}

class TrustLines : public testing::Test {
 protected:
  TrustLines() : old_(Make(kStart, kNow)), new_(Make(kNow, kEnd)) {
    TrustedNode county = Plain(kCounty, kBureau);
    county.signing = {old_.certificate, new_.certificate};
    TrustedNode bureau = Plain(kBureau, std::nullopt);
    bureau.signing = {bureau_.certificate};
    auto store = TrustStore::Make({county, bureau}, authority_.Roots(), {}, kNow);
    EXPECT_TRUE(store.ok()) << Describe(store.status());
    store_ = std::make_unique<TrustStore>(*std::move(store));
  }

  Party Make(Instant from, Instant to) const {
    return authority_.Certify(kCounty, Purpose::kRecordSigning, {from, to});
  }
  static Head HeadAt(Instant at) { return {LedgerId{kCounty, Epoch{1}}, 7, Hash{}, at}; }
  static Note Signed(const Head& head, const Party& by) {
    KeySigner signer(by.key);
    auto note = SignHead(head, signer);
    EXPECT_TRUE(note.ok());
    return *std::move(note);
  }
  ErrorCode Origin(const Note& note) const { return CodeIf(store_->VerifyOrigin(note)); }

  const Authority authority_;
  const Party old_;
  const Party new_;
  const Party bureau_ = authority_.Certify(kBureau);
  std::unique_ptr<TrustStore> store_;
};

TEST_F(TrustLines, KeysCountWhileTheirCertificatesAreValid) {
  const Head before = HeadAt(kNow - Duration(60'000));
  const Head after = HeadAt(kNow + Duration(60'000));
  EXPECT_EQ(Origin(Signed(before, old_)), kAccepted);
  EXPECT_EQ(Origin(Signed(after, new_)), kAccepted);
  EXPECT_EQ(Origin(Signed(after, old_)), ErrorCode::kSyncUnknownKey);
  EXPECT_EQ(Origin(Signed(before, new_)), ErrorCode::kSyncUnknownKey);
}

TEST_F(TrustLines, OriginMustBeKnownAndRight) {
  const Head head = HeadAt(kNow + Duration(60'000));
  // A key of the right node that the store does not have.
  EXPECT_EQ(Origin(Signed(head, Make(kStart, kEnd))), ErrorCode::kSyncUnknownKey);
  Head strange = head;
  strange.ledger.origin = kStranger;
  EXPECT_EQ(Origin(Signed(strange, new_)), ErrorCode::kTrustUnknownNode);
  Note altered = Signed(head, new_);
  altered.head.size += 1;
  EXPECT_EQ(Origin(altered), ErrorCode::kCryptoSignature);
  Note none{head, {}};
  EXPECT_EQ(Origin(none), ErrorCode::kCryptoSignature);
  // Two lines while the key changes: one that is right is enough.
  Note two = Signed(head, Make(kStart, kEnd));
  two.signatures.push_back(Signed(head, new_).signatures[0]);
  EXPECT_EQ(Origin(two), kAccepted);
}

TEST_F(TrustLines, StatementsCountByTheirOwnTime) {
  const Head head = HeadAt(kNow + Duration(60'000));
  KeySigner signer(bureau_.key);
  const auto line = [&](Instant at) {
    auto made = SignStatement(head, StatementKind::kSeen, kBureau, kProfileIntl, at, signer);
    EXPECT_TRUE(made.ok());
    return *std::move(made);
  };
  EXPECT_TRUE(store_->Verify(head, line(kNow)).ok());
  EXPECT_EQ(CodeIf(store_->Verify(head, line(kEnd + Duration(1)))), ErrorCode::kSyncUnknownKey);
  NoteSignature moved = line(kNow);
  moved.at = moved.at + Duration(1);
  EXPECT_EQ(CodeIf(store_->Verify(head, moved)), ErrorCode::kCryptoSignature);
  NoteSignature other_kind = line(kNow);
  other_kind.kind = StatementKind::kHeld;
  EXPECT_EQ(CodeIf(store_->Verify(head, other_kind)), ErrorCode::kCryptoSignature);
  NoteSignature other_signer = line(kNow);
  other_signer.signer = kCounty;
  EXPECT_EQ(CodeIf(store_->Verify(head, other_signer)), ErrorCode::kSyncUnknownKey);
  // The origin's place is for the origin alone.
  NoteSignature as_origin = line(kNow);
  as_origin.kind = StatementKind::kOrigin;
  EXPECT_EQ(CodeIf(store_->Verify(head, as_origin)), ErrorCode::kCryptoSignature);
}

TEST(Trust, Channel) {
  const auto root = MakeRoot(KeyKind::kP256, "tls", {kStart, kEnd}, "");
  ASSERT_TRUE(root.ok());
  const auto tls = [&](const NodeCode& node) {
    const auto issued = IssueForNode(root->certificate_pem, root->key_pem, "", node, Purpose::kTls,
                                     {kStart, kEnd}, "");
    EXPECT_TRUE(issued.ok());
    return *Certificate::FromPem(issued->certificate_pem);
  };
  const Certificate county = tls(kCounty);
  const Certificate again = tls(kCounty);
  const Certificate other = tls(kOtherCounty);
  std::vector<TrustedNode> nodes = Tree();
  nodes[0].tls_keys = {other.KeyFingerprint(), county.KeyFingerprint()};
  const auto store = Make(nodes);
  ASSERT_TRUE(store.ok());
  EXPECT_TRUE(store->VerifyChannel(kCounty, county).ok());
  EXPECT_EQ(CodeIf(store->VerifyChannel(kCounty, again)), ErrorCode::kSyncPeer);
  EXPECT_EQ(CodeIf(store->VerifyChannel(kCounty, other)), ErrorCode::kSyncPeer);
  EXPECT_EQ(CodeIf(store->VerifyChannel(kOtherCounty, other)), ErrorCode::kSyncPeer);
  EXPECT_EQ(CodeIf(store->VerifyChannel(kStranger, county)), ErrorCode::kTrustUnknownNode);
}

}  // namespace
}  // namespace tj::crypto
