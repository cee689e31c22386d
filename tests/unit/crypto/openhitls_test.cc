// The SM2 chain and CRLs of ../shared/data/x509/openhitls, accepted or refused as their names say.
// All dates are around December 2025, so the time is chosen within them unless it is the point.

#include <gtest/gtest.h>

#include "crypto/certificate.h"
#include "protocol/vocab/error.h"
#include "tests/unit/crypto/vector_file.h"

namespace tj::crypto {
namespace {

constexpr ErrorCode kAccepted{};

std::filesystem::path Folder() { return SharedData() / "x509/openhitls"; }

Instant At(std::string_view text) {
  const auto instant = Instant::Parse(text);
  EXPECT_TRUE(instant.ok());
  return *instant;
}

const Instant kAt = At("2026-03-01T00:00:00Z");

Certificate Read(const std::string& name) {
  auto certificate = Certificate::FromPem(ReadWhole(Folder() / name));
  EXPECT_TRUE(certificate.ok()) << name << ": " << Describe(certificate.status());
  return *std::move(certificate);
}

Crl ReadCrl(const std::string& name) {
  auto crl = Crl::FromDerOrPem(ReadWhole(Folder() / name));
  EXPECT_TRUE(crl.ok()) << name << ": " << Describe(crl.status());
  return *std::move(crl);
}

// The code, and the detail for a failed expectation.
struct Answer {
  explicit Answer(const absl::Status& status)
      : code(status.ok() ? kAccepted : CodeOf(status)),
        text(status.ok() ? "accepted" : Describe(status)) {}
  ErrorCode code;
  std::string text;
};
bool operator==(const Answer& answer, ErrorCode code) { return answer.code == code; }
std::ostream& operator<<(std::ostream& out, const Answer& answer) { return out << answer.text; }

Answer Check(const Certificate& leaf, std::vector<Certificate> intermediates,
             const Certificate& root, std::vector<Crl> crls = {}, Instant at = kAt) {
  return Answer(CheckChain(leaf, intermediates, std::vector{root}, crls, at));
}
Answer CheckList(const std::string& name, const std::string& issuer, Instant at = kAt) {
  return Answer(CheckCrl(ReadCrl(name), Read(issuer), at));
}

TEST(OpenHitls, Chain) {
  TJ_SKIP_WITHOUT(Folder());
  const Certificate root = Read("chain/ca.crt");
  const Certificate middle = Read("chain/inter.crt");
  const Certificate leaf = Read("chain/sign.crt");
  EXPECT_EQ(Check(leaf, {middle}, root), kAccepted);
  EXPECT_EQ(Check(leaf, {}, root), ErrorCode::kCryptoChain);
  EXPECT_EQ(Check(leaf, {middle}, root, {}, At("2024-05-22T07:00:05Z")), ErrorCode::kCryptoExpired);
  EXPECT_EQ(Check(leaf, {middle}, root, {}, At("2034-05-20T07:00:07Z")), ErrorCode::kCryptoExpired);
  EXPECT_EQ(Check(leaf, {middle}, Read("crl/crl_verify/certs/root.crt")), ErrorCode::kCryptoChain);

  EXPECT_TRUE(root.IsCa());
  EXPECT_FALSE(leaf.IsCa());
  EXPECT_TRUE(leaf.MaySign());
  EXPECT_FALSE(middle.MaySign());
  EXPECT_EQ(leaf.Serial(), "02");
  EXPECT_EQ(leaf.Subject(), "CN=certificate.testsign.com,OU=testsign,O=certificate,ST=XX,C=XX");
  EXPECT_EQ(leaf.not_before(), At("2024-05-22T07:00:06Z"));
  EXPECT_EQ(leaf.not_after(), At("2034-05-20T07:00:06Z"));
  EXPECT_EQ(leaf.Node(), std::nullopt);
  ASSERT_TRUE(leaf.Sm2Key().ok());
}

TEST(OpenHitls, RootCrl) {
  TJ_SKIP_WITHOUT(Folder());
  const std::string folder = "crl/crl_verify/";
  const Certificate root = Read(folder + "certs/root.crt");
  const Certificate server1 = Read(folder + "certs/server1.crt");
  const Certificate server2 = Read(folder + "certs/server2.crt");
  EXPECT_EQ(Check(server1, {}, root), kAccepted);
  EXPECT_EQ(Check(server2, {}, root), kAccepted);
  // One list revokes server 1; the other server 1 and the intermediate.
  const Crl one = ReadCrl(folder + "crl/root_updated.crl");
  const Crl two = ReadCrl(folder + "crl/root.crl");
  EXPECT_EQ(CheckList(folder + "crl/root_updated.crl", folder + "certs/root.crt"), kAccepted);
  EXPECT_EQ(CheckList(folder + "crl/root.crl", folder + "certs/root.crt"), kAccepted);
  for (const Crl& crl : {one, two}) {
    EXPECT_EQ(Check(server1, {}, root, {crl}), ErrorCode::kCryptoRevoked);
    EXPECT_EQ(Check(server2, {}, root, {crl}), kAccepted);
  }
  const Certificate middle = Read(folder + "intermediate/certs/intermediate.crt");
  const Certificate user = Read(folder + "intermediate/certs/usr2.crt");
  EXPECT_EQ(Check(user, {middle}, root, {one}), kAccepted);
  EXPECT_EQ(Check(user, {middle}, root, {two}), ErrorCode::kCryptoRevoked);
}

TEST(OpenHitls, IntermediateCrl) {
  TJ_SKIP_WITHOUT(Folder());
  const std::string folder = "crl/crl_verify/";
  const std::string lists = folder + "intermediate/crl/";
  const std::string certificates = folder + "intermediate/certs/";
  const Certificate root = Read(folder + "certs/root.crt");
  const Certificate middle = Read(certificates + "intermediate.crt");
  const auto user = [&](int n, std::vector<Crl> crls) {
    return Check(Read(certificates + "usr" + std::to_string(n) + ".crt"), {middle}, root,
                 std::move(crls));
  };
  for (int n = 1; n <= 3; ++n) EXPECT_EQ(user(n, {}), kAccepted) << n;
  const Crl first = ReadCrl(lists + "intermediate.crl");
  const Crl third = ReadCrl(lists + "intermediate_usr3.crl");
  EXPECT_EQ(user(1, {first}), ErrorCode::kCryptoRevoked);
  EXPECT_EQ(user(2, {first}), kAccepted);
  EXPECT_EQ(user(3, {first}), kAccepted);
  EXPECT_EQ(user(1, {third}), ErrorCode::kCryptoRevoked);
  EXPECT_EQ(user(2, {third}), kAccepted);
  EXPECT_EQ(user(3, {third}), ErrorCode::kCryptoRevoked);

  const std::string issuer = certificates + "intermediate.crt";
  EXPECT_EQ(CheckList(lists + "intermediate.crl", issuer), kAccepted);
  EXPECT_EQ(CheckList(lists + "intermediate_usr3.crl", issuer), kAccepted);
  EXPECT_EQ(CheckList(lists + "intermediate_usr3_change_sign.crl", issuer),
            ErrorCode::kCryptoChain);
  EXPECT_EQ(CheckList(lists + "intermediate_usr3_change_dn.crl", issuer), ErrorCode::kCryptoChain);
  EXPECT_EQ(CheckList(lists + "intermediate.crl", certificates + "intermediate_no_crlsign.crt"),
            ErrorCode::kCryptoChain);
  EXPECT_EQ(user(1, {ReadCrl(lists + "intermediate_usr3_change_sign.crl")}),
            ErrorCode::kCryptoChain);
  EXPECT_EQ(Check(Read(certificates + "usr1.crt"),
                  {Read(certificates + "intermediate_no_crlsign.crt")}, root, {first}),
            ErrorCode::kCryptoChain);
}

TEST(OpenHitls, CrlExtensionsAndDates) {
  TJ_SKIP_WITHOUT(Folder());
  const std::string folder = "crl/extension_crl/";
  const std::string issuer = folder + "root.crt";
  const Certificate root = Read(issuer);
  const Certificate server = Read(folder + "server.crt");
  EXPECT_EQ(Check(server, {}, root), kAccepted);
  EXPECT_EQ(CheckList(folder + "root.crl", issuer), kAccepted);
  EXPECT_EQ(Check(server, {}, root, {ReadCrl(folder + "root.crl")}), ErrorCode::kCryptoRevoked);
  EXPECT_EQ(CheckList(folder + "root_change_aki.crl", issuer), ErrorCode::kCryptoChain);
  EXPECT_EQ(CheckList(folder + "root_add_unrecognized_critical_extension.crl", issuer),
            ErrorCode::kCryptoChain);
  // Their dates were changed and nothing signed again, so no time makes them right; that a right
  // list counts between its dates only is shown by the one they were made from.
  for (const char* const name : {"root_change_date1.crl", "root_change_date2.crl"}) {
    for (const Instant at : {kAt, At("2025-12-11T13:30:00Z"), At("2035-01-01T00:00:00Z")}) {
      EXPECT_EQ(CheckList(folder + name, issuer, at), ErrorCode::kCryptoChain) << name;
    }
  }
  EXPECT_EQ(CheckList(folder + "root.crl", issuer, At("2025-12-11T13:23:09Z")),
            ErrorCode::kCryptoExpired);
  EXPECT_EQ(CheckList(folder + "root.crl", issuer, At("2035-12-09T13:23:11Z")),
            ErrorCode::kCryptoExpired);
}

}  // namespace
}  // namespace tj::crypto
