// Fuzz target for certificates and CRLs: whatever the bytes, they are refused with a code or give
// something whose parts can be read and checked; and nothing but the seeds themselves is right
// under the root of the corpus.

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "crypto/certificate.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"

namespace tj::crypto {
namespace {

// Within the validity of the seeds.
constexpr Instant kAt{1'780'000'000'000};

Bytes Seed(const char* name) {
  std::ifstream in(std::string(TJ_SOURCE_DIR) + "/tests/fuzz/corpus/certificate/" + name,
                   std::ios::binary);
  TJ_CHECK(in.good());
  return {std::istreambuf_iterator<char>(in), {}};
}

Certificate CertificateSeed(const char* name) {
  auto certificate = Certificate::FromDer(Seed(name));
  TJ_CHECK(certificate.ok());
  return *std::move(certificate);
}

struct Seeds {
  Certificate root = CertificateSeed("root");
  Certificate leaf = CertificateSeed("leaf");
  Bytes crl = Seed("crl");
};

void CheckRefusal(const absl::Status& status) {
  TJ_CHECK(!status.ok() && CodeOf(status) != ErrorCode::kInternal);
  TJ_CHECK(IsUtf8Text(Describe(status)));
}

void CheckCertificate(ByteView bytes, const Seeds& seeds) {
  const auto certificate = Certificate::FromDer(bytes);
  if (!certificate.ok()) return CheckRefusal(certificate.status());
  TJ_CHECK(certificate->Der() == bytes);
  const auto again = Certificate::FromPem(certificate->Pem());
  TJ_CHECK(again.ok() && again->Der() == bytes);
  TJ_CHECK(again->Fingerprint() == certificate->Fingerprint());
  TJ_CHECK(again->KeyFingerprint() == certificate->KeyFingerprint());
  TJ_CHECK(again->Subject() == certificate->Subject() && again->Serial() == certificate->Serial());
  TJ_CHECK(again->Node() == certificate->Node() && again->IsCa() == certificate->IsCa());
  TJ_CHECK(again->MaySign() == certificate->MaySign());
  if (const auto key = certificate->Sm2Key(); key.ok()) TJ_CHECK(key->Point().size() == 65);

  const std::vector roots{seeds.root};
  const absl::Status under_root = CheckChain(*certificate, {}, roots, {}, kAt);
  if (under_root.ok()) {
    TJ_CHECK(bytes == seeds.root.Der() || bytes == seeds.leaf.Der());
  } else {
    CheckRefusal(under_root);
  }
  // As its own root, as an issuer, and as one between.
  const std::vector self{*certificate};
  const absl::Status alone = CheckChain(*certificate, self, self, {}, kAt);
  if (!alone.ok()) CheckRefusal(alone);
  const absl::Status over_leaf = CheckChain(seeds.leaf, self, self, {}, kAt);
  if (over_leaf.ok()) TJ_CHECK(certificate->KeyFingerprint() == seeds.root.KeyFingerprint());
}

void CheckList(ByteView bytes, const Seeds& seeds) {
  const auto crl = Crl::FromDerOrPem(bytes);
  if (!crl.ok()) return CheckRefusal(crl.status());
  const absl::Status status = CheckCrl(*crl, seeds.root, kAt);
  if (!status.ok()) return CheckRefusal(status);
  if (bytes[0] == '\x30') TJ_CHECK(bytes == seeds.crl);
  const absl::Status revoked =
      CheckChain(seeds.leaf, {}, std::vector{seeds.root}, std::vector{*crl}, kAt);
  TJ_CHECK(!revoked.ok() && CodeOf(revoked) == ErrorCode::kCryptoRevoked);
}

void CheckPem(ByteView bytes) {
  const auto all = Certificate::AllFromPem(bytes);
  const auto first = Certificate::FromPem(bytes);
  if (!all.ok()) return CheckRefusal(all.status());
  TJ_CHECK(first.ok() && first->Der() == all->front().Der());
}

}  // namespace
}  // namespace tj::crypto

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto& seeds = *new tj::crypto::Seeds;
  const tj::ByteView bytes(reinterpret_cast<const char*>(data), size);
  tj::crypto::CheckCertificate(bytes, seeds);
  tj::crypto::CheckList(bytes, seeds);
  tj::crypto::CheckPem(bytes);
  return 0;
}
