#include "tests/sim/rows.h"

#include "protocol/wire/segment.h"

namespace tj::sim::rows {
namespace {

void Big(uint64_t value, int bytes, Bytes& to) {
  for (int i = bytes - 1; i >= 0; --i) to.push_back(static_cast<char>(value >> (8 * i)));
}
uint64_t FromBig(ByteView bytes) {
  uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}
Bytes Key(char prefix, uint32_t number) {
  Bytes key(1, prefix);
  Big(number, 4, key);
  return key;
}
Bytes StatementPrefix(uint32_t number, const NodeCode& signer, uint8_t kind) {
  Bytes key = Key('C', number) + signer.text();
  key.push_back('\0');
  key.push_back(static_cast<char>(kind));
  return key;
}

}  // namespace

std::map<LedgerId, uint32_t> Ledgers(const store::KvReader& truth) {
  std::map<LedgerId, uint32_t> ledgers;
  const auto it = truth.NewIterator();
  for (it->Seek("L"); it->Valid() && it->key().front() == 'L'; it->Next()) {
    const ByteView rest = it->key().substr(1);
    const size_t end = rest.find('\0');
    const auto code = NodeCode::Parse(rest.substr(0, end));
    if (!code.ok()) continue;
    const Epoch epoch{static_cast<uint32_t>(FromBig(rest.substr(end + 1, 4)))};
    ledgers.emplace(LedgerId{*code, epoch}, FromBig(it->value().substr(0, 4)));
  }
  return ledgers;
}

std::optional<uint32_t> NumberOf(const store::KvReader& truth, const LedgerId& ledger) {
  Bytes key = Bytes("L") + ledger.origin.text();
  key.push_back('\0');
  Big(ledger.epoch.value, 4, key);
  const auto value = truth.Get(key);
  if (!value.ok() || !*value) return std::nullopt;
  return FromBig(ByteView(**value).substr(0, 4));
}

uint64_t SizeOf(const store::KvReader& truth, uint32_t number) {
  const auto value = truth.Get(Key('F', number));
  return value.ok() && *value ? FromBig(ByteView(**value).substr(0, 8)) : 0;
}

bool ReadLeaves(const store::KvReader& truth, uint32_t number, uint64_t from,
                const std::function<void(uint64_t, const wire::Leaf&)>& leaf) {
  const uint64_t size = SizeOf(truth, number);
  if (from >= size) return true;
  const Bytes prefix = Key('S', number);
  Bytes at = prefix;
  Big(from, 8, at);
  const auto it = truth.NewIterator();
  uint64_t next = from;
  for (it->SeekForPrev(at); it->Valid() && it->key().starts_with(prefix); it->Next()) {
    const auto segment = wire::DecodeSegment(it->value());
    if (!segment.ok() || segment->first.value > next) return false;
    for (size_t i = next - segment->first.value; i < segment->leaves.size(); ++i) {
      leaf(next++, segment->leaves[i]);
    }
  }
  return next == size;
}

bool ReadEarly(const store::KvReader& truth, uint32_t number,
               const std::function<void(uint64_t, const wire::Leaf&)>& leaf) {
  constexpr size_t kCheckBytes = 8;
  const Bytes prefix = Key('V', number);
  const auto it = truth.NewIterator();
  for (it->Seek(prefix); it->Valid() && it->key().starts_with(prefix); it->Next()) {
    ByteView value = it->value();
    if (value.size() < wire::kHeaderBytes + kCheckBytes) return false;
    value.remove_suffix(kCheckBytes);
    const auto header = wire::DecodeHeader(value.substr(0, wire::kHeaderBytes));
    if (!header.ok()) return false;
    wire::Leaf early;
    early.header = *header;
    early.body = Bytes(value.substr(wire::kHeaderBytes));
    leaf(FromBig(it->key().substr(prefix.size())), early);
  }
  return true;
}

std::optional<Bytes> Statement(const store::KvReader& truth, uint32_t number,
                               const NodeCode& signer, uint8_t kind, uint64_t size) {
  Bytes key = StatementPrefix(number, signer, kind);
  Big(size, 8, key);
  const auto value = truth.Get(key);
  return value.ok() ? *value : std::nullopt;
}

std::optional<uint64_t> LargestStatement(const store::KvReader& truth, uint32_t number,
                                         const NodeCode& signer, uint8_t kind) {
  const Bytes prefix = StatementPrefix(number, signer, kind);
  const auto it = truth.NewIterator();
  it->SeekForPrev(prefix + Bytes(8, '\xff'));
  if (!it->Valid() || !it->key().starts_with(prefix)) return std::nullopt;
  return FromBig(it->key().substr(prefix.size()));
}

bool HasHead(const store::KvReader& truth, uint32_t number, uint64_t size, Instant at) {
  Bytes key = Key('H', number);
  Big(size, 8, key);
  Big(static_cast<uint64_t>(at.ms), 8, key);
  const auto value = truth.Get(key);
  return value.ok() && *value;
}

bool HasHead(const store::KvReader& truth, uint32_t number, uint64_t size) {
  Bytes prefix = Key('H', number);
  Big(size, 8, prefix);
  const auto it = truth.NewIterator();
  it->Seek(prefix);
  return it->Valid() && it->key().substr(0, prefix.size()) == prefix;
}

size_t ForkProofs(const store::KvReader& truth, uint32_t number) {
  const Bytes prefix = Key('X', number);
  size_t count = 0;
  const auto it = truth.NewIterator();
  for (it->Seek(prefix); it->Valid() && it->key().substr(0, prefix.size()) == prefix; it->Next()) {
    ++count;
  }
  return count;
}

std::optional<uint64_t> FirstMissing(const store::KvReader& truth, uint32_t number, uint64_t size) {
  const Bytes prefix = Key('M', number);
  const auto it = truth.NewIterator();
  it->Seek(prefix);
  if (!it->Valid() || !it->key().starts_with(prefix)) return std::nullopt;
  const uint64_t index = FromBig(it->key().substr(prefix.size()));
  return index < size ? std::optional(index) : std::nullopt;
}

}  // namespace tj::sim::rows
