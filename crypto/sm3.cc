#include "crypto/sm3.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "crypto/openssl_internal.h"
#include "protocol/vocab/check.h"

namespace tj::crypto {
namespace {

// Fetched once: a lookup by name costs more than the hash of a leaf. Never freed.
const EVP_MD* Sm3Algorithm() {
  static const EVP_MD* const algorithm = [] {
    const EVP_MD* fetched = EVP_MD_fetch(nullptr, "SM3", nullptr);
    TJ_CHECK(fetched != nullptr && EVP_MD_get_size(fetched) == Hash::kSize);
    return fetched;
  }();
  return algorithm;
}

EVP_MAC* HmacAlgorithm() {
  static EVP_MAC* const algorithm = [] {
    EVP_MAC* fetched = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    TJ_CHECK(fetched != nullptr);
    return fetched;
  }();
  return algorithm;
}

}  // namespace

struct Sm3::State {
  State() : context(EVP_MD_CTX_new()) {
    TJ_CHECK(context != nullptr);
    TJ_CHECK(EVP_DigestInit_ex(context, Sm3Algorithm(), nullptr) == 1);
  }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  EVP_MD_CTX* const context;
};

Sm3::Sm3() : state_(std::make_unique<State>()) {}
Sm3::~Sm3() = default;

void Sm3::Update(ByteView bytes) {
  TJ_CHECK(EVP_DigestUpdate(state_->context, Data(bytes), bytes.size()) == 1);
}

Hash Sm3::Finish() {
  Hash hash;
  unsigned int size = 0;
  TJ_CHECK(EVP_DigestFinal_ex(state_->context, hash.data.data(), &size) == 1 &&
           size == Hash::kSize);
  TJ_CHECK(EVP_DigestInit_ex(state_->context, nullptr, nullptr) == 1);
  return hash;
}

Hash Sm3Of(std::initializer_list<ByteView> pieces) {
  static thread_local Sm3 sm3;
  for (const ByteView piece : pieces) sm3.Update(piece);
  return sm3.Finish();
}

// Freeing a context wipes its key.
struct MacKey::State {
  explicit State(ByteView key) : context(EVP_MAC_CTX_new(HmacAlgorithm())) {
    TJ_CHECK(context != nullptr);
    char digest[] = "SM3";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                 OSSL_PARAM_construct_end()};
    TJ_CHECK(EVP_MAC_init(context, Data(key), key.size(), params) == 1);
  }
  ~State() { EVP_MAC_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  EVP_MAC_CTX* const context;  // only copied from
};

MacKey::MacKey(ByteView key) : state_(std::make_unique<const State>(key)) {}
MacKey::~MacKey() = default;

Hash MacKey::Of(std::initializer_list<ByteView> pieces) const {
  EVP_MAC_CTX* const context = EVP_MAC_CTX_dup(state_->context);
  TJ_CHECK(context != nullptr);
  for (const ByteView piece : pieces) {
    TJ_CHECK(EVP_MAC_update(context, Data(piece), piece.size()) == 1);
  }
  Hash hash;
  size_t size = 0;
  TJ_CHECK(EVP_MAC_final(context, hash.data.data(), &size, Hash::kSize) == 1 &&
           size == Hash::kSize);
  EVP_MAC_CTX_free(context);
  return hash;
}

Hash HmacSm3(ByteView key, std::initializer_list<ByteView> pieces) {
  return MacKey(key).Of(pieces);
}

bool ConstantTimeEqual(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(Data(a), Data(b), a.size()) == 0;
}

Bytes RandomBytes(size_t n) {
  Bytes bytes(n, '\0');
  TJ_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(n)) == 1);
  return bytes;
}

}  // namespace tj::crypto
