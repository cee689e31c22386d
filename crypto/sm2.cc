#include "crypto/sm2.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <array>

#include "crypto/key_file.h"
#include "crypto/openssl_internal.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"

namespace tj::crypto {
namespace {

using OwnedGroup = Owned<EC_GROUP, EC_GROUP_free>;
using OwnedPoint = Owned<EC_POINT, EC_POINT_clear_free>;
using OwnedParamsBuilder = Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using OwnedParams = Owned<OSSL_PARAM, OSSL_PARAM_free>;

constexpr size_t kScalarBytes = 32;
constexpr size_t kPointBytes = 1 + 2 * kScalarBytes;

absl::Status BadKey(std::string_view detail) { return Error(ErrorCode::kCryptoKey, detail); }
absl::Status Unavailable() { return Error(ErrorCode::kCryptoUnavailable, TakeOpensslError()); }

const EC_GROUP* Curve() {
  static const EC_GROUP* const group = EC_GROUP_new_by_curve_name(NID_sm2);
  TJ_CHECK(group != nullptr);
  return group;
}

// A key from its encoded point and, where it is a private one, its scalar. Null on failure.
OwnedKey MakeKey(ByteView point, const BIGNUM* scalar) {
  const OwnedParamsBuilder builder(OSSL_PARAM_BLD_new());
  if (builder == nullptr ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "SM2", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1 ||
      (scalar != nullptr &&
       OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, scalar) != 1)) {
    return nullptr;
  }
  const OwnedParams params(OSSL_PARAM_BLD_to_param(builder.get()));
  const OwnedKeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "SM2", nullptr));
  EVP_PKEY* key = nullptr;
  const int selection = scalar != nullptr ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
  if (params == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, selection, params.get()) != 1) {
    return nullptr;
  }
  return OwnedKey(key);
}

bool IsValidPublicKey(EVP_PKEY* key) {
  if (!IsSm2Key(key)) return false;
  const OwnedKeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  return context != nullptr && EVP_PKEY_public_check(context.get()) == 1;
}

// Scalar in [1, n − 2] (GB/T 32918.1 §6.1: with n − 1 a signature cannot be made), point on the
// curve, and the two belong together.
bool IsValidPrivateKey(EVP_PKEY* key) {
  if (!IsSm2Key(key)) return false;
  BIGNUM* value = nullptr;
  if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &value) != 1) return false;
  const OwnedNumber scalar(value);
  const OwnedNumber limit(BN_dup(EC_GROUP_get0_order(Curve())));
  if (limit == nullptr || BN_sub_word(limit.get(), 1) != 1 || BN_is_zero(scalar.get()) == 1 ||
      BN_is_negative(scalar.get()) == 1 || BN_cmp(scalar.get(), limit.get()) >= 0) {
    return false;
  }
  const OwnedKeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  return context != nullptr && EVP_PKEY_check(context.get()) == 1;
}

Bytes PointOf(const EVP_PKEY* key) {
  // From the coordinates, because a key may have been read in the compressed form.
  Bytes point(1, '\x04');
  for (const char* const name : {OSSL_PKEY_PARAM_EC_PUB_X, OSSL_PKEY_PARAM_EC_PUB_Y}) {
    BIGNUM* value = nullptr;
    TJ_CHECK(EVP_PKEY_get_bn_param(key, name, &value) == 1);
    const OwnedNumber coordinate(value);
    std::array<unsigned char, kScalarBytes> bytes;
    TJ_CHECK(BN_bn2binpad(value, bytes.data(), kScalarBytes) == static_cast<int>(kScalarBytes));
    point.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  return point;
}

// A context that will sign or verify with `key` and `id` set; the id must be there before the
// digest is begun, since it is hashed first. Null on failure.
struct Operation {
  OwnedKeyContext key;
  OwnedDigestContext digest;
};
absl::StatusOr<Operation> Begin(EVP_PKEY* key, std::string_view id) {
  ERR_clear_error();
  Operation operation{OwnedKeyContext(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr)),
                      OwnedDigestContext(EVP_MD_CTX_new())};
  if (operation.key == nullptr || operation.digest == nullptr ||
      EVP_PKEY_CTX_set1_id(operation.key.get(), id.data(), static_cast<int>(id.size())) != 1) {
    return Unavailable();
  }
  EVP_MD_CTX_set_pkey_ctx(operation.digest.get(), operation.key.get());
  return operation;
}

}  // namespace

absl::StatusOr<Sm2PublicKey> Sm2PublicKey::FromPoint(ByteView point) {
  ERR_clear_error();
  if (point.size() != kPointBytes || point[0] != '\x04') {
    return BadKey("an uncompressed point has 65 bytes and begins with 04");
  }
  OwnedKey key = MakeKey(point, nullptr);
  if (key == nullptr || !IsValidPublicKey(key.get())) return BadKey("not a point of the curve");
  return Sm2PublicKey(std::make_shared<KeyHandle>(KeyHandle{std::move(key)}));
}

absl::StatusOr<Sm2PublicKey> Sm2PublicKey::FromPem(std::string_view pem) {
  ERR_clear_error();
  const OwnedBio bio = ReadBio(pem);
  if (bio == nullptr) return BadKey("too long");
  OwnedKey key(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  if (key == nullptr) return BadKey(TakeOpensslError());
  if (!IsValidPublicKey(key.get())) return BadKey("not an SM2 key");
  return Sm2PublicKey(std::make_shared<KeyHandle>(KeyHandle{std::move(key)}));
}

Sm2PublicKey::Sm2PublicKey(std::shared_ptr<const KeyHandle> key)
    : key_(std::move(key)), point_(PointOf(key_->key.get())) {}

absl::Status Sm2PublicKey::Verify(ByteView message, ByteView signature_der,
                                  std::string_view id) const {
  const auto refuse = [](std::string_view why) { return Error(ErrorCode::kCryptoSignature, why); };
  if (id.empty() || id.size() > kSm2IdBytesMax) return refuse("no usable distinguishing id");
  if (!IsCanonicalSignature(signature_der, EC_GROUP_get0_order(Curve()))) {
    return refuse("not a canonical DER signature");
  }
  const auto operation = Begin(key_->key.get(), id);
  if (!operation.ok()) return refuse("cannot be checked");
  EVP_MD_CTX* const digest = operation->digest.get();
  if (EVP_DigestVerifyInit_ex(digest, nullptr, "SM3", nullptr, nullptr, key_->key.get(), nullptr) !=
      1) {
    return refuse(TakeOpensslError());
  }
  const int result = EVP_DigestVerify(digest, Data(signature_der), signature_der.size(),
                                      Data(message), message.size());
  ERR_clear_error();
  return result == 1 ? absl::OkStatus() : refuse("");
}

absl::StatusOr<Sm2PrivateKey> Sm2PrivateKey::Generate() {
  ERR_clear_error();
  OwnedKey key(EVP_PKEY_Q_keygen(nullptr, nullptr, "SM2"));
  if (key == nullptr) return Unavailable();
  if (!IsValidPrivateKey(key.get())) return BadKey("generated key is out of range");
  return Sm2PrivateKey(std::make_shared<KeyHandle>(KeyHandle{std::move(key)}));
}

absl::StatusOr<Sm2PrivateKey> Sm2PrivateKey::FromScalar(ByteView scalar) {
  ERR_clear_error();
  if (scalar.size() != kScalarBytes) return BadKey("a scalar has 32 bytes");
  const OwnedNumber number(BN_bin2bn(Data(scalar), static_cast<int>(scalar.size()), nullptr));
  const OwnedPoint point(EC_POINT_new(Curve()));
  if (number == nullptr || point == nullptr) return Unavailable();
  BN_set_flags(number.get(), BN_FLG_CONSTTIME);
  Bytes encoded(kPointBytes, '\0');
  if (EC_POINT_mul(Curve(), point.get(), number.get(), nullptr, nullptr, nullptr) != 1 ||
      EC_POINT_point2oct(Curve(), point.get(), POINT_CONVERSION_UNCOMPRESSED, Data(encoded),
                         encoded.size(), nullptr) != kPointBytes) {
    return BadKey("scalar out of range");
  }
  OwnedKey key = MakeKey(encoded, number.get());
  if (key == nullptr || !IsValidPrivateKey(key.get())) return BadKey("scalar out of range");
  return Sm2PrivateKey(std::make_shared<KeyHandle>(KeyHandle{std::move(key)}));
}

absl::StatusOr<Sm2PrivateKey> Sm2PrivateKey::FromPem(std::string_view pem,
                                                     std::string_view passphrase) {
  TJ_ASSIGN_OR_RETURN(OwnedKey key, ReadPrivateKey(pem, passphrase));
  if (!IsValidPrivateKey(key.get())) return BadKey("not an SM2 key, or out of range");
  return Sm2PrivateKey(std::make_shared<KeyHandle>(KeyHandle{std::move(key)}));
}

absl::StatusOr<std::string> Sm2PrivateKey::ToEncryptedPem(std::string_view passphrase) const {
  if (passphrase.empty()) return BadKey("no passphrase was given");
  return WritePrivateKey(key_->key.get(), passphrase);
}

Sm2PublicKey Sm2PrivateKey::Public() const {
  auto key = Sm2PublicKey::FromPoint(PointOf(key_->key.get()));
  TJ_CHECK(key.ok());
  return *std::move(key);
}

absl::StatusOr<Bytes> Sm2PrivateKey::Sign(ByteView message, std::string_view id) const {
  TJ_CHECK(!id.empty() && id.size() <= kSm2IdBytesMax);
  TJ_ASSIGN_OR_RETURN(const Operation operation, Begin(key_->key.get(), id));
  EVP_MD_CTX* const digest = operation.digest.get();
  if (EVP_DigestSignInit_ex(digest, nullptr, "SM3", nullptr, nullptr, key_->key.get(), nullptr) !=
      1) {
    return Unavailable();
  }
  Bytes signature(limits::kSignatureBytesMax, '\0');
  size_t size = signature.size();
  if (EVP_DigestSign(digest, Data(signature), &size, Data(message), message.size()) != 1) {
    return Unavailable();
  }
  signature.resize(size);
  return signature;
}

}  // namespace tj::crypto
