#include "sync/core/statement.h"

#include "protocol/vocab/error.h"
#include "tests/unit/sync/core/ledger_fixture.h"

namespace tj::sync {
namespace {

using crypto::StatementKind;

class StatementTest : public LedgerFixture {
 protected:
  crypto::Note State(const crypto::Note& head, StatementKind kind) {
    return *MakeStatement(head, kind, bureau_, crypto::kProfileIntl, kNow, bureau_key_);
  }
};

TEST_F(StatementTest, IsEvidenceByItself) {
  const crypto::Note head = Grow(3);
  const auto parsed = crypto::ParseNote(State(head, StatementKind::kSeen).Text());
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->signatures.size(), 2u);
  const auto line = CheckStatement(*trust_, *parsed, StatementKind::kSeen, bureau_);
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(line->at, kNow);
}

TEST_F(StatementTest, IsOfOneKindAndOneSigner) {
  const crypto::Note seen = State(Grow(3), StatementKind::kSeen);
  EXPECT_EQ(CodeOf(CheckStatement(*trust_, seen, StatementKind::kHeld, bureau_).status()),
            ErrorCode::kCryptoSignature);
  EXPECT_EQ(CodeOf(CheckStatement(*trust_, seen, StatementKind::kSeen, county_).status()),
            ErrorCode::kCryptoSignature);
  // A `seen` line called `held` does not verify: each kind signs a text of its own.
  crypto::Note renamed = seen;
  renamed.signatures[1].kind = StatementKind::kHeld;
  EXPECT_EQ(CodeOf(CheckStatement(*trust_, renamed, StatementKind::kHeld, bureau_).status()),
            ErrorCode::kCryptoSignature);
}

TEST_F(StatementTest, CoversTimeSizeRootAndProfile) {
  const crypto::Note seen = State(Grow(3), StatementKind::kSeen);
  const auto refused = [&](crypto::Note note) {
    return CodeOf(CheckStatement(*trust_, note, StatementKind::kSeen, bureau_).status()) ==
           ErrorCode::kCryptoSignature;
  };
  crypto::Note note = seen;
  note.signatures[1].at = kNow + Duration(1);
  EXPECT_TRUE(refused(note));
  note = seen;
  note.signatures[1].profile = 2;
  EXPECT_TRUE(refused(note));
  note = seen;
  note.head.size = 4;
  EXPECT_TRUE(refused(note));
  note = seen;
  note.head.root.data[31] ^= 1;
  EXPECT_TRUE(refused(note));
}

TEST_F(StatementTest, KeepsOnlyLinesThatVerify) {
  const crypto::Note head = Grow(3);
  crypto::Note with_more = State(head, StatementKind::kSeen);
  const auto verified = VerifiedHead(*trust_, with_more);
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->Text(), head.Text());
  with_more.signatures.erase(with_more.signatures.begin());
  EXPECT_EQ(CodeOf(VerifiedHead(*trust_, with_more).status()), ErrorCode::kCryptoSignature);
}

TEST_F(StatementTest, TellsAnUnknownKeyFromAWrongSignature) {
  origin_.Append(1, {}, kNow);
  const auto note = origin_.Publish(scenario::Keyring::Instance().SignerOf(county_, 2), kNow);
  ASSERT_TRUE(note.ok());
  EXPECT_EQ(CodeOf(VerifiedHead(*trust_, *note).status()), ErrorCode::kSyncUnknownKey);
}

}  // namespace
}  // namespace tj::sync
