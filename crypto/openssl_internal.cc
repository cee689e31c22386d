#include "crypto/openssl_internal.h"

#include <openssl/core_names.h>
#include <openssl/err.h>

#include <limits>

#include "protocol/vocab/check.h"
#include "protocol/vocab/limits.h"

namespace tj::crypto {
namespace {

using OwnedSignature = Owned<ECDSA_SIG, ECDSA_SIG_free>;

// Made once, never freed.
const EC_GROUP* GroupOf(int curve) {
  const EC_GROUP* const group = EC_GROUP_new_by_curve_name(curve);
  TJ_CHECK(group != nullptr);
  return group;
}

// A curve spelled out could be another one that looks alike (CVE-2020-0601).
bool CurveIsNamed(const EVP_PKEY* key) {
  int spelled_out = 1;
  return EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
                                &spelled_out) == 1 &&
         spelled_out == 0;
}

bool InRange(const BIGNUM* value, const BIGNUM* order) {
  return BN_is_negative(value) == 0 && BN_is_zero(value) == 0 && BN_cmp(value, order) < 0;
}

}  // namespace

OwnedBio ReadBio(ByteView bytes) {
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max())) return nullptr;
  return OwnedBio(BIO_new_mem_buf(Data(bytes), static_cast<int>(bytes.size())));
}

std::string WrittenText(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size <= 0 ? std::string() : std::string(data, static_cast<size_t>(size));
}

std::string TakeOpensslError() {
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason == nullptr ? "no reason given" : reason;
}

const BIGNUM* CurveOrder(const EVP_PKEY* key) {
  // The groups and not their orders, so that a leak checker sees who holds them.
  static const EC_GROUP* const sm2 = GroupOf(NID_sm2);
  static const EC_GROUP* const p256 = GroupOf(NID_X9_62_prime256v1);
  if (IsSm2Key(key)) return EC_GROUP_get0_order(sm2);
  return IsP256Key(key) ? EC_GROUP_get0_order(p256) : nullptr;
}

bool IsSm2Key(const EVP_PKEY* key) { return EVP_PKEY_is_a(key, "SM2") == 1 && CurveIsNamed(key); }

bool IsP256Key(const EVP_PKEY* key) {
  char group[32];
  size_t size = 0;
  return EVP_PKEY_is_a(key, "EC") == 1 && CurveIsNamed(key) &&
         EVP_PKEY_get_group_name(key, group, sizeof(group), &size) == 1 &&
         OBJ_txt2nid(group) == NID_X9_62_prime256v1;
}

bool IsCanonicalSignature(ByteView der, const BIGNUM* order) {
  if (der.empty() || der.size() > limits::kSignatureBytesMax) return false;
  ERR_clear_error();
  const unsigned char* in = Data(der);
  const OwnedSignature signature(d2i_ECDSA_SIG(nullptr, &in, static_cast<long>(der.size())));
  if (signature == nullptr) return false;
  return InRange(ECDSA_SIG_get0_r(signature.get()), order) &&
         InRange(ECDSA_SIG_get0_s(signature.get()), order) &&
         Der(signature.get(), i2d_ECDSA_SIG) == der;
}

}  // namespace tj::crypto
