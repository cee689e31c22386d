#include "crypto/seal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstdint>

#include "crypto/openssl_internal.h"
#include "crypto/sm3.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"

namespace tj::crypto {
namespace {

constexpr size_t kBlockBytes = 16;
constexpr char kSm4CtrHmacSm3 = 1;

// A derived key, wiped when it goes.
class DerivedKey {
 public:
  DerivedKey(ByteView key, ByteView label) : key_(HmacSm3(key, {label})) {}
  ~DerivedKey() { OPENSSL_cleanse(key_.data.data(), key_.data.size()); }
  DerivedKey(const DerivedKey&) = delete;
  DerivedKey& operator=(const DerivedKey&) = delete;
  ByteView view() const { return key_.view(); }

 private:
  Hash key_;
};

Bytes BigEndian(uint64_t value) {
  Bytes out(8, '\0');
  for (size_t i = 0; i < 8; ++i) out[i] = static_cast<char>(value >> (56 - 8 * i));
  return out;
}

Bytes Crypt(ByteView key, ByteView iv, ByteView data) {
  const DerivedKey derived(key, "tongjian/seal/v1/enc");
  return Sm4Ctr(derived.view().substr(0, kBlockBytes), iv, data);
}

// `sealed` without its mac.
Hash Mac(ByteView key, ByteView context, ByteView sealed) {
  const DerivedKey derived(key, "tongjian/seal/v1/mac");
  return HmacSm3(derived.view(),
                 {sealed.substr(0, 1), BigEndian(context.size()), context, sealed.substr(1)});
}

const EVP_CIPHER* Sm4CtrCipher() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "SM4-CTR", nullptr);
  TJ_CHECK(cipher != nullptr);
  return cipher;
}

}  // namespace

Bytes Sm4Ctr(ByteView key, ByteView counter, ByteView data) {
  TJ_CHECK(key.size() == kBlockBytes && counter.size() == kBlockBytes);
  const Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free> context(EVP_CIPHER_CTX_new());
  TJ_CHECK(context != nullptr && EVP_EncryptInit_ex2(context.get(), Sm4CtrCipher(), Data(key),
                                                     Data(counter), nullptr) == 1);
  Bytes out(data.size(), '\0');
  constexpr size_t kStepBytes = size_t{1} << 30;  // OpenSSL counts in int
  for (size_t done = 0; done < data.size();) {
    const ByteView step = data.substr(done, kStepBytes);
    int written = 0;
    TJ_CHECK(EVP_EncryptUpdate(context.get(), Data(out) + done, &written, Data(step),
                               static_cast<int>(step.size())) == 1 &&
             static_cast<size_t>(written) == step.size());
    done += step.size();
  }
  return out;
}

Bytes Seal(ByteView key, ByteView context, ByteView plaintext) {
  TJ_CHECK(key.size() == kSealKeyBytes);
  const Bytes iv = RandomBytes(kBlockBytes);
  Bytes sealed(1, kSm4CtrHmacSm3);
  sealed.append(iv);
  sealed.append(Crypt(key, iv, plaintext));
  sealed.append(Mac(key, context, sealed).view());
  return sealed;
}

absl::StatusOr<Bytes> Unseal(ByteView key, ByteView context, ByteView sealed) {
  const auto refuse = [](std::string_view why) { return Error(ErrorCode::kCryptoSeal, why); };
  if (key.size() != kSealKeyBytes) return refuse("the key is not 32 bytes long");
  if (sealed.size() < 1 + kBlockBytes + Hash::kSize) return refuse("too short");
  if (sealed[0] != kSm4CtrHmacSm3) return refuse("sealed by an algorithm unknown here");
  const ByteView covered = sealed.substr(0, sealed.size() - Hash::kSize);
  if (!ConstantTimeEqual(Mac(key, context, covered).view(), sealed.substr(covered.size()))) {
    return refuse("other key or context, or altered");
  }
  return Crypt(key, covered.substr(1, kBlockBytes), covered.substr(1 + kBlockBytes));
}

}  // namespace tj::crypto
