// Just enough DER to make right and wrong signatures. For tests only; pure.

#ifndef TJ_TESTS_UNIT_CRYPTO_DER_H_
#define TJ_TESTS_UNIT_CRYPTO_DER_H_

#include "protocol/vocab/bytes.h"

namespace tj::crypto {

// Contents shorter than 128 bytes.
inline Bytes DerElement(char tag, ByteView content) {
  Bytes out{tag, static_cast<char>(content.size())};
  out.append(content);
  return out;
}

// A positive INTEGER from a big-endian number.
inline Bytes DerInteger(ByteView number) {
  while (number.size() > 1 && number[0] == '\0') number.remove_prefix(1);
  Bytes content(number);
  if ((static_cast<uint8_t>(content[0]) & 0x80) != 0) content.insert(0, 1, '\0');
  return DerElement('\x02', content);
}

inline Bytes DerSignature(ByteView r, ByteView s) {
  return DerElement('\x30', DerInteger(r) + DerInteger(s));
}

// r and s of a right signature, 32 bytes each.
struct SignatureParts {
  Bytes r;
  Bytes s;
};
inline SignatureParts PartsOf(ByteView der) {
  const auto take = [&der] {
    const auto size = static_cast<size_t>(der[1]);
    Bytes number(der.substr(2, size));
    der.remove_prefix(2 + size);
    number.erase(0, number.size() > 32 ? number.size() - 32 : 0);
    return Bytes(32 - number.size(), '\0') + number;
  };
  der.remove_prefix(2);
  SignatureParts parts;
  parts.r = take();
  parts.s = take();
  return parts;
}

}  // namespace tj::crypto

#endif  // TJ_TESTS_UNIT_CRYPTO_DER_H_
