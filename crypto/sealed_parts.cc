#include "crypto/sealed_parts.h"

#include <utility>

#include "crypto/leaf_hash.h"
#include "crypto/reader_seal.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/wire/bytes_io.h"

namespace tj::crypto {
namespace {

SealPlace PlaceOf(const NodeCode& reader, const NodeCode& origin, ByteView body,
                  wire::PrivateKind kind) {
  Bytes context(BodyHash(body).view());
  context.push_back(static_cast<char>(kind));
  return {reader, origin, std::move(context)};
}

absl::Status Bad(std::string_view what) { return Error(ErrorCode::kCryptoSeal, what); }

}  // namespace

absl::StatusOr<Bytes> SealParts(const Sm2PublicKey& key, const NodeCode& reader,
                                const NodeCode& origin, ByteView body,
                                std::span<const PrivatePart> parts) {
  Bytes out;
  if (parts.empty()) return out;
  const SealKey fresh = SealKey::Fresh();
  wire::Writer writer(out);
  TJ_ASSIGN_OR_RETURN(const Bytes wrapped, fresh.WrapFor(key));
  writer.Prefixed(wrapped);
  for (const PrivatePart& part : parts) {
    writer.U8(static_cast<uint8_t>(part.kind));
    writer.Prefixed(fresh.Seal(PlaceOf(reader, origin, body, part.kind), part.salt + part.part));
  }
  return out;
}

absl::StatusOr<std::vector<PrivatePart>> UnsealParts(const Sm2PrivateKey& key,
                                                     const NodeCode& reader, const NodeCode& origin,
                                                     ByteView body, ByteView sealed) {
  std::vector<PrivatePart> parts;
  if (sealed.empty()) return parts;
  TJ_ASSIGN_OR_RETURN(const wire::BodyView view, wire::DecodeBody(body));
  wire::Reader in(sealed);
  const ByteView wrapped = in.Prefixed(kWrappedKeyBytesMax);
  if (!in.ok()) return Bad("no wrapped key");
  TJ_ASSIGN_OR_RETURN(const SealKey fresh, SealKey::Unwrap(key, wrapped));
  uint8_t last = 0;
  while (in.ok() && !in.AtEnd()) {
    const uint8_t kind = in.U8();
    const ByteView piece = in.Prefixed(limits::kSealedPartsBytesMax);
    if (!in.ok() || kind <= last || kind > 2) return Bad("malformed parts");
    last = kind;
    PrivatePart part{.kind = static_cast<wire::PrivateKind>(kind), .salt = {}, .part = {}};
    TJ_ASSIGN_OR_RETURN(const Bytes plain,
                        fresh.Unseal(PlaceOf(reader, origin, body, part.kind), piece));
    if (plain.size() < wire::kSaltBytes) return Bad("a part without its salt");
    part.salt = plain.substr(0, wire::kSaltBytes);
    part.part = plain.substr(wire::kSaltBytes);
    const auto& commitment = part.kind == wire::PrivateKind::kPerson ? view.person : view.text;
    if (!commitment || PrivateCommitment(part.kind, part.salt, part.part) != *commitment) {
      return Bad("a part is not what the record commits to");
    }
    parts.push_back(std::move(part));
  }
  if (!in.ok()) return Bad("malformed parts");
  return parts;
}

}  // namespace tj::crypto
