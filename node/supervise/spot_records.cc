#include "node/supervise/spot_records.h"

#include <string>

#include "node/store/keys.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/wire/bytes_io.h"
#include "protocol/wire/record.h"

namespace tj::supervise {
namespace {

constexpr char kPrefixes[] = {store::keys::derived_prefix::kSpot, '\0'};

Bytes FamilyPrefix(Family family) {
  Bytes key(1, store::keys::derived_prefix::kSpot);
  wire::Writer(key).U16(static_cast<uint16_t>(family));
  return key;
}

template <typename Message>
absl::Status Each(const store::KvReader& derived, Family family,
                  absl::StatusOr<Message> (*parse)(ByteView),
                  const std::function<void(const LedgerId&, Index, const Message&)>& take) {
  const Bytes prefix = FamilyPrefix(family);
  return store::ScanPrefix(derived, prefix, [&](ByteView key, ByteView value) {
    const ByteView rest = key.substr(prefix.size());
    const size_t zero = rest.find('\0');
    if (zero == ByteView::npos) return true;
    wire::Reader reader(rest.substr(zero + 1));
    const Index index{reader.U64()};
    const auto ledger = LedgerId::Parse(rest.substr(0, zero));
    const auto message = parse(value);
    if (reader.AtEnd() && ledger.ok() && message.ok()) take(*ledger, index, *message);
    return true;
  });
}

}  // namespace

std::string_view SpotRecords::prefixes() const { return kPrefixes; }

absl::Status SpotRecords::Apply(const LedgerId& ledger,
                                std::span<const store::ProjectedLeaf> leaves,
                                const store::KvReader&, store::KvBatch& batch) {
  for (const store::ProjectedLeaf& leaf : leaves) {
    const Family family = leaf.header.family;
    if (!Wants(family) || leaf.body.empty()) continue;
    const auto body = wire::DecodeBody(leaf.body);
    if (!body.ok()) continue;
    Bytes key = FamilyPrefix(family);
    wire::Writer writer(key);
    writer.Raw(ledger.Text());
    writer.U8(0);
    writer.U64(leaf.index.value);
    batch.Put(std::move(key), Bytes(body->payload));
    ++changes_;
  }
  return absl::OkStatus();
}

absl::Status EachOpening(
    const store::KvReader& derived,
    const std::function<void(const LedgerId&, Index, const v1::Opening&)>& take) {
  return Each(derived, Family::kOpening, wire::ParseOpening, take);
}
absl::Status EachCommit(
    const store::KvReader& derived,
    const std::function<void(const LedgerId&, Index, const v1::SpotCommit&)>& take) {
  return Each(derived, Family::kSpotCommit, wire::ParseSpotCommit, take);
}
absl::Status EachReveal(
    const store::KvReader& derived,
    const std::function<void(const LedgerId&, Index, const v1::SpotReveal&)>& take) {
  return Each(derived, Family::kSpotReveal, wire::ParseSpotReveal, take);
}
absl::Status EachResult(
    const store::KvReader& derived,
    const std::function<void(const LedgerId&, Index, const v1::SpotResult&)>& take) {
  return Each(derived, Family::kSpotResult, wire::ParseSpotResult, take);
}

}  // namespace tj::supervise
