// CheckChain: from a certificate up to a root, link by link. OpenSSL's own X509_verify_cert is not
// used: it has no distinguishing id for certificates that it finds by itself, nor for CRLs.

#include <algorithm>

#include "crypto/certificate.h"
#include "crypto/x509_internal.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::crypto {
namespace {

// Extensions that this code or its callers act upon. Name constraints and policies are not among
// them: a certificate that makes them critical is refused.
constexpr int kUnderstood[] = {NID_basic_constraints,
                               NID_key_usage,
                               NID_ext_key_usage,
                               NID_subject_alt_name,
                               NID_authority_key_identifier,
                               NID_subject_key_identifier};

// Bounds the work that certificates with equal names and wrong signatures can make.
constexpr int kSignatureChecksMax = 64;

using OwnedAuthority = Owned<AUTHORITY_KEYID, AUTHORITY_KEYID_free>;

absl::Status Refuse(const Certificate& certificate, std::string_view why) {
  return Error(ErrorCode::kCryptoChain, Cat(PrintableExcerpt(certificate.Subject()), ": ", why));
}

X509* X509Of(const Certificate& certificate) { return certificate.handle().x509.get(); }

// Names and key ids say that `issuer` made `certificate`; the signature is not looked at.
bool LooksLikeIssuer(const Certificate& issuer, const Certificate& certificate) {
  if (X509_NAME_cmp(X509_get_subject_name(X509Of(issuer)),
                    X509_get_issuer_name(X509Of(certificate))) != 0) {
    return false;
  }
  const OwnedAuthority authority(static_cast<AUTHORITY_KEYID*>(
      X509_get_ext_d2i(X509Of(certificate), NID_authority_key_identifier, nullptr, nullptr)));
  return AuthorityFits(authority.get(), issuer);
}

absl::Status CheckSignature(const Certificate& certificate, const Certificate& issuer) {
  SignatureClaim claim{.inner = X509_get0_tbs_sigalg(X509Of(certificate))};
  X509_get0_signature(&claim.value, &claim.outer, X509Of(certificate));
  return At(PrintableExcerpt(certificate.Subject()),
            VerifySignature(SignedPart(certificate.handle().der), claim,
                            X509_get0_pubkey(X509Of(issuer))));
}

// What every certificate of a path must satisfy by itself.
absl::Status CheckItself(const Certificate& certificate, Instant at) {
  TJ_RETURN_IF_ERROR(CheckExtensions(X509_get0_extensions(X509Of(certificate)), kUnderstood));
  if (at < certificate.not_before() || at > certificate.not_after()) {
    return Error(ErrorCode::kCryptoExpired,
                 Cat(PrintableExcerpt(certificate.Subject()), ": valid from ",
                     certificate.not_before().Text(), " to ", certificate.not_after().Text()));
  }
  return absl::OkStatus();
}

class Walk {
 public:
  Walk(std::span<const Certificate> intermediates, std::span<const Certificate> roots,
       std::span<const Crl> crls, Instant at)
      : intermediates_(intermediates), roots_(roots), crls_(crls), at_(at) {}

  absl::Status Run(const Certificate& leaf) {
    TJ_RETURN_IF_ERROR(CheckItself(leaf, at_));
    refusal_ = Refuse(leaf, "no issuer of it is known");
    path_.push_back(&leaf);
    return Climb() ? absl::OkStatus() : refusal_;
  }

 private:
  // Depth first from the end of path_; at most kCertificateChainMax deep.
  bool Climb() {
    for (const Certificate& root : roots_) {
      if (Try(root)) return true;
    }
    if (path_.size() + 1 >= limits::kCertificateChainMax) return false;
    for (const Certificate& next : intermediates_) {
      if (OnPath(next) || !Try(next)) continue;
      path_.push_back(&next);
      if (Climb()) return true;
      path_.pop_back();
    }
    return false;
  }

  bool OnPath(const Certificate& certificate) const {
    return std::any_of(path_.begin(), path_.end(), [&](const Certificate* other) {
      return other->handle().der == certificate.handle().der;
    });
  }

  // Whether `issuer` issued the end of the path, rightly. Remembers why not: what is wrong beyond
  // the signature says more than that some key did not fit.
  bool Try(const Certificate& issuer) {
    const Certificate& certificate = *path_.back();
    if (!LooksLikeIssuer(issuer, certificate)) return false;
    if (signature_checks_++ == kSignatureChecksMax) {
      refusal_ = Refuse(certificate, "too many possible issuers");
    }
    if (signature_checks_ > kSignatureChecksMax) return false;
    absl::Status status = CheckSignature(certificate, issuer);
    const bool signed_by_it = status.ok();
    if (signed_by_it) status = CheckIssuer(issuer);
    if (status.ok()) return true;
    if (signed_by_it || !beyond_signature_) refusal_ = status;
    beyond_signature_ |= signed_by_it;
    return false;
  }

  absl::Status CheckIssuer(const Certificate& issuer) const {
    if (!issuer.IsCa()) return Refuse(issuer, "not a certification authority");
    if (!MayBeUsedFor(issuer, KU_KEY_CERT_SIGN)) return Refuse(issuer, "may not sign certificates");
    TJ_RETURN_IF_ERROR(CheckItself(issuer, at_));
    const long path_max = X509_get_pathlen(X509Of(issuer));
    if (path_max >= 0 && AuthoritiesBelow() > path_max) return Refuse(issuer, "path too long");
    return CheckRevocation(*path_.back(), issuer);
  }

  // Authorities on the path so far that do not merely renew themselves (RFC 5280 §6.1.4 l).
  long AuthoritiesBelow() const {
    return std::count_if(path_.begin() + 1, path_.end(), [](const Certificate* certificate) {
      return (X509_get_extension_flags(X509Of(*certificate)) & EXFLAG_SI) == 0;
    });
  }

  absl::Status CheckRevocation(const Certificate& certificate, const Certificate& issuer) const {
    for (const Crl& crl : crls_) {
      X509_CRL* const list = crl.handle().crl.get();
      if (X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(X509Of(issuer))) != 0) {
        continue;
      }
      TJ_RETURN_IF_ERROR(CheckCrl(crl, issuer, at_));
      const STACK_OF(X509_REVOKED)* const entries = X509_CRL_get_REVOKED(list);
      for (int i = 0; i < sk_X509_REVOKED_num(entries); ++i) {
        if (ASN1_INTEGER_cmp(X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(entries, i)),
                             X509_get0_serialNumber(X509Of(certificate))) == 0) {
          return Error(ErrorCode::kCryptoRevoked, PrintableExcerpt(certificate.Subject()));
        }
      }
    }
    return absl::OkStatus();
  }

  const std::span<const Certificate> intermediates_;
  const std::span<const Certificate> roots_;
  const std::span<const Crl> crls_;
  const Instant at_;
  std::vector<const Certificate*> path_;
  int signature_checks_ = 0;
  absl::Status refusal_;
  bool beyond_signature_ = false;  // refusal_ is of a certificate whose signature was right
};

}  // namespace

absl::Status CheckChain(const Certificate& leaf, std::span<const Certificate> intermediates,
                        std::span<const Certificate> roots, std::span<const Crl> crls, Instant at) {
  return Walk(intermediates, roots, crls, at).Run(leaf);
}

}  // namespace tj::crypto
