// SM3 (GB/T 32905-2016) and HMAC-SM3 over OpenSSL, and random bytes. Contexts and the fetched
// algorithm are reused; a failure inside OpenSSL is a broken installation and aborts. Sm3 is
// confined to a thread; free functions are thread-safe.

#ifndef TJ_CRYPTO_SM3_H_
#define TJ_CRYPTO_SM3_H_

#include <initializer_list>
#include <memory>

#include "protocol/vocab/bytes.h"

namespace tj::crypto {

class Sm3 {
 public:
  Sm3();
  ~Sm3();
  Sm3(const Sm3&) = delete;
  Sm3& operator=(const Sm3&) = delete;
  void Update(ByteView bytes);
  // The digest of all since construction or the last Finish; the object is ready for the next
  // message.
  Hash Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Digest of the concatenation of `pieces`.
Hash Sm3Of(std::initializer_list<ByteView> pieces);

// RFC 2104 with SM3.
Hash HmacSm3(ByteView key, std::initializer_list<ByteView> pieces);

// HMAC-SM3 under one key for many messages: the key is scheduled once, and wiped at the end.
// Immutable; thread-safe.
class MacKey {
 public:
  explicit MacKey(ByteView key);
  ~MacKey();
  MacKey(const MacKey&) = delete;
  MacKey& operator=(const MacKey&) = delete;
  Hash Of(std::initializer_list<ByteView> pieces) const;

 private:
  struct State;
  const std::unique_ptr<const State> state_;
};

// True when equal, in time that does not depend on where they differ.
bool ConstantTimeEqual(ByteView a, ByteView b);

// `n` bytes of OpenSSL's random generator.
Bytes RandomBytes(size_t n);

}  // namespace tj::crypto

#endif  // TJ_CRYPTO_SM3_H_
