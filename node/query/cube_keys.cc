#include "node/query/cube_keys.h"

#include "node/store/keys.h"
#include "protocol/wire/bytes_io.h"

namespace tj::query {
namespace {

namespace prefix = store::keys::derived_prefix;

constexpr uint32_t kBias = 0x80000000u;

void PutPeriod(int32_t value, wire::Writer& writer) {
  writer.U32(static_cast<uint32_t>(value) ^ kBias);
}

void PutText(std::string_view text, wire::Writer& writer) {
  writer.Raw(text);
  writer.U8(0);
}

std::string TakeText(ByteView key, size_t& at) {
  const size_t zero = key.find('\0', at);
  if (zero == ByteView::npos) {
    at = key.size() + 1;  // past the end: ParseCell refuses
    return {};
  }
  std::string text(key.substr(at, zero - at));
  at = zero + 1;
  return text;
}

int32_t TakePeriod(ByteView key, size_t& at) {
  if (at + 4 > key.size()) {
    at = key.size() + 1;
    return 0;
  }
  wire::Reader reader(key.substr(at, 4));
  at += 4;
  return static_cast<int32_t>(reader.U32() ^ kBias);
}

Bytes Begin(Rollup rollup) { return {prefix::kCube, static_cast<char>(rollup)}; }

}  // namespace

Bytes PeriodPrefix(Rollup rollup, const Period& period, std::string_view county) {
  Bytes key = Begin(rollup);
  wire::Writer writer(key);
  if (rollup != Rollup::kBase) writer.U8(static_cast<uint8_t>(period.grain));
  PutPeriod(period.value, writer);
  if (!county.empty()) PutText(county, writer);
  return key;
}

Bytes ItemPrefix(Grain grain, std::string_view item) {
  Bytes key = Begin(Rollup::kItem);
  wire::Writer writer(key);
  writer.U8(static_cast<uint8_t>(grain));
  PutText(item, writer);
  return key;
}

Bytes ItemPeriodKey(const Period& period, std::string_view item) {
  Bytes key = ItemPrefix(period.grain, item);
  wire::Writer writer(key);
  PutPeriod(period.value, writer);
  return key;
}

Bytes CellKey(Rollup rollup, const Cell& cell) {
  if (rollup == Rollup::kItem) {
    Bytes key = ItemPeriodKey(cell.period, cell.item);
    wire::Writer writer(key);
    PutText(cell.county, writer);
    return key;
  }
  Bytes key = PeriodPrefix(rollup, cell.period, cell.county);
  wire::Writer writer(key);
  if (rollup != Rollup::kCounty) PutText(cell.org, writer);
  if (rollup == Rollup::kBase) PutText(cell.item, writer);
  return key;
}

std::optional<Cell> ParseCell(ByteView key) {
  if (key.size() < 3 || key[0] != prefix::kCube) return std::nullopt;
  const auto rollup = static_cast<Rollup>(key[1]);
  Cell cell;
  size_t at = 2;
  cell.period.grain = rollup == Rollup::kBase ? Grain::kDay : static_cast<Grain>(key[at++]);
  if (rollup == Rollup::kItem) cell.item = TakeText(key, at);
  cell.period.value = TakePeriod(key, at);
  cell.county = TakeText(key, at);
  if (rollup == Rollup::kOrg || rollup == Rollup::kBase) cell.org = TakeText(key, at);
  if (rollup == Rollup::kBase) cell.item = TakeText(key, at);
  if (at != key.size()) return std::nullopt;
  return cell;
}

Bytes RowKey(const LedgerId& ledger, CivilDate day, std::string_view org, std::string_view item) {
  Bytes key(1, prefix::kCubeRow);
  wire::Writer writer(key);
  PutText(ledger.Text(), writer);
  PutPeriod(day.days(), writer);
  PutText(org, writer);
  PutText(item, writer);
  return key;
}

Bytes PartitionKey(const LedgerId& ledger) { return prefix::kPartition + ledger.Text(); }

Bytes PartitionBlockKey(const LedgerId& ledger, uint64_t number) {
  Bytes key = PartitionKey(ledger);
  wire::Writer writer(key);
  writer.U8(0);
  writer.U64(number);
  return key;
}

}  // namespace tj::query
