#include "crypto/issue.h"

#include <gtest/gtest.h>

#include <set>

#include "crypto/certificate.h"
#include "crypto/openssl_internal.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "tests/unit/crypto/test_pki.h"

namespace tj::crypto {
namespace {

const Validity kValidity{kStart, kEnd};

NodeCode Node(const char* text) {
  auto code = NodeCode::Parse(text);
  EXPECT_TRUE(code.ok());
  return *std::move(code);
}

Issued Root(KeyKind kind, std::string_view passphrase = "") {
  auto root = MakeRoot(kind, "济宁 根证书", kValidity, passphrase);
  EXPECT_TRUE(root.ok()) << Describe(root.status());
  return *std::move(root);
}

Certificate Read(const Issued& issued) {
  auto certificate = Certificate::FromPem(issued.certificate_pem);
  EXPECT_TRUE(certificate.ok()) << Describe(certificate.status());
  return *std::move(certificate);
}

ErrorCode CodeIf(const absl::Status& status) { return status.ok() ? ErrorCode{} : CodeOf(status); }

// The value of an extension as OpenSSL prints it, with "critical, " in front where it is.
std::string ExtensionText(const Certificate& certificate, int nid) {
  const X509* const x509 = certificate.handle().x509.get();
  const int at = X509_get_ext_by_NID(x509, nid, -1);
  if (at < 0) return "absent";
  X509_EXTENSION* const extension = X509_get_ext(x509, at);
  const OwnedBio bio(BIO_new(BIO_s_mem()));
  EXPECT_EQ(X509V3_EXT_print(bio.get(), extension, 0, 0), 1);
  return (X509_EXTENSION_get_critical(extension) != 0 ? "critical, " : "") + WrittenText(bio.get());
}

TEST(Issue, RootProfile) {
  for (const KeyKind kind : {KeyKind::kSm2, KeyKind::kP256}) {
    const Certificate root = Read(Root(kind));
    EXPECT_TRUE(root.IsCa());
    EXPECT_FALSE(root.MaySign());
    EXPECT_EQ(root.Subject(), "CN=济宁 根证书");
    EXPECT_EQ(root.not_before(), kStart);
    EXPECT_EQ(root.not_after(), kEnd);
    EXPECT_EQ(root.Node(), std::nullopt);
    EXPECT_EQ(root.Sm2Key().ok(), kind == KeyKind::kSm2);
    EXPECT_EQ(ExtensionText(root, NID_basic_constraints), "critical, CA:TRUE, pathlen:0");
    EXPECT_EQ(ExtensionText(root, NID_key_usage), "critical, Certificate Sign, CRL Sign");
    EXPECT_TRUE(CheckChain(root, {}, std::vector{root}, {}, kNow).ok());
  }
}

TEST(Issue, NodeProfiles) {
  const NodeCode node = Node("370826-003");
  const Issued sm2 = Root(KeyKind::kSm2, "root");
  const Issued p256 = Root(KeyKind::kP256, "root");
  struct Case {
    Purpose purpose;
    const Issued* root;
    std::string key_usage;
    std::string extended;
    bool may_sign;
  };
  for (const Case& c :
       {Case{Purpose::kRecordSigning, &sm2, "critical, Digital Signature, Non Repudiation",
             "absent", true},
        Case{Purpose::kRecordEncryption, &sm2,
             "critical, Key Encipherment, Data Encipherment, Key Agreement", "absent", false},
        Case{Purpose::kTls, &p256, "critical, Digital Signature",
             "TLS Web Server Authentication, TLS Web Client Authentication", true}}) {
    const auto issued = IssueForNode(c.root->certificate_pem, c.root->key_pem, "root", node,
                                     c.purpose, kValidity, "");
    ASSERT_TRUE(issued.ok()) << Describe(issued.status());
    const Certificate certificate = Read(*issued);
    EXPECT_FALSE(certificate.IsCa());
    EXPECT_EQ(certificate.MaySign(), c.may_sign);
    EXPECT_EQ(certificate.Subject(), "CN=370826-003");
    EXPECT_EQ(certificate.Node(), node);
    EXPECT_EQ(certificate.Serial().size(), 32u);
    EXPECT_EQ(ExtensionText(certificate, NID_basic_constraints), "critical, CA:FALSE");
    EXPECT_EQ(ExtensionText(certificate, NID_key_usage), c.key_usage);
    EXPECT_EQ(ExtensionText(certificate, NID_ext_key_usage), c.extended);
    EXPECT_EQ(ExtensionText(certificate, NID_subject_alt_name), "DNS:370826-003.node.tongjian");
    EXPECT_NE(ExtensionText(certificate, NID_subject_key_identifier), "absent");
    EXPECT_EQ(ExtensionText(certificate, NID_authority_key_identifier),
              ExtensionText(Read(*c.root), NID_subject_key_identifier));
    EXPECT_TRUE(CheckChain(certificate, {}, std::vector{Read(*c.root)}, {}, kNow).ok());
    const Certificate other = Read(Root(c.root == &sm2 ? KeyKind::kSm2 : KeyKind::kP256));
    EXPECT_EQ(CodeIf(CheckChain(certificate, {}, std::vector{other}, {}, kNow)),
              ErrorCode::kCryptoChain);
  }
}

TEST(Issue, KeyBelongsToTheCertificate) {
  const Issued root = Root(KeyKind::kSm2);
  const auto issued = IssueForNode(root.certificate_pem, root.key_pem, "", Node("370826"),
                                   Purpose::kRecordSigning, kValidity, "node");
  ASSERT_TRUE(issued.ok());
  EXPECT_FALSE(Sm2PrivateKey::FromPem(issued->key_pem, "wrong").ok());
  const auto key = Sm2PrivateKey::FromPem(issued->key_pem, "node");
  ASSERT_TRUE(key.ok());
  const auto certified = Read(*issued).Sm2Key();
  ASSERT_TRUE(certified.ok());
  EXPECT_EQ(key->Public(), *certified);
  const auto signature = key->Sign("m", kSm2DefaultId);
  ASSERT_TRUE(signature.ok());
  EXPECT_TRUE(certified->Verify("m", *signature, kSm2DefaultId).ok());
}

TEST(Issue, RefusesWhatDoesNotFit) {
  const Issued sm2 = Root(KeyKind::kSm2);
  const Issued other = Root(KeyKind::kSm2);
  const Issued p256 = Root(KeyKind::kP256);
  const NodeCode node = Node("370826");
  const auto issue = [&](const std::string& certificate, const std::string& key, Purpose purpose,
                         const Validity& validity) {
    return CodeIf(IssueForNode(certificate, key, "", node, purpose, validity, "").status());
  };
  const Purpose signing = Purpose::kRecordSigning;
  EXPECT_EQ(issue(sm2.certificate_pem, sm2.key_pem, signing, kValidity), ErrorCode{});
  EXPECT_EQ(issue(sm2.certificate_pem, other.key_pem, signing, kValidity), ErrorCode::kCryptoKey);
  EXPECT_EQ(issue(sm2.certificate_pem, "", signing, kValidity), ErrorCode::kCryptoKey);
  EXPECT_EQ(issue("", sm2.key_pem, signing, kValidity), ErrorCode::kCryptoCertificate);
  EXPECT_EQ(issue(p256.certificate_pem, p256.key_pem, signing, kValidity),
            ErrorCode::kCryptoCertificate);
  EXPECT_EQ(issue(sm2.certificate_pem, sm2.key_pem, Purpose::kTls, kValidity),
            ErrorCode::kCryptoCertificate);
  EXPECT_EQ(issue(sm2.certificate_pem, sm2.key_pem, signing, {kEnd, kStart}),
            ErrorCode::kCryptoCertificate);
  EXPECT_EQ(issue(sm2.certificate_pem, sm2.key_pem, signing, {kStart, limits::kTimeEnd}),
            ErrorCode::kCryptoCertificate);
  const auto leaf =
      IssueForNode(sm2.certificate_pem, sm2.key_pem, "", node, signing, kValidity, "");
  ASSERT_TRUE(leaf.ok());
  EXPECT_EQ(issue(leaf->certificate_pem, leaf->key_pem, signing, kValidity),
            ErrorCode::kCryptoCertificate);
  for (const std::string& name : {std::string(), std::string(65, 'x'), std::string("\xff")}) {
    EXPECT_EQ(CodeIf(MakeRoot(KeyKind::kSm2, name, kValidity, "").status()),
              ErrorCode::kCryptoCertificate);
  }
}

TEST(Issue, SerialsAndKeysAreFresh) {
  const Issued root = Root(KeyKind::kSm2);
  std::set<std::string> serials;
  std::set<Hash> keys;
  for (int i = 0; i < 8; ++i) {
    const auto issued = IssueForNode(root.certificate_pem, root.key_pem, "", Node("370826"),
                                     Purpose::kRecordSigning, kValidity, "");
    ASSERT_TRUE(issued.ok());
    serials.insert(Read(*issued).Serial());
    keys.insert(Read(*issued).KeyFingerprint());
  }
  EXPECT_EQ(serials.size(), 8u);
  EXPECT_EQ(keys.size(), 8u);
}

}  // namespace
}  // namespace tj::crypto
