// Fuzz target for private parts that were sealed for one reader (SPEC.md §12), with the key of the
// examples in GB/T 32918.5. The first byte of the input chooses:
//   0  the rest is what came: a wrapped key and pieces
//   1  the rest is the pieces' kinds and plaintexts, each 2 bytes of length first: sealed here as a
//      dishonest origin would, for there the seal keeps nothing out
// Whatever comes, what is believed is what the record commits to.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "crypto/leaf_hash.h"
#include "crypto/reader_seal.h"
#include "crypto/sealed_parts.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/bytes_io.h"

namespace tj::crypto {
namespace {

constexpr int kPiecesMax = 8;

struct Fixed {
  const NodeCode reader = *NodeCode::Parse("370800");
  const NodeCode origin = *NodeCode::Parse("370826");
  const Sm2PrivateKey key = *Sm2PrivateKey::FromScalar(
      *HexDecode("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"));
  const PrivatePart person{wire::PrivateKind::kPerson, Bytes(wire::kSaltBytes, 'p'), "name"};
  const PrivatePart text{wire::PrivateKind::kText, Bytes(wire::kSaltBytes, 't'), "opinion"};
  const Bytes body = *wire::EncodeBody(Bytes(wire::kSaltBytes, 's'), "payload",
                                       PrivateCommitment(person.kind, person.salt, person.part),
                                       PrivateCommitment(text.kind, text.salt, text.part));
  const SealKey seal = SealKey::Fresh();
  const Bytes wrapped = *seal.WrapFor(key.Public());
};

void Check(const Fixed& fixed, ByteView sealed) {
  const auto parts = UnsealParts(fixed.key, fixed.reader, fixed.origin, fixed.body, sealed);
  if (!parts.ok()) {
    TJ_CHECK(CodeOf(parts.status()) == ErrorCode::kCryptoSeal);
    return;
  }
  TJ_CHECK(parts->size() <= 2);
  for (const PrivatePart& part : *parts) {
    const PrivatePart& true_part =
        part.kind == wire::PrivateKind::kPerson ? fixed.person : fixed.text;
    TJ_CHECK(part.salt == true_part.salt && part.part == true_part.part);
  }
  // And for nobody else.
  TJ_CHECK(parts->empty() ||
           !UnsealParts(fixed.key, fixed.origin, fixed.origin, fixed.body, sealed).ok());
}

Bytes SealedHere(const Fixed& fixed, ByteView pieces) {
  Bytes sealed;
  wire::Writer out(sealed);
  out.Prefixed(fixed.wrapped);
  wire::Reader in(pieces);
  for (int i = 0; i < kPiecesMax && in.remaining() > 3; ++i) {
    const uint8_t kind = in.U8();
    const size_t length = static_cast<size_t>(in.U8()) << 8 | in.U8();
    const ByteView plain = in.Raw(std::min(length, in.remaining()));
    Bytes context(BodyHash(fixed.body).view());
    context.push_back(static_cast<char>(kind));
    out.U8(kind);
    out.Prefixed(fixed.seal.Seal({fixed.reader, fixed.origin, context}, plain));
  }
  return sealed;
}

}  // namespace
}  // namespace tj::crypto

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const tj::crypto::Fixed fixed;
  if (size == 0) return 0;
  const tj::ByteView rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  tj::crypto::Check(fixed, data[0] == 1 ? tj::crypto::SealedHere(fixed, rest) : tj::Bytes(rest));
  return 0;
}
