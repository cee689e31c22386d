#include "crypto/certificate.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>

#include <thread>

#include "crypto/openssl_internal.h"
#include "crypto/sm3.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "tests/unit/crypto/test_pki.h"

namespace tj::crypto {
namespace {

Party Root() { return MakeParty({.subject = "root", .extensions = kAuthority}, nullptr); }

Party WithName(const std::string& alternative_name, const Party& root) {
  return MakeParty({.subject = "leaf", .extensions = {{NID_subject_alt_name, alternative_name}}},
                   &root);
}

std::string NodeText(const Party& party) {
  const auto node = party.certificate.Node();
  return node ? node->text() : "none";
}

TEST(Certificate, DerAndPemRoundTrip) {
  const Certificate certificate = Root().certificate;
  const auto from_der = Certificate::FromDer(certificate.Der());
  const auto from_pem = Certificate::FromPem(certificate.Pem());
  ASSERT_TRUE(from_der.ok() && from_pem.ok());
  EXPECT_EQ(from_der->Der(), certificate.Der());
  EXPECT_EQ(from_pem->Der(), certificate.Der());
  EXPECT_EQ(from_pem->Pem(), certificate.Pem());
  EXPECT_EQ(certificate.Fingerprint(), Sm3Of({certificate.Der()}));
}

TEST(Certificate, SeveralInOnePem) {
  const Party root = Root();
  const Party leaf = WithName("DNS:370826.node.tongjian", root);
  const std::string both =
      "a bundle\n" + leaf.certificate.Pem() + "between\n" + root.certificate.Pem() + "after\n";
  const auto all = Certificate::AllFromPem(both);
  ASSERT_TRUE(all.ok());
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ((*all)[0].Der(), leaf.certificate.Der());
  EXPECT_EQ((*all)[1].Der(), root.certificate.Der());
  const auto first = Certificate::FromPem(both);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->Der(), leaf.certificate.Der());

  const auto key = root.key.ToEncryptedPem("pass");
  ASSERT_TRUE(key.ok());
  const auto behind_key = Certificate::FromPem(*key + root.certificate.Pem());
  ASSERT_TRUE(behind_key.ok());
  for (const std::string& bad :
       {std::string(), std::string("text"), *key, both.substr(0, both.size() - 100),
        std::string("-----BEGIN CERTIFICATE-----\nAAAA\n") + "-----END CERTIFICATE-----\n"}) {
    const auto none = Certificate::AllFromPem(bad);
    ASSERT_FALSE(none.ok());
    EXPECT_EQ(CodeOf(none.status()), ErrorCode::kCryptoCertificate);
  }
}

TEST(Certificate, MalformedDerIsRefused) {
  const Bytes der = Root().certificate.Der();
  for (size_t size = 0; size < der.size(); ++size) {
    EXPECT_FALSE(Certificate::FromDer(ByteView(der).substr(0, size)).ok()) << size;
  }
  for (const Bytes& bad : {der + "x", der + der, Bytes(limits::kCertificateBytesMax + 1, '0')}) {
    const auto certificate = Certificate::FromDer(bad);
    ASSERT_FALSE(certificate.ok());
    EXPECT_EQ(CodeOf(certificate.status()), ErrorCode::kCryptoCertificate);
  }
  // The outer length in one byte more than needed: BER, not DER.
  ASSERT_EQ(der.substr(0, 2), Bytes("\x30\x82"));
  const Bytes ber = Bytes("\x30\x83\x00", 3) + der.substr(2);
  EXPECT_FALSE(Certificate::FromDer(ber).ok());
}

// Wherever a byte is changed, the certificate is no longer accepted.
TEST(Certificate, EveryFlippedByteIsRefused) {
  const Party root = Root();
  const Bytes der = WithName("DNS:370826.node.tongjian", root).certificate.Der();
  for (size_t i = 0; i < der.size(); ++i) {
    Bytes altered = der;
    altered[i] = static_cast<char>(altered[i] ^ 0x01);
    const auto certificate = Certificate::FromDer(altered);
    if (!certificate.ok()) {
      EXPECT_EQ(CodeOf(certificate.status()), ErrorCode::kCryptoCertificate) << i;
      continue;
    }
    EXPECT_FALSE(CheckChain(*certificate, {}, std::vector{root.certificate}, {}, kNow).ok()) << i;
  }
}

TEST(Certificate, NodeFromItsOneName) {
  const Party root = Root();
  EXPECT_EQ(NodeText(root), "none");
  EXPECT_EQ(NodeText(WithName("DNS:370826.node.tongjian", root)), "370826");
  EXPECT_EQ(NodeText(WithName("DNS:370826001-012.node.tongjian", root)), "370826001-012");
  EXPECT_EQ(NodeText(WithName("DNS:www.example.cn,DNS:370826.node.tongjian,IP:10.0.0.1", root)),
            "370826");
  EXPECT_EQ(NodeText(WithName("DNS:370826.node.tongjian,DNS:370827.node.tongjian", root)), "none");
  for (const char* const name :
       {"DNS:370826.node.tongjian.cn", "DNS:x.node.tongjian", "DNS:.node.tongjian",
        "DNS:*.node.tongjian", "DNS:a.370826.node.tongjian", "DNS:node.tongjian",
        "email:370826.node.tongjian", "URI:370826.node.tongjian", "DNS:370826.NODE.tongjian"}) {
    EXPECT_EQ(NodeText(WithName(name, root)), "none") << name;
  }
}

TEST(Certificate, KeyFingerprintIsOfTheKeyAlone) {
  const Party root = Root();
  const Party leaf = MakeParty({.subject = "a"}, &root);
  const Party renewed = MakeParty({.subject = "b"}, &root, &leaf.key);
  const Party other = MakeParty({.subject = "a"}, &root);
  EXPECT_EQ(leaf.certificate.KeyFingerprint(), renewed.certificate.KeyFingerprint());
  EXPECT_NE(leaf.certificate.KeyFingerprint(), other.certificate.KeyFingerprint());
  EXPECT_NE(leaf.certificate.Fingerprint(), renewed.certificate.Fingerprint());
  // The public key info of RFC 5480, put together by hand: id-ecPublicKey, the curve, the point.
  const auto prefix = HexDecode("3059301306072a8648ce3d020106082a811ccf5501822d034200");
  EXPECT_EQ(leaf.certificate.KeyFingerprint(), Sm3Of({*prefix, leaf.key.Public().Point()}));
}

TEST(Certificate, OtherKeysAreRefused) {
  const OwnedKey rsa(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", size_t{2048}));
  const OwnedKey p384(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384"));
  for (const OwnedKey* const key : {&rsa, &p384}) {
    const OwnedCertificate x509(X509_new());
    X509_set_version(x509.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 1);
    ASN1_TIME_set(X509_getm_notBefore(x509.get()), 0);
    ASN1_TIME_set(X509_getm_notAfter(x509.get()), 1);
    X509_set_pubkey(x509.get(), key->get());
    ASSERT_GT(X509_sign(x509.get(), key->get(), EVP_sha256()), 0);
    const auto certificate = Certificate::FromDer(Der(x509.get(), i2d_X509));
    ASSERT_FALSE(certificate.ok());
    EXPECT_EQ(CodeOf(certificate.status()), ErrorCode::kCryptoCertificate);
  }
}

TEST(Certificate, SubjectIsPrintable) {
  const Party party = MakeParty({.subject = "行政审批局, \n370826"}, nullptr);
  EXPECT_EQ(party.certificate.Subject(), "CN=行政审批局\\, \\0A370826");
}

TEST(Certificate, SharedBetweenThreads) {
  const Party root = Root();
  const Party leaf = WithName("DNS:370826.node.tongjian", root);
  std::vector<std::thread> threads;
  std::vector<int> good(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5; ++i) {
        good[t] += CheckChain(leaf.certificate, {}, std::vector{root.certificate}, {}, kNow).ok() &&
                   leaf.certificate.Node() && leaf.certificate.Sm2Key().ok();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, std::vector<int>(4, 5));
}

}  // namespace
}  // namespace tj::crypto
