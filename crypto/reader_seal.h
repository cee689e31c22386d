// Sealing for one reader (SPEC.md §11): a fresh key, wrapped by SM2 to the reader's encryption
// certificate, seals any number of pieces with SM4-CTR and HMAC-SM3 (seal.h). What a piece is for
// is bound and not stored: reader, origin and a context (a body's hash, a place in a bundle), so
// that none can be handed on to another reader, passed off as another origin's or put elsewhere.
// Functions are thread-safe; a SealKey is immutable and wiped at its end.
//
//   bound = "tongjian/reader/v1" ‖ varint length, reader ‖ varint length, origin ‖ context

#ifndef TJ_CRYPTO_READER_SEAL_H_
#define TJ_CRYPTO_READER_SEAL_H_

#include <absl/status/statusor.h>

#include "crypto/sm2.h"
#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"

namespace tj::crypto {

// SM2 with C1C3C2 in DER around 32 bytes: 32 + 96 and at most 16 of DER.
inline constexpr size_t kWrappedKeyBytesMax = 160;

struct SealPlace {
  NodeCode reader;
  NodeCode origin;
  Bytes context;
};

class SealKey {
 public:
  static SealKey Fresh();
  // CRYPTO-SEAL unless it was wrapped for this key and is unchanged.
  static absl::StatusOr<SealKey> Unwrap(const Sm2PrivateKey& reader, ByteView wrapped);
  ~SealKey();
  SealKey(SealKey&&) noexcept;
  SealKey& operator=(SealKey&&) = delete;

  absl::StatusOr<Bytes> WrapFor(const Sm2PublicKey& reader) const;
  // As Seal and Unseal of seal.h.
  Bytes Seal(const SealPlace& place, ByteView plaintext) const;
  absl::StatusOr<Bytes> Unseal(const SealPlace& place, ByteView sealed) const;

 private:
  explicit SealKey(Bytes key) : key_(std::move(key)) {}
  Bytes key_;
};

// Names a reader's key in what is sealed for it: SM3 over its public point.
Hash ReaderKeyId(const Sm2PublicKey& key);

}  // namespace tj::crypto

#endif  // TJ_CRYPTO_READER_SEAL_H_
