// CheckChain on certificates that are wrong in one way each.

#include <gtest/gtest.h>

#include "crypto/certificate.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/text.h"
#include "tests/unit/crypto/der.h"
#include "tests/unit/crypto/test_pki.h"

namespace tj::crypto {
namespace {

constexpr ErrorCode kAccepted{};

struct Chain {
  Party root = MakeParty({.subject = "root", .extensions = kAuthority}, nullptr);
  Party middle = MakeParty({.subject = "middle", .extensions = kAuthority}, &root);
};

ErrorCode Check(const Certificate& leaf, std::vector<Certificate> intermediates,
                std::vector<Certificate> roots, Instant at = kNow, std::vector<Crl> crls = {}) {
  const absl::Status status = CheckChain(leaf, intermediates, roots, crls, at);
  return status.ok() ? kAccepted : CodeOf(status);
}

// A leaf of `spec` under `chain`, checked at kNow.
ErrorCode CheckLeaf(const Chain& chain, CertificateSpec spec) {
  if (spec.subject.empty()) spec.subject = "leaf";
  if (spec.extensions.empty()) spec.extensions = kEndEntity;
  const Party leaf = MakeParty(spec, &chain.middle);
  return Check(leaf.certificate, {chain.middle.certificate}, {chain.root.certificate});
}

// A leaf under a middle of `spec`.
ErrorCode CheckMiddle(const Chain& chain, CertificateSpec spec) {
  spec.subject = "middle";
  const Party middle = MakeParty(spec, &chain.root);
  const Party leaf = MakeParty({.subject = "leaf", .extensions = kEndEntity}, &middle);
  return Check(leaf.certificate, {middle.certificate}, {chain.root.certificate});
}

TEST(Chain, RightOnesAreAccepted) {
  const Chain chain;
  EXPECT_EQ(CheckLeaf(chain, {}), kAccepted);
  const Party direct = MakeParty({.subject = "leaf", .extensions = kEndEntity}, &chain.root);
  EXPECT_EQ(Check(direct.certificate, {}, {chain.root.certificate}), kAccepted);
  EXPECT_EQ(Check(chain.root.certificate, {}, {chain.root.certificate}), kAccepted);
  // A key usage that is not there forbids nothing (RFC 5280 §6.1.4 n).
  EXPECT_EQ(CheckMiddle(chain, {.extensions = {{NID_basic_constraints, "CA:TRUE"}}}), kAccepted);
}

TEST(Chain, IntermediatesInAnyOrderWithStrangersBetween) {
  const Chain chain;
  const Party low = MakeParty({.subject = "low", .extensions = kAuthority}, &chain.middle);
  const Party leaf = MakeParty({.subject = "leaf", .extensions = kEndEntity}, &low);
  const Party stranger = MakeParty({.subject = "stranger", .extensions = kAuthority}, nullptr);
  // The same name as low's, another key.
  const Party twin = MakeParty(
      {.subject = "low", .extensions = {{NID_basic_constraints, "CA:TRUE"}}}, &chain.middle);
  EXPECT_EQ(Check(leaf.certificate,
                  {stranger.certificate, twin.certificate, low.certificate,
                   chain.middle.certificate, leaf.certificate},
                  {stranger.certificate, chain.root.certificate}),
            kAccepted);
  EXPECT_EQ(Check(leaf.certificate, {low.certificate}, {chain.root.certificate}),
            ErrorCode::kCryptoChain);
}

TEST(Chain, WrongOrNoRoot) {
  const Chain chain;
  const Party leaf = MakeParty({.subject = "leaf", .extensions = kEndEntity}, &chain.middle);
  EXPECT_EQ(Check(leaf.certificate, {chain.middle.certificate}, {}), ErrorCode::kCryptoChain);
  // Another root of the same name: found by name, refused by key id; without key ids, by signature.
  const Party other = MakeParty({.subject = "root", .extensions = kAuthority}, nullptr);
  const Party bare =
      MakeParty({.subject = "root", .extensions = {{NID_basic_constraints, "CA:TRUE"}}}, nullptr);
  EXPECT_EQ(Check(leaf.certificate, {chain.middle.certificate}, {other.certificate}),
            ErrorCode::kCryptoChain);
  EXPECT_EQ(Check(leaf.certificate, {chain.middle.certificate}, {bare.certificate}),
            ErrorCode::kCryptoChain);
  // The root among the intermediates is no anchor.
  EXPECT_EQ(Check(leaf.certificate, {chain.middle.certificate, chain.root.certificate}, {}),
            ErrorCode::kCryptoChain);
}

TEST(Chain, Validity) {
  const Chain chain;
  const Validity later{kNow + Duration(1000), kEnd};
  const Validity earlier{kStart, kNow - Duration(1000)};
  for (const Validity& validity : {later, earlier}) {
    EXPECT_EQ(CheckLeaf(chain, {.validity = validity}), ErrorCode::kCryptoExpired);
    EXPECT_EQ(CheckMiddle(chain, {.extensions = kAuthority, .validity = validity}),
              ErrorCode::kCryptoExpired);
    const Party root =
        MakeParty({.subject = "root", .extensions = kAuthority, .validity = validity}, nullptr);
    const Party leaf = MakeParty({.subject = "leaf", .extensions = kEndEntity}, &root);
    EXPECT_EQ(Check(leaf.certificate, {}, {root.certificate}), ErrorCode::kCryptoExpired);
  }
  const Party leaf = MakeParty({.subject = "leaf", .extensions = kEndEntity}, &chain.root);
  const auto at = [&](Instant instant) {
    return Check(leaf.certificate, {}, {chain.root.certificate}, instant);
  };
  EXPECT_EQ(at(kStart - Duration(1)), ErrorCode::kCryptoExpired);
  EXPECT_EQ(at(kStart), kAccepted);
  EXPECT_EQ(at(kEnd), kAccepted);
  EXPECT_EQ(at(kEnd + Duration(1)), ErrorCode::kCryptoExpired);
}

TEST(Chain, OtherIdIsRefused) {
  const Chain chain;
  EXPECT_EQ(CheckLeaf(chain, {.id = "1234567812345679"}), ErrorCode::kCryptoChain);
  EXPECT_EQ(CheckMiddle(chain, {.extensions = kAuthority, .id = "other"}), ErrorCode::kCryptoChain);
}

TEST(Chain, SignatureAlgorithms) {
  const Chain chain;
  EXPECT_EQ(CheckLeaf(chain, {.inner_parameters = V_ASN1_NULL, .outer_parameters = V_ASN1_NULL}),
            kAccepted);
  EXPECT_EQ(CheckLeaf(chain, {.inner_parameters = V_ASN1_NULL}), ErrorCode::kCryptoChain);
  EXPECT_EQ(CheckLeaf(chain, {.outer_parameters = V_ASN1_NULL}), ErrorCode::kCryptoChain);
  EXPECT_EQ(CheckLeaf(chain, {.inner_algorithm = NID_ecdsa_with_SHA256}), ErrorCode::kCryptoChain);
  EXPECT_EQ(CheckLeaf(chain, {.outer_algorithm = NID_ecdsa_with_SHA256}), ErrorCode::kCryptoChain);
  EXPECT_EQ(CheckLeaf(chain, {.inner_algorithm = NID_ecdsa_with_SHA256,
                              .outer_algorithm = NID_ecdsa_with_SHA256}),
            ErrorCode::kCryptoChain);
}

TEST(Chain, SignatureForm) {
  const Chain chain;
  const auto with = [&](std::function<Bytes(const Bytes&)> alter) {
    return CheckLeaf(chain, {.alter_signature = std::move(alter)});
  };
  EXPECT_EQ(with([](const Bytes& der) { return der; }), kAccepted);
  EXPECT_EQ(with([](const Bytes& der) { return der + '\0'; }), ErrorCode::kCryptoChain);
  EXPECT_EQ(with([](const Bytes& der) {
              const SignatureParts parts = PartsOf(der);
              return DerElement('\x30',
                                DerElement('\x02', Bytes(2, '\0') + parts.r) + DerInteger(parts.s));
            }),
            ErrorCode::kCryptoChain);
  EXPECT_EQ(with([](const Bytes&) { return Bytes(); }), ErrorCode::kCryptoChain);
  EXPECT_EQ(with([](const Bytes& der) {
              const SignatureParts parts = PartsOf(der);
              return DerSignature(parts.s, parts.r);
            }),
            ErrorCode::kCryptoChain);
}

TEST(Chain, NamesAndKeyIds) {
  const Chain chain;
  EXPECT_EQ(CheckLeaf(chain, {.issuer_name = "middleman"}), ErrorCode::kCryptoChain);
  // The key id of another authority.
  const Party other = MakeParty({.subject = "middle", .extensions = kAuthority}, &chain.root);
  const Party leaf = MakeParty({.subject = "leaf", .extensions = kEndEntity}, &other);
  EXPECT_EQ(Check(leaf.certificate, {chain.middle.certificate}, {chain.root.certificate}),
            ErrorCode::kCryptoChain);
}

TEST(Chain, OnlyAuthoritiesIssue) {
  const Chain chain;
  EXPECT_EQ(CheckMiddle(chain, {.extensions = kEndEntity}), ErrorCode::kCryptoChain);
  EXPECT_EQ(CheckMiddle(chain, {.extensions = {{NID_basic_constraints, "CA:FALSE"},
                                               {NID_key_usage, "keyCertSign"}}}),
            ErrorCode::kCryptoChain);
  EXPECT_EQ(CheckMiddle(chain, {.extensions = {{NID_basic_constraints, "CA:TRUE"},
                                               {NID_key_usage, "digitalSignature,cRLSign"}}}),
            ErrorCode::kCryptoChain);
  // A root is no exception.
  const Party root = MakeParty({.subject = "root", .extensions = kEndEntity}, nullptr);
  const Party leaf = MakeParty({.subject = "leaf", .extensions = kEndEntity}, &root);
  EXPECT_EQ(Check(leaf.certificate, {}, {root.certificate}), ErrorCode::kCryptoChain);
}

TEST(Chain, PathLength) {
  const auto check = [](const char* root_constraint, int authorities) {
    Party root = MakeParty(
        {.subject = "root",
         .extensions = {{NID_basic_constraints, root_constraint}, {NID_key_usage, "keyCertSign"}}},
        nullptr);
    std::vector<Certificate> intermediates;
    Party last = root;
    for (int i = 0; i < authorities; ++i) {
      last = MakeParty({.subject = Cat("authority ", i), .extensions = kAuthority}, &last);
      intermediates.push_back(last.certificate);
    }
    const Party leaf = MakeParty({.subject = "leaf", .extensions = kEndEntity}, &last);
    return Check(leaf.certificate, intermediates, {root.certificate});
  };
  EXPECT_EQ(check("critical,CA:TRUE,pathlen:0", 0), kAccepted);
  EXPECT_EQ(check("critical,CA:TRUE,pathlen:0", 1), ErrorCode::kCryptoChain);
  EXPECT_EQ(check("critical,CA:TRUE,pathlen:1", 1), kAccepted);
  EXPECT_EQ(check("critical,CA:TRUE,pathlen:1", 2), ErrorCode::kCryptoChain);
  const int most = static_cast<int>(limits::kCertificateChainMax) - 2;
  EXPECT_EQ(check("critical,CA:TRUE", most), kAccepted);
  EXPECT_EQ(check("critical,CA:TRUE", most + 1), ErrorCode::kCryptoChain);
}

TEST(Chain, CriticalExtensions) {
  const Chain chain;
  EXPECT_EQ(CheckLeaf(chain, {.custom_extension = "comment"}), kAccepted);
  EXPECT_EQ(CheckLeaf(chain, {.custom_extension = "comment", .custom_is_critical = true}),
            ErrorCode::kCryptoChain);
  EXPECT_EQ(CheckMiddle(chain, {.extensions = kAuthority,
                                .custom_extension = "comment",
                                .custom_is_critical = true}),
            ErrorCode::kCryptoChain);
  // OpenSSL knows name constraints; what is here does not act on them.
  ExtensionList constrained = kAuthority;
  constrained.emplace_back(NID_name_constraints, "critical,permitted;DNS:.gov.cn");
  EXPECT_EQ(CheckMiddle(chain, {.extensions = constrained}), ErrorCode::kCryptoChain);
}

TEST(Chain, ManyTwinsAreBoundedWork) {
  const Chain chain;
  const ExtensionList bare = {{NID_basic_constraints, "CA:TRUE"}};
  std::vector<Certificate> twins;
  for (int i = 0; i < 70; ++i) {
    twins.push_back(MakeParty({.subject = "low", .extensions = bare}, &chain.root).certificate);
  }
  const Party low = MakeParty({.subject = "low", .extensions = bare}, &chain.root);
  const Party leaf = MakeParty({.subject = "leaf"}, &low);
  EXPECT_EQ(Check(leaf.certificate, {low.certificate}, {chain.root.certificate}), kAccepted);
  twins.push_back(low.certificate);
  EXPECT_EQ(Check(leaf.certificate, twins, {chain.root.certificate}), ErrorCode::kCryptoChain);
}

TEST(Chain, Revocation) {
  const Chain chain;
  const Party leaf = MakeParty({.subject = "leaf", .extensions = kEndEntity}, &chain.middle);
  const Party other = MakeParty({.subject = "other", .extensions = kEndEntity}, &chain.middle);
  const auto with = [&](std::vector<Crl> crls) {
    return Check(leaf.certificate, {chain.middle.certificate}, {chain.root.certificate}, kNow,
                 std::move(crls));
  };
  EXPECT_EQ(with({MakeCrl({}, chain.middle), MakeCrl({}, chain.root)}), kAccepted);
  EXPECT_EQ(with({MakeCrl({.revoked = {other.certificate}}, chain.middle)}), kAccepted);
  EXPECT_EQ(with({MakeCrl({.revoked = {other.certificate, leaf.certificate}}, chain.middle)}),
            ErrorCode::kCryptoRevoked);
  EXPECT_EQ(with({MakeCrl({.revoked = {chain.middle.certificate}}, chain.root)}),
            ErrorCode::kCryptoRevoked);
  // Serial numbers are the issuer's own.
  EXPECT_EQ(with({MakeCrl({.revoked = {leaf.certificate}}, chain.root)}), kAccepted);
  // A CRL of an issuer on the path that is not right stops everything.
  EXPECT_EQ(with({MakeCrl({.id = "other"}, chain.middle)}), ErrorCode::kCryptoChain);
  EXPECT_EQ(with({MakeCrl({.validity = {kStart, kNow - Duration(1000)}}, chain.middle)}),
            ErrorCode::kCryptoExpired);
  // One of an issuer who is not on the path does not matter.
  const Party stranger = MakeParty({.subject = "stranger", .extensions = kAuthority}, nullptr);
  EXPECT_EQ(with({MakeCrl({.revoked = {leaf.certificate}, .id = "other"}, stranger)}), kAccepted);
}

}  // namespace
}  // namespace tj::crypto
