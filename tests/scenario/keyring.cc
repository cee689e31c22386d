#include "tests/scenario/keyring.h"

#include "crypto/issue.h"
#include "crypto/sm2.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/time.h"

namespace tj::scenario {
namespace {

const crypto::Validity kValidity{Instant::BeijingMidnight(CivilDate::Of(2026, 1, 1)),
                                 Instant::BeijingMidnight(CivilDate::Of(2036, 1, 1))};

template <typename T>
T Must(absl::StatusOr<T> value) {
  TJ_CHECK(value.ok());
  return *std::move(value);
}

}  // namespace

Keyring& Keyring::Instance() {
  static auto& keyring = *new Keyring;
  return keyring;
}

Keyring::Keyring() {
  crypto::Issued root =
      Must(crypto::MakeRoot(crypto::KeyKind::kSm2, "scenario root", kValidity, ""));
  root_pem_ = std::move(root.certificate_pem);
  root_key_pem_ = std::move(root.key_pem);
}

Keyring::Key& Keyring::Get(const NodeCode& code, int generation) {
  const auto found = keys_.find({code, generation});
  if (found != keys_.end()) return found->second;
  const crypto::Issued issued = Must(crypto::IssueForNode(
      root_pem_, root_key_pem_, "", code, crypto::Purpose::kRecordSigning, kValidity, ""));
  auto signer =
      std::make_unique<crypto::KeySigner>(Must(crypto::Sm2PrivateKey::FromPem(issued.key_pem, "")));
  Key key{Must(crypto::Certificate::FromPem(issued.certificate_pem)), std::move(signer)};
  return keys_.emplace(std::pair(code, generation), std::move(key)).first->second;
}

Keyring::Encryption& Keyring::GetEncryption(const NodeCode& code) {
  const auto found = encryption_.find(code);
  if (found != encryption_.end()) return found->second;
  const crypto::Issued issued = Must(crypto::IssueForNode(
      root_pem_, root_key_pem_, "", code, crypto::Purpose::kRecordEncryption, kValidity, ""));
  Encryption made{Must(crypto::Certificate::FromPem(issued.certificate_pem)),
                  Must(crypto::Sm2PrivateKey::FromPem(issued.key_pem, ""))};
  return encryption_.emplace(code, std::move(made)).first->second;
}

const crypto::Sm2PrivateKey& Keyring::EncryptionOf(const NodeCode& code) {
  return GetEncryption(code).key;
}

crypto::Signer& Keyring::SignerOf(const NodeCode& code, int generation) {
  return *Get(code, generation).signer;
}

std::shared_ptr<const crypto::AddressBook> Keyring::Addresses(const crypto::TrustStore& trust,
                                                              const NodeCode& self) {
  return std::make_shared<const crypto::AddressBook>(
      Must(crypto::AddressBook::Make(trust, self, EncryptionOf(self))));
}

std::shared_ptr<const crypto::TrustStore> Keyring::Trust(const std::vector<Member>& members) {
  std::vector<crypto::TrustedNode> nodes;
  for (const Member& member : members) {
    crypto::TrustedNode node{.code = member.code, .parent = member.parent, .name = "test"};
    node.follows = member.follows;
    node.regions.push_back(Must(RegionCode::Parse(member.code.region())));
    for (int i = 1; i <= member.keys; ++i) node.signing.push_back(Get(member.code, i).certificate);
    node.encryption.push_back(GetEncryption(member.code).certificate);
    node.records_per_day = member.records_per_day;
    nodes.push_back(std::move(node));
  }
  std::vector<crypto::Certificate> roots{Must(crypto::Certificate::FromPem(root_pem_))};
  return std::make_shared<const crypto::TrustStore>(
      Must(crypto::TrustStore::Make(std::move(nodes), std::move(roots), {},
                                    Instant::BeijingMidnight(CivilDate::Of(2026, 11, 22)))));
}

}  // namespace tj::scenario
