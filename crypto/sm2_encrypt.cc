// SM2 public-key encryption: the part of sm2.h that wraps keys for a reader.

#include <openssl/asn1.h>
#include <openssl/err.h>

#include "crypto/openssl_internal.h"
#include "crypto/sm2.h"
#include "protocol/vocab/error.h"

namespace tj::crypto {
namespace {

constexpr int kCoordinateBytes = 32;

absl::Status Refuse(std::string_view why) { return Error(ErrorCode::kCryptoSeal, why); }

bool IsCoordinate(const ASN1_TYPE* value) {
  return value->type == V_ASN1_INTEGER && value->value.integer->type == V_ASN1_INTEGER &&
         ASN1_STRING_length(value->value.integer) <= kCoordinateBytes;
}

bool IsOctets(const ASN1_TYPE* value, int bytes_min, int bytes_max) {
  if (value->type != V_ASN1_OCTET_STRING) return false;
  const int size = ASN1_STRING_length(value->value.octet_string);
  return size >= bytes_min && size <= bytes_max;
}

// GM/T 0009 §7.2: SEQUENCE { x INTEGER, y INTEGER, hash OCTET STRING, cipher OCTET STRING } in its
// one DER spelling. OpenSSL itself would take other spellings, and negative coordinates as
// positive.
bool IsCanonicalCiphertext(ByteView der) {
  if (der.size() > kSm2PlaintextBytesMax + 256) return false;
  const unsigned char* in = Data(der);
  const OwnedSequence parts(d2i_ASN1_SEQUENCE_ANY(nullptr, &in, static_cast<long>(der.size())));
  if (parts == nullptr || sk_ASN1_TYPE_num(parts.get()) != 4) return false;
  return IsCoordinate(sk_ASN1_TYPE_value(parts.get(), 0)) &&
         IsCoordinate(sk_ASN1_TYPE_value(parts.get(), 1)) &&
         IsOctets(sk_ASN1_TYPE_value(parts.get(), 2), Hash::kSize, Hash::kSize) &&
         IsOctets(sk_ASN1_TYPE_value(parts.get(), 3), 1, kSm2PlaintextBytesMax) &&
         Der(parts.get(), i2d_ASN1_SEQUENCE_ANY) == der;
}

}  // namespace

absl::StatusOr<Bytes> Sm2Encrypt(const Sm2PublicKey& to, ByteView plaintext) {
  if (plaintext.empty() || plaintext.size() > kSm2PlaintextBytesMax) {
    return Refuse("nothing to encrypt, or too much");
  }
  ERR_clear_error();
  const OwnedKeyContext context(
      EVP_PKEY_CTX_new_from_pkey(nullptr, to.handle().key.get(), nullptr));
  size_t size = 0;
  Bytes sealed;
  if (context == nullptr || EVP_PKEY_encrypt_init(context.get()) != 1 ||
      EVP_PKEY_encrypt(context.get(), nullptr, &size, Data(plaintext), plaintext.size()) != 1) {
    return Error(ErrorCode::kCryptoUnavailable, TakeOpensslError());
  }
  sealed.resize(size);
  if (EVP_PKEY_encrypt(context.get(), Data(sealed), &size, Data(plaintext), plaintext.size()) !=
      1) {
    return Error(ErrorCode::kCryptoUnavailable, TakeOpensslError());
  }
  sealed.resize(size);
  return sealed;
}

absl::StatusOr<Bytes> Sm2PrivateKey::Decrypt(ByteView ciphertext) const {
  ERR_clear_error();
  if (!IsCanonicalCiphertext(ciphertext)) return Refuse("malformed SM2 ciphertext");
  const OwnedKeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_->key.get(), nullptr));
  Bytes plaintext(ciphertext.size(), '\0');
  size_t size = plaintext.size();
  const bool opened = context != nullptr && EVP_PKEY_decrypt_init(context.get()) == 1 &&
                      EVP_PKEY_decrypt(context.get(), Data(plaintext), &size, Data(ciphertext),
                                       ciphertext.size()) == 1;
  ERR_clear_error();
  if (!opened) return Refuse("not sealed to this key, or altered");
  plaintext.resize(size);
  return plaintext;
}

}  // namespace tj::crypto
