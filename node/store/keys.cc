#include "node/store/keys.h"

namespace tj::store::keys {
namespace {

constexpr size_t kLedgerBytes = 1 + 4;  // prefix byte, ledger number

void Put(Bytes& out, uint64_t value, int width) {
  for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(value >> shift));
  }
}

uint64_t Take(ByteView& in, size_t width) {
  uint64_t value = 0;
  for (char c : in.substr(0, width)) value = value << 8 | static_cast<uint8_t>(c);
  in.remove_prefix(width);
  return value;
}

// Text up to a 00, which is taken too.
std::optional<std::string_view> TakeText(ByteView& in) {
  const size_t end = in.find('\0');
  if (end == ByteView::npos) return std::nullopt;
  std::string_view text = in.substr(0, end);
  in.remove_prefix(end + 1);
  return text;
}

Bytes LedgerKey(char prefix, LedgerNumber ledger, size_t more = 0) {
  Bytes key;
  key.reserve(kLedgerBytes + more);
  key.push_back(prefix);
  Put(key, ledger.value, 4);
  return key;
}

Bytes LedgerKey8(char prefix, LedgerNumber ledger, uint64_t number) {
  Bytes key = LedgerKey(prefix, ledger, 8);
  Put(key, number, 8);
  return key;
}

// What follows prefix and ledger number, when it is `size` long.
std::optional<ByteView> AfterLedger(ByteView key, char prefix, size_t size) {
  if (key.size() != kLedgerBytes + size || key[0] != prefix) return std::nullopt;
  return key.substr(kLedgerBytes);
}

std::optional<uint64_t> ParseLedgerKey8(ByteView key, char prefix) {
  auto rest = AfterLedger(key, prefix, 8);
  if (!rest) return std::nullopt;
  return Take(*rest, 8);
}

}  // namespace

Bytes Schema() { return Bytes(1, kSchema); }
Bytes Commits() { return Bytes(1, kCommits); }

Bytes Ledger(const LedgerId& ledger) {
  Bytes key = LedgerPrefix();
  key.append(ledger.origin.text()).push_back('\0');
  Put(key, ledger.epoch.value, 4);
  return key;
}
Bytes LedgerPrefix() { return Bytes(1, kLedger); }

Bytes Segment(LedgerNumber ledger, Index first) {
  return LedgerKey8(kSegment, ledger, first.value);
}
Bytes SegmentPrefix(LedgerNumber ledger) { return LedgerKey(kSegment, ledger); }

Bytes State(LedgerNumber ledger) { return LedgerKey(kState, ledger); }

Bytes Node(LedgerNumber ledger, int height, uint64_t index) {
  Bytes key = LedgerKey(kNode, ledger, 9);
  Put(key, static_cast<uint64_t>(height), 1);
  Put(key, index, 8);
  return key;
}

Bytes Head(LedgerNumber ledger, uint64_t size, Instant at) {
  Bytes key = LedgerKey(kHead, ledger, 16);
  Put(key, size, 8);
  Put(key, static_cast<uint64_t>(at.ms), 8);
  return key;
}
Bytes HeadPrefix(LedgerNumber ledger) { return LedgerKey(kHead, ledger); }

Bytes Statement(LedgerNumber ledger, const NodeCode& signer, uint8_t kind, uint64_t size) {
  Bytes key = StatementPrefix(ledger, signer, kind);
  Put(key, size, 8);
  return key;
}
Bytes StatementPrefix(LedgerNumber ledger, const NodeCode& signer, uint8_t kind) {
  Bytes key = LedgerKey(kStatement, ledger, signer.text().size() + 10);
  key.append(signer.text()).push_back('\0');
  Put(key, kind, 1);
  return key;
}
Bytes StatementsPrefix(LedgerNumber ledger) { return LedgerKey(kStatement, ledger); }

Bytes Dedup(std::string_view source, std::string_view case_no, std::string_view event_id) {
  Bytes key;
  key.reserve(3 + source.size() + case_no.size() + event_id.size());
  key.push_back(kDedup);
  key.append(source).push_back('\0');
  key.append(case_no).push_back('\0');
  key.append(event_id);
  return key;
}
Bytes DedupCasePrefix(std::string_view source, std::string_view case_no) {
  return Dedup(source, case_no, {});
}

Bytes Private(LedgerNumber ledger, Index index, uint8_t kind) {
  Bytes key = LedgerKey(kPrivate, ledger, 9);
  Put(key, index.value, 8);
  Put(key, kind, 1);
  return key;
}

Bytes Emitter(std::string_view name) { return Bytes(1, kEmitter).append(name); }

Bytes Missing(LedgerNumber ledger, Index index) {
  return LedgerKey8(kMissing, ledger, index.value);
}
Bytes MissingPrefix(LedgerNumber ledger) { return LedgerKey(kMissing, ledger); }

Bytes Urgent(LedgerNumber ledger, Index index) { return LedgerKey8(kUrgent, ledger, index.value); }
Bytes UrgentPrefix(LedgerNumber ledger) { return LedgerKey(kUrgent, ledger); }

Bytes Provisional(LedgerNumber ledger, Index index) {
  return LedgerKey8(kProvisional, ledger, index.value);
}
Bytes ProvisionalPrefix(LedgerNumber ledger) { return LedgerKey(kProvisional, ledger); }

Bytes Fork(LedgerNumber ledger, Instant found_at) {
  return LedgerKey8(kFork, ledger, static_cast<uint64_t>(found_at.ms));
}

Bytes ForkPrefix(LedgerNumber ledger) { return LedgerKey(kFork, ledger); }

Bytes Position(std::string_view projection, const LedgerId& ledger) {
  Bytes key(1, derived_prefix::kPosition);
  key.append(projection).push_back('\0');
  key.append(ledger.Text());
  return key;
}

Bytes LatePrefix(std::string_view projection, const LedgerId& ledger) {
  Bytes key(1, derived_prefix::kLate);
  key.append(projection).push_back('\0');
  key.append(ledger.Text()).push_back('\0');
  return key;
}

Bytes Late(std::string_view projection, const LedgerId& ledger, Index index) {
  Bytes key = LatePrefix(projection, ledger);
  Put(key, index.value, 8);
  return key;
}

std::optional<Index> ParseLate(ByteView key, ByteView prefix) {
  if (!key.starts_with(prefix)) return std::nullopt;
  key.remove_prefix(prefix.size());
  if (key.size() != 8) return std::nullopt;
  return Index{Take(key, 8)};
}

std::optional<LedgerId> ParseLedger(ByteView key) {
  if (key.empty() || key[0] != kLedger) return std::nullopt;
  key.remove_prefix(1);
  const auto text = TakeText(key);
  if (!text || key.size() != 4) return std::nullopt;
  auto code = NodeCode::Parse(*text);
  const auto epoch = static_cast<uint32_t>(Take(key, 4));
  if (!code.ok() || epoch == 0) return std::nullopt;
  return LedgerId{*std::move(code), Epoch{epoch}};
}

std::optional<Index> ParseSegment(ByteView key) {
  const auto first = ParseLedgerKey8(key, kSegment);
  return first ? std::optional(Index{*first}) : std::nullopt;
}

std::optional<HeadKey> ParseHead(ByteView key) {
  auto rest = AfterLedger(key, kHead, 16);
  if (!rest) return std::nullopt;
  HeadKey head;
  head.size = Take(*rest, 8);
  head.at.ms = static_cast<int64_t>(Take(*rest, 8));
  return head;
}

std::optional<Index> ParseMissing(ByteView key) {
  const auto index = ParseLedgerKey8(key, kMissing);
  return index ? std::optional(Index{*index}) : std::nullopt;
}

std::optional<Index> ParseUrgent(ByteView key) {
  const auto index = ParseLedgerKey8(key, kUrgent);
  return index ? std::optional(Index{*index}) : std::nullopt;
}

std::optional<Index> ParseProvisional(ByteView key) {
  const auto index = ParseLedgerKey8(key, kProvisional);
  return index ? std::optional(Index{*index}) : std::nullopt;
}

std::optional<Instant> ParseFork(ByteView key) {
  const auto at = ParseLedgerKey8(key, kFork);
  return at ? std::optional(Instant{static_cast<int64_t>(*at)}) : std::nullopt;
}

std::optional<std::string_view> ParseEmitter(ByteView key) {
  if (key.size() < 2 || key[0] != kEmitter) return std::nullopt;
  return key.substr(1);
}

std::optional<NodeKey> ParseNode(ByteView key) {
  auto rest = AfterLedger(key, kNode, 9);
  if (!rest) return std::nullopt;
  NodeKey node;
  node.height = static_cast<int>(Take(*rest, 1));
  node.index = Take(*rest, 8);
  return node;
}

std::optional<StatementKey> ParseStatement(ByteView key) {
  if (key.size() < kLedgerBytes || key[0] != kStatement) return std::nullopt;
  key.remove_prefix(kLedgerBytes);
  const auto text = TakeText(key);
  if (!text || key.size() != 9) return std::nullopt;
  auto signer = NodeCode::Parse(*text);
  if (!signer.ok()) return std::nullopt;
  const auto kind = static_cast<uint8_t>(Take(key, 1));
  return StatementKey{*std::move(signer), kind, Take(key, 8)};
}

std::optional<DedupParts> ParseDedup(ByteView key) {
  if (key.empty() || key[0] != kDedup) return std::nullopt;
  key.remove_prefix(1);
  const auto source = TakeText(key);
  const auto case_no = source ? TakeText(key) : std::nullopt;
  if (!case_no || key.find('\0') != ByteView::npos) return std::nullopt;
  return DedupParts{*source, *case_no, key};
}

std::optional<PrivateKey> ParsePrivate(ByteView key) {
  auto rest = AfterLedger(key, kPrivate, 9);
  if (!rest) return std::nullopt;
  const Index index{Take(*rest, 8)};
  return PrivateKey{index, static_cast<uint8_t>(Take(*rest, 1))};
}

std::optional<LedgerNumber> LedgerOf(ByteView key) {
  constexpr std::string_view kPerLedger{"SFTHCPMXUV"};
  if (key.size() < kLedgerBytes || kPerLedger.find(key[0]) == ByteView::npos) return std::nullopt;
  key.remove_prefix(1);
  return LedgerNumber{static_cast<uint32_t>(Take(key, 4))};
}

}  // namespace tj::store::keys
