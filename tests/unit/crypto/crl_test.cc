#include <gtest/gtest.h>

#include "crypto/certificate.h"
#include "protocol/vocab/error.h"
#include "tests/unit/crypto/test_pki.h"

namespace tj::crypto {
namespace {

constexpr ErrorCode kAccepted{};

Party Authority(ExtensionList extensions = kAuthority) {
  return MakeParty({.subject = "root", .extensions = std::move(extensions)}, nullptr);
}

ErrorCode Check(const Crl& crl, const Party& issuer, Instant at = kNow) {
  const absl::Status status = CheckCrl(crl, issuer.certificate, at);
  return status.ok() ? kAccepted : CodeOf(status);
}

TEST(Crl, InForce) {
  const Party root = Authority();
  const Crl crl = MakeCrl({.extensions = {{NID_authority_key_identifier, "keyid:always"}}}, root);
  EXPECT_EQ(Check(crl, root), kAccepted);
  EXPECT_EQ(Check(crl, root, kStart - Duration(1)), ErrorCode::kCryptoExpired);
  EXPECT_EQ(Check(crl, root, kEnd), kAccepted);
  EXPECT_EQ(Check(crl, root, kEnd + Duration(1)), ErrorCode::kCryptoExpired);
}

TEST(Crl, OfAnother) {
  const Party root = Authority();
  const Crl crl = MakeCrl({}, root);
  EXPECT_EQ(Check(crl, MakeParty({.subject = "other", .extensions = kAuthority}, nullptr)),
            ErrorCode::kCryptoChain);
  EXPECT_EQ(Check(crl, Authority()), ErrorCode::kCryptoChain);  // same name, other key
}

TEST(Crl, WrongIdIsRefused) {
  const Party root = Authority();
  EXPECT_EQ(Check(MakeCrl({.id = "1234567812345679"}, root), root), ErrorCode::kCryptoChain);
  EXPECT_EQ(Check(MakeCrl({.id = ""}, root), root), ErrorCode::kCryptoChain);
}

TEST(Crl, IssuerMustBeAllowed) {
  const Party no_usage = Authority({{NID_basic_constraints, "CA:TRUE"}});
  EXPECT_EQ(Check(MakeCrl({}, no_usage), no_usage), kAccepted);
  const Party certificates_only =
      Authority({{NID_basic_constraints, "CA:TRUE"}, {NID_key_usage, "keyCertSign"}});
  EXPECT_EQ(Check(MakeCrl({}, certificates_only), certificates_only), ErrorCode::kCryptoChain);
  const Party no_authority = Authority({{NID_key_usage, "cRLSign"}});
  EXPECT_EQ(Check(MakeCrl({}, no_authority), no_authority), ErrorCode::kCryptoChain);
}

TEST(Crl, CriticalExtensions) {
  const Party root = Authority();
  const ExtensionList only_users = {{NID_issuing_distribution_point, "critical,onlyuser:TRUE"}};
  EXPECT_EQ(Check(MakeCrl({.extensions = only_users}, root), root), ErrorCode::kCryptoChain);
  const Crl indirect =
      MakeCrl({.revoked = {root.certificate}, .critical_entry_extension = true}, root);
  EXPECT_EQ(Check(indirect, root), ErrorCode::kCryptoChain);
}

TEST(Crl, MalformedIsRefused) {
  for (const Bytes& bad : {Bytes(), Bytes("x"), Bytes("\x30\x00", 2), Bytes("-----BEGIN"),
                           Bytes(2 * 1024 * 1024, '\x30')}) {
    const auto crl = Crl::FromDerOrPem(bad);
    ASSERT_FALSE(crl.ok());
    EXPECT_EQ(CodeOf(crl.status()), ErrorCode::kCryptoCertificate);
  }
}

}  // namespace
}  // namespace tj::crypto
