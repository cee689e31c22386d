#include "crypto/reader_seal.h"

#include <utility>

#include <openssl/crypto.h>

#include "crypto/seal.h"
#include "crypto/sm3.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/wire/bytes_io.h"

namespace tj::crypto {
namespace {

Bytes Bound(const SealPlace& place) {
  Bytes bound = "tongjian/reader/v1";
  wire::Writer writer(bound);
  writer.Prefixed(place.reader.text());
  writer.Prefixed(place.origin.text());
  writer.Raw(place.context);
  return bound;
}

}  // namespace

SealKey SealKey::Fresh() { return SealKey(RandomBytes(kSealKeyBytes)); }

absl::StatusOr<SealKey> SealKey::Unwrap(const Sm2PrivateKey& reader, ByteView wrapped) {
  TJ_ASSIGN_OR_RETURN(Bytes key, reader.Decrypt(wrapped));
  if (key.size() != kSealKeyBytes) {
    OPENSSL_cleanse(key.data(), key.size());
    return Error(ErrorCode::kCryptoSeal, "the wrapped key is not 32 bytes long");
  }
  return SealKey(std::move(key));
}

SealKey::~SealKey() { OPENSSL_cleanse(key_.data(), key_.size()); }

// 32 bytes are more than a string keeps inside itself: what is moved leaves nothing behind.
SealKey::SealKey(SealKey&&) noexcept = default;

absl::StatusOr<Bytes> SealKey::WrapFor(const Sm2PublicKey& reader) const {
  return Sm2Encrypt(reader, key_);
}

Bytes SealKey::Seal(const SealPlace& place, ByteView plaintext) const {
  return crypto::Seal(key_, Bound(place), plaintext);
}

absl::StatusOr<Bytes> SealKey::Unseal(const SealPlace& place, ByteView sealed) const {
  return crypto::Unseal(key_, Bound(place), sealed);
}

Hash ReaderKeyId(const Sm2PublicKey& key) { return Sm3Of({key.Point()}); }

}  // namespace tj::crypto
