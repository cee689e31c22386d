#include "node/app/identity.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::app {
namespace {

absl::StatusOr<crypto::Certificate> LoadCertificate(const std::string& path, const NodeCode& code) {
  TJ_ASSIGN_OR_RETURN(const std::string pem, ReadFile(path));
  auto certificate = crypto::Certificate::FromPem(pem);
  if (!certificate.ok()) return At(path, certificate.status());
  const auto node = certificate->Node();
  if (node != code) {
    return Error(ErrorCode::kCryptoCertificate,
                 Cat(path, ": names ", node ? node->text() : "no node", ", not ", code.text()));
  }
  return certificate;
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error(ErrorCode::kFile, Cat(path, ": ", std::strerror(errno)));
  std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.bad()) return Error(ErrorCode::kFile, Cat(path, ": cannot be read"));
  return content;
}

absl::StatusOr<Identity> LoadIdentity(const Config& config) {
  std::string passphrase;
  if (!config.passphrase_file.empty()) {
    TJ_ASSIGN_OR_RETURN(passphrase, ReadFile(config.passphrase_file));
    while (!passphrase.empty() && (passphrase.back() == '\n' || passphrase.back() == '\r')) {
      passphrase.pop_back();
    }
  }
  TJ_ASSIGN_OR_RETURN(const std::string key_pem, ReadFile(config.sign_key));
  auto key = crypto::Sm2PrivateKey::FromPem(key_pem, passphrase);
  if (!key.ok()) return At(config.sign_key, key.status());
  TJ_ASSIGN_OR_RETURN(crypto::Certificate signing,
                      LoadCertificate(config.sign_certificate, config.code));
  TJ_ASSIGN_OR_RETURN(const crypto::Sm2PublicKey public_key, signing.Sm2Key());
  if (!(public_key == key->Public())) {
    return Error(ErrorCode::kCryptoKey,
                 Cat(config.sign_key, ": is not the key of ", config.sign_certificate));
  }
  TJ_RETURN_IF_ERROR(LoadCertificate(config.tls_certificate, config.code).status());
  Identity identity{.signer = std::make_unique<crypto::KeySigner>(*std::move(key)),
                    .signing = std::move(signing),
                    .encryption = std::nullopt,
                    .tls = {}};
  if (!config.encryption_key.empty()) {
    TJ_ASSIGN_OR_RETURN(const std::string pem, ReadFile(config.encryption_key));
    auto encryption = crypto::Sm2PrivateKey::FromPem(pem, passphrase);
    if (!encryption.ok()) return At(config.encryption_key, encryption.status());
    identity.encryption = *std::move(encryption);
  }
  TJ_ASSIGN_OR_RETURN(identity.tls.certificate_pem, ReadFile(config.tls_certificate));
  TJ_ASSIGN_OR_RETURN(identity.tls.key_pem, ReadFile(config.tls_key));
  TJ_ASSIGN_OR_RETURN(identity.tls.root_pem, ReadFile(config.tls_root));
  return identity;
}

absl::StatusOr<crypto::AddressBook> AddressesOf(const crypto::TrustStore& trust,
                                                const NodeCode& self, const Identity& identity) {
  if (!identity.encryption) return crypto::AddressBook(self, {});
  return crypto::AddressBook::Make(trust, self, *identity.encryption);
}

}  // namespace tj::app
