#include "node/store/values.h"

#include <algorithm>
#include <bit>

#include "node/store/checked_value.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/bytes_io.h"
#include "protocol/wire/record.h"

namespace tj::store {
namespace values {
namespace {

absl::Status Corrupt(std::string_view detail) { return Error(ErrorCode::kStoreCorrupt, detail); }

}  // namespace

Bytes EncodeState(uint64_t size, Instant last_recorded_at, const std::vector<Hash>& roots) {
  Bytes value;
  value.reserve(16 + roots.size() * Hash::kSize);
  wire::Writer writer(value);
  writer.U64(size);
  writer.U64(static_cast<uint64_t>(last_recorded_at.ms));
  for (const Hash& root : roots) writer.Raw(root.view());
  return value;
}

absl::StatusOr<State> ParseState(ByteView value) {
  wire::Reader reader(value);
  State state;
  state.size = reader.U64();
  state.last_recorded_at.ms = static_cast<int64_t>(reader.U64());
  if (!reader.ok() || state.size > limits::kLedgerSizeMax ||
      reader.remaining() != static_cast<size_t>(std::popcount(state.size)) * Hash::kSize) {
    return Corrupt("ledger state does not fit its size");
  }
  while (!reader.AtEnd()) state.roots.push_back(*Hash::FromBytes(reader.Raw(Hash::kSize)));
  return state;
}

Bytes EncodeDedup(const Dedup& dedup) {
  Bytes value;
  value.reserve(8 + dedup.content_digest.size());
  wire::Writer writer(value);
  writer.U64(dedup.index.value);
  writer.Raw(
      {reinterpret_cast<const char*>(dedup.content_digest.data()), dedup.content_digest.size()});
  return value;
}

absl::StatusOr<Dedup> ParseDedup(ByteView value) {
  Dedup dedup;
  wire::Reader reader(value);
  dedup.index.value = reader.U64();
  const ByteView digest = reader.Raw(dedup.content_digest.size());
  if (!reader.AtEnd()) return Corrupt("dedup entry of the wrong length");
  std::copy(digest.begin(), digest.end(), reinterpret_cast<char*>(dedup.content_digest.data()));
  return dedup;
}

Bytes EncodePrivate(const Private& part) { return Bytes(part.salt).append(part.sealed); }

absl::StatusOr<Private> ParsePrivate(ByteView value) {
  if (value.size() <= wire::kSaltBytes) return Corrupt("private part is too short");
  return Private{value.substr(0, wire::kSaltBytes), value.substr(wire::kSaltBytes)};
}

Bytes EncodeSchema(uint32_t version) {
  Bytes value;
  wire::Writer(value).U32(version);
  return value;
}

absl::Status CheckSchema(ByteView value) {
  wire::Reader reader(value);
  const uint32_t version = reader.U32();
  if (!reader.AtEnd() || version == 0) return Corrupt("schema version");
  if (version > keys::kSchemaVersion) {
    return Error(ErrorCode::kStoreVersion,
                 Cat("schema ", version, ", this program knows ", keys::kSchemaVersion));
  }
  return absl::OkStatus();
}

absl::StatusOr<Hash> ParseNode(ByteView value) {
  const auto hash = Hash::FromBytes(value);
  if (!hash) return Corrupt("interior hash of the wrong length");
  return *hash;
}

Bytes EncodeCommits(uint64_t commits) {
  Bytes value;
  wire::Writer(value).U64(commits);
  return EncodeChecked(keys::Commits(), value);
}

absl::StatusOr<uint64_t> ParseCommits(ByteView value) {
  TJ_ASSIGN_OR_RETURN(const ByteView checked, DecodeChecked(keys::Commits(), value));
  wire::Reader reader(checked);
  const uint64_t commits = reader.U64();
  if (!reader.AtEnd()) return Corrupt("count of commits of the wrong length");
  return commits;
}

Bytes EncodeLedgerNumber(ByteView key, keys::LedgerNumber number) {
  Bytes value;
  wire::Writer(value).U32(number.value);
  return EncodeChecked(key, value);
}

absl::StatusOr<keys::LedgerNumber> ParseLedgerNumber(ByteView key, ByteView value) {
  TJ_ASSIGN_OR_RETURN(const ByteView checked, DecodeChecked(key, value));
  wire::Reader reader(checked);
  const keys::LedgerNumber number{reader.U32()};
  if (!reader.AtEnd() || number.value == 0) return Corrupt("ledger number");
  return number;
}

}  // namespace values

absl::StatusOr<uint64_t> ReadCommits(const KvReader& reader) {
  TJ_ASSIGN_OR_RETURN(const auto value, reader.Get(keys::Commits()));
  if (!value) return uint64_t{0};
  return values::ParseCommits(*value);
}

absl::StatusOr<std::optional<Bytes>> ReadEmitterCursor(const KvReader& reader,
                                                       std::string_view emitter) {
  const Bytes key = keys::Emitter(emitter);
  TJ_ASSIGN_OR_RETURN(const auto value, reader.Get(key));
  if (!value) return std::nullopt;
  const auto cursor = DecodeChecked(key, *value);
  if (!cursor.ok()) return At(Cat("cursor of ", emitter), cursor.status());
  return Bytes(*cursor);
}

absl::StatusOr<std::optional<values::Dedup>> ReadDedup(const KvReader& reader, ByteView dedup_key) {
  TJ_ASSIGN_OR_RETURN(const auto value, reader.Get(dedup_key));
  if (!value) return std::nullopt;
  TJ_ASSIGN_OR_RETURN(auto dedup, values::ParseDedup(*value));
  return dedup;
}

}  // namespace tj::store
