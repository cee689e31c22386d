// Deprecated in OpenSSL 3.0, and the only way there to replace all chance in a program.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "tests/sim/sm2_bench.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <array>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "crypto/sm2.h"
#include "crypto/sm3.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/status_macros.h"
#include "tests/sim/keys.h"
#include "tests/sim/random.h"

namespace tj::sim {
namespace {

constexpr size_t kNonces = 61;
constexpr int kScalarBytes = 32;

Rng& Chance() {
  static Rng rng(0);
  return rng;
}

int Draw(unsigned char* to, int n) {
  for (int i = 0; i < n;) {
    uint64_t word = Chance().Next();
    for (int b = 0; b < 8 && i < n; ++b, ++i, word >>= 8) to[i] = static_cast<unsigned char>(word);
  }
  return 1;
}
int Ready() { return 1; }
const RAND_METHOD kFromSeed{nullptr, Draw, nullptr, nullptr, Draw, Ready};

using Number = std::unique_ptr<BIGNUM, decltype(&BN_free)>;
Number NewNumber() { return {BN_new(), &BN_free}; }
Number FromBytes(ByteView bytes) {
  return {BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                    static_cast<int>(bytes.size()), nullptr),
          &BN_free};
}
Bytes ToBytes(const BIGNUM& number) {
  Bytes bytes(kScalarBytes, '\0');
  TJ_CHECK(BN_bn2binpad(&number, reinterpret_cast<unsigned char*>(bytes.data()), kScalarBytes) ==
           kScalarBytes);
  return bytes;
}

struct Nonce {
  Number k = NewNumber();
  Number x = NewNumber();  // of the point k·G
};

// The curve and what is computed once.
struct Curve {
  static const Curve& Get() {
    static const auto& curve = *new Curve;
    return curve;
  }
  Curve() {
    TJ_CHECK(EC_GROUP_get_curve(group, nullptr, a.get(), b.get(), context) == 1);
    TJ_CHECK(EC_POINT_get_affine_coordinates(group, EC_GROUP_get0_generator(group), gx.get(),
                                             gy.get(), context) == 1);
    EC_POINT* const point = EC_POINT_new(group);
    for (size_t i = 0; i < kNonces; ++i) {
      const std::string name = "nonce " + std::to_string(i);
      nonces.push_back({FromBytes(crypto::Sm3Of({name}).view()), NewNumber()});
      TJ_CHECK(EC_POINT_mul(group, point, nonces[i].k.get(), nullptr, nullptr, context) == 1);
      TJ_CHECK(EC_POINT_get_affine_coordinates(group, point, nonces[i].x.get(), nullptr, context) ==
               1);
    }
    EC_POINT_free(point);
  }
  EC_GROUP* const group = EC_GROUP_new_by_curve_name(NID_sm2);
  BN_CTX* const context = BN_CTX_new();
  const BIGNUM* const n = EC_GROUP_get0_order(group);
  Number a = NewNumber(), b = NewNumber(), gx = NewNumber(), gy = NewNumber();
  std::vector<Nonce> nonces;
};

// An INTEGER of DER that is not negative.
Bytes DerInteger(ByteView scalar) {
  while (scalar.size() > 1 && scalar[0] == 0) scalar.remove_prefix(1);
  const bool high = static_cast<unsigned char>(scalar[0]) >= 0x80;
  Bytes der("\x02");
  der.push_back(static_cast<char>(scalar.size() + (high ? 1 : 0)));
  if (high) der.push_back('\0');
  return der.append(scalar);
}

// Names of the signatures that were made here.
std::unordered_set<Bytes>& Made() {
  static auto& made = *new std::unordered_set<Bytes>;
  return made;
}
// What a set of names may take; then it begins anew, and what it held is really verified again.
constexpr size_t kMadeMax = 200'000;

Bytes NameOf(ByteView point, ByteView message, ByteView signature) {
  return Bytes(crypto::Sm3Of({point, signature, message}).view());
}

class BenchSigner final : public crypto::Signer {
 public:
  BenchSigner(Number d, Bytes point) : d_(std::move(d)), point_(std::move(point)) {
    const Curve& curve = Curve::Get();
    TJ_CHECK(BN_add(inverse_.get(), d_.get(), BN_value_one()) == 1);
    TJ_CHECK(BN_mod_inverse(inverse_.get(), inverse_.get(), curve.n, curve.context) != nullptr);
    z_ = Bytes(crypto::Sm3Of({ByteView("\x00\x80", 2), crypto::kSm2DefaultId, ToBytes(*curve.a),
                              ToBytes(*curve.b), ToBytes(*curve.gx), ToBytes(*curve.gy),
                              ByteView(point_).substr(1)})
                   .view());
  }

  // GB/T 32918.2 §6.1, with a nonce chosen by the message: fit for nothing but tests.
  absl::StatusOr<Bytes> Sign(ByteView message) override {
    const Curve& curve = Curve::Get();
    const Hash digest = crypto::Sm3Of({z_, message});
    const Number e = FromBytes(digest.view());
    const Nonce& nonce = curve.nonces[digest.data[0] % kNonces];
    const Number r = NewNumber();
    const Number s = NewNumber();
    TJ_CHECK(BN_mod_add(r.get(), e.get(), nonce.x.get(), curve.n, curve.context) == 1);
    TJ_CHECK(BN_mod_mul(s.get(), r.get(), d_.get(), curve.n, curve.context) == 1);
    TJ_CHECK(BN_mod_sub(s.get(), nonce.k.get(), s.get(), curve.n, curve.context) == 1);
    TJ_CHECK(BN_mod_mul(s.get(), s.get(), inverse_.get(), curve.n, curve.context) == 1);
    TJ_CHECK(!BN_is_zero(r.get()) && !BN_is_zero(s.get()));
    const Bytes body = DerInteger(ToBytes(*r)) + DerInteger(ToBytes(*s));
    Bytes signature("\x30");
    signature.push_back(static_cast<char>(body.size()));
    signature += body;
    if (Made().size() >= kMadeMax) Made().clear();
    Made().insert(NameOf(point_, message, signature));
    ++BenchCounts().made;
    return signature;
  }
  Bytes PublicPoint() const override { return point_; }

 private:
  const Number d_;
  const Bytes point_;
  Number inverse_ = NewNumber();  // of 1 + d
  Bytes z_;
};

}  // namespace

SignatureCounts& BenchCounts() {
  static auto& counts = *new SignatureCounts;
  return counts;
}

void SeedOpenssl(uint64_t seed) {
  Chance() = Rng(seed);
  RAND_set_rand_method(&kFromSeed);
}

std::unique_ptr<crypto::Signer> MakeBenchSigner(std::string_view key_pem) {
  BIO* const in = BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size()));
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(in, nullptr, nullptr, nullptr);
  TJ_CHECK(key != nullptr);
  BIGNUM* d = nullptr;
  TJ_CHECK(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &d) == 1);
  EVP_PKEY_free(key);
  BIO_free(in);
  auto checked = crypto::Sm2PrivateKey::FromPem(key_pem, "");
  TJ_CHECK(checked.ok());
  return std::make_unique<BenchSigner>(Number(d, &BN_free), checked->Public().Point());
}

}  // namespace tj::sim

// The linker sends crypto/'s calls of EVP_DigestVerify here (CMakeLists.txt).
extern "C" {
int __real_EVP_DigestVerify(EVP_MD_CTX* context, const unsigned char* signature, size_t length,
                            const unsigned char* message, size_t message_length);
int __wrap_EVP_DigestVerify(EVP_MD_CTX* context, const unsigned char* signature, size_t length,
                            const unsigned char* message, size_t message_length);

int __wrap_EVP_DigestVerify(EVP_MD_CTX* context, const unsigned char* signature, size_t length,
                            const unsigned char* message, size_t message_length) {
  namespace sim = tj::sim;
  const auto really = [&] {
    ++sim::BenchCounts().verified;
    // OpenSSL blinds with chance. Which verifications are real depends on what earlier histories
    // made: it must not show.
    const sim::Rng before = sim::Chance();
    const int verified =
        __real_EVP_DigestVerify(context, signature, length, message, message_length);
    sim::Chance() = before;
    return verified;
  };
  EVP_PKEY_CTX* const key_context = EVP_MD_CTX_get_pkey_ctx(context);
  EVP_PKEY* const key = key_context == nullptr ? nullptr : EVP_PKEY_CTX_get0_pkey(key_context);
  std::array<unsigned char, 80> point;
  size_t point_length = 0;
  if (key == nullptr || EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                                        point.size(), &point_length) != 1) {
    return really();
  }
  const auto view = [](const unsigned char* at, size_t n) {
    return tj::ByteView(reinterpret_cast<const char*>(at), n);
  };
  const bool known = sim::Made().contains(sim::NameOf(
      view(point.data(), point_length), view(message, message_length), view(signature, length)));
  if (!known) return really();
  if (++sim::BenchCounts().remembered % sim::kReallyVerified != 0) return 1;
  TJ_CHECK(really() == 1);
  return 1;
}
}
