#include "crypto/key_file.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include <cstring>

#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::crypto {
namespace {

using OwnedPlainKey = Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>;
using OwnedEncryptedKey = Owned<X509_SIG, X509_SIG_free>;

// OWASP's figure for PBKDF2-HMAC-SHA256 (2023). scrypt would want more memory than OpenSSL allows
// it by default.
constexpr int kPbkdf2Iterations = 600'000;
constexpr int kSaltBytes = 16;

absl::Status BadKey(std::string_view detail) { return Error(ErrorCode::kCryptoKey, detail); }

// One block of a PEM file; wiped when it goes.
struct PemBlock {
  PemBlock() = default;
  PemBlock(const PemBlock&) = delete;
  PemBlock& operator=(const PemBlock&) = delete;
  ~PemBlock() {
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_secure_clear_free(data, static_cast<size_t>(size));
  }
  bool Is(const char* label) const { return std::strcmp(name, label) == 0; }

  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
};

bool ReadBlock(BIO* bio, PemBlock& block) {
  return PEM_read_bio_ex(bio, &block.name, &block.header, &block.data, &block.size,
                         PEM_FLAG_SECURE | PEM_FLAG_EAY_COMPATIBLE) == 1;
}

absl::StatusOr<OwnedPlainKey> Decrypt(const PemBlock& block, std::string_view passphrase) {
  if (passphrase.empty()) return BadKey("the key is encrypted and no passphrase was given");
  const unsigned char* in = block.data;
  const OwnedEncryptedKey sealed(d2i_X509_SIG(nullptr, &in, block.size));
  if (sealed == nullptr || in != block.data + block.size) return BadKey("malformed encrypted key");
  const X509_ALGOR* algorithm = nullptr;
  X509_SIG_get0(sealed.get(), &algorithm, nullptr);
  if (OBJ_obj2nid(algorithm->algorithm) != NID_pbes2) {
    return BadKey("encrypted by an outdated scheme; PBES2 is needed");
  }
  OwnedPlainKey plain(
      PKCS8_decrypt(sealed.get(), passphrase.data(), static_cast<int>(passphrase.size())));
  if (plain == nullptr) return BadKey("wrong passphrase or damaged key");
  return plain;
}

absl::StatusOr<OwnedPlainKey> ReadPlain(const PemBlock& block) {
  if (block.header[0] != '\0') return BadKey("PEM headers on a PKCS#8 key");
  const unsigned char* in = block.data;
  OwnedPlainKey plain(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &in, block.size));
  if (plain == nullptr || in != block.data + block.size) return BadKey("malformed key");
  return plain;
}

}  // namespace

absl::StatusOr<OwnedKey> ReadPrivateKey(std::string_view pem, std::string_view passphrase) {
  ERR_clear_error();
  const OwnedBio bio = ReadBio(pem);
  if (bio == nullptr) return BadKey("too long");
  while (true) {
    PemBlock block;
    if (!ReadBlock(bio.get(), block)) return BadKey("no PKCS#8 private key in PEM found");
    const bool encrypted = block.Is(PEM_STRING_PKCS8);
    if (!encrypted && !block.Is(PEM_STRING_PKCS8INF)) continue;
    TJ_ASSIGN_OR_RETURN(const OwnedPlainKey plain,
                        encrypted ? Decrypt(block, passphrase) : ReadPlain(block));
    OwnedKey key(EVP_PKCS82PKEY(plain.get()));
    if (key == nullptr) return BadKey(TakeOpensslError());
    return key;
  }
}

absl::StatusOr<std::string> WritePrivateKey(const EVP_PKEY* key, std::string_view passphrase) {
  ERR_clear_error();
  const auto failed = [] { return Error(ErrorCode::kCryptoUnavailable, TakeOpensslError()); };
  const OwnedPlainKey plain(EVP_PKEY2PKCS8(key));
  const OwnedBio bio(BIO_new(BIO_s_mem()));  // wiped when freed
  if (plain == nullptr || bio == nullptr) return failed();
  if (passphrase.empty()) {
    if (PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio.get(), plain.get()) != 1) return failed();
    return WrittenText(bio.get());
  }
  X509_ALGOR* const scheme =
      PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), kPbkdf2Iterations, nullptr /* random salt */, kSaltBytes,
                        nullptr /* random iv */, NID_hmacWithSHA256);
  if (scheme == nullptr) return failed();
  const OwnedEncryptedKey sealed(
      PKCS8_set0_pbe(passphrase.data(), static_cast<int>(passphrase.size()), plain.get(), scheme));
  if (sealed == nullptr) {
    X509_ALGOR_free(scheme);
    return failed();
  }
  if (PEM_write_bio_PKCS8(bio.get(), sealed.get()) != 1) return failed();
  return WrittenText(bio.get());
}

}  // namespace tj::crypto
