#include "crypto/x509_internal.h"

#include <openssl/err.h>

#include <algorithm>
#include <ctime>

#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::crypto {
namespace {

absl::Status Refuse(std::string_view why) { return Error(ErrorCode::kCryptoChain, why); }

ByteView View(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<size_t>(ASN1_STRING_length(string))};
}

absl::Status CheckForm(const SignatureClaim& claim, const EVP_PKEY* key) {
  if (X509_ALGOR_cmp(claim.inner, claim.outer) != 0) return Refuse("two signature algorithms");
  const ASN1_OBJECT* id = nullptr;
  int parameters = V_ASN1_UNDEF;
  X509_ALGOR_get0(&id, &parameters, nullptr, claim.outer);
  if (parameters != V_ASN1_UNDEF && parameters != V_ASN1_NULL) {
    return Refuse("signature algorithm has parameters");
  }
  const int expected = IsSm2Key(key) ? NID_SM2_with_SM3 : NID_ecdsa_with_SHA256;
  const BIGNUM* const order = CurveOrder(key);
  if (order == nullptr || OBJ_obj2nid(id) != expected) {
    return Refuse("signature algorithm is not the one of the issuer's key");
  }
  const bool whole_bytes = (claim.value->flags & 0x07) == 0;
  if (!whole_bytes || !IsCanonicalSignature(View(claim.value), order)) {
    return Refuse("signature is not canonical DER");
  }
  return absl::OkStatus();
}

}  // namespace

std::optional<Instant> InstantOf(const ASN1_TIME* time) {
  if (time == nullptr) return std::nullopt;
  const ByteView text = View(time);
  const size_t size = ASN1_STRING_type(time) == V_ASN1_UTCTIME ? 13 : 15;
  std::tm parts{};
  if (text.size() != size || text.back() != 'Z' || ASN1_TIME_to_tm(time, &parts) != 1) {
    return std::nullopt;
  }
  const CivilDate date =
      CivilDate::Of(parts.tm_year + 1900, static_cast<unsigned>(parts.tm_mon) + 1,
                    static_cast<unsigned>(parts.tm_mday));
  const int64_t seconds =
      int64_t{date.days()} * 86'400 + parts.tm_hour * 3'600 + parts.tm_min * 60 + parts.tm_sec;
  return Instant{seconds * 1000};
}

ByteView SignedPart(ByteView der) {
  const unsigned char* const begin = Data(der);
  const unsigned char* in = begin;
  long length = 0;
  int tag = 0;
  int tag_class = 0;
  const auto enter = [&] {  // past the header of the SEQUENCE at `in`
    const auto left = static_cast<long>(der.size()) - (in - begin);
    return ASN1_get_object(&in, &length, &tag, &tag_class, left) == V_ASN1_CONSTRUCTED &&
           tag == V_ASN1_SEQUENCE && tag_class == V_ASN1_UNIVERSAL;
  };
  if (!enter()) return {};
  const auto first = static_cast<size_t>(in - begin);
  if (!enter()) return {};
  const auto last = static_cast<size_t>(in - begin) + static_cast<size_t>(length);
  return der.substr(first, last - first);
}

absl::Status CheckExtensions(const STACK_OF(X509_EXTENSION) * extensions,
                             std::span<const int> understood) {
  for (int i = 0; i < X509v3_get_ext_count(extensions); ++i) {
    X509_EXTENSION* const extension = X509v3_get_ext(extensions, i);
    ASN1_OBJECT* const id = X509_EXTENSION_get_object(extension);
    char name[80];
    OBJ_obj2txt(name, sizeof(name), id, 0);
    if (X509v3_get_ext_by_OBJ(extensions, id, i) != -1) {
      return Refuse(Cat("extension stands twice: ", PrintableExcerpt(name)));
    }
    const bool known =
        std::find(understood.begin(), understood.end(), OBJ_obj2nid(id)) != understood.end();
    if (X509_EXTENSION_get_critical(extension) != 0 && !known) {
      return Refuse(Cat("unknown critical extension: ", PrintableExcerpt(name)));
    }
  }
  return absl::OkStatus();
}

absl::Status VerifySignature(ByteView signed_part, const SignatureClaim& claim, EVP_PKEY* key) {
  if (signed_part.empty()) return Refuse("nothing signed");
  TJ_RETURN_IF_ERROR(CheckForm(claim, key));
  const ByteView signature = View(claim.value);
  if (IsSm2Key(key)) {
    if (EVP_PKEY_up_ref(key) != 1) return Refuse("cannot be checked");
    const Sm2PublicKey sm2(std::make_shared<KeyHandle>(KeyHandle{OwnedKey(key)}));
    return sm2.Verify(signed_part, signature, kSm2DefaultId).ok() ? absl::OkStatus()
                                                                  : Refuse("wrong signature");
  }
  ERR_clear_error();
  const OwnedDigestContext context(EVP_MD_CTX_new());
  const bool right = context != nullptr &&
                     EVP_DigestVerifyInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr,
                                             key, nullptr) == 1 &&
                     EVP_DigestVerify(context.get(), Data(signature), signature.size(),
                                      Data(signed_part), signed_part.size()) == 1;
  ERR_clear_error();
  return right ? absl::OkStatus() : Refuse("wrong signature");
}

std::string NameText(const X509_NAME* name) {
  const OwnedBio bio(BIO_new(BIO_s_mem()));
  constexpr unsigned long kFlags =
      XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
  if (bio == nullptr || X509_NAME_print_ex(bio.get(), name, 0, kFlags) < 0) return {};
  return WrittenText(bio.get());
}

bool AuthorityFits(const AUTHORITY_KEYID* authority, const Certificate& issuer) {
  return X509_check_akid(issuer.handle().x509.get(), authority) == X509_V_OK;
}

bool MayBeUsedFor(const Certificate& certificate, uint32_t usage) {
  // All bits are set when the extension is absent.
  return (X509_get_key_usage(certificate.handle().x509.get()) & usage) == usage;
}

}  // namespace tj::crypto
