#include "tests/unit/node/store/sample_truth.h"

#include <utility>
#include <vector>

#include "crypto/leaf_hash.h"
#include "crypto/sm3.h"
#include "node/store/checked_value.h"
#include "node/store/values.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/segment.h"

namespace tj::store {
namespace {

using crypto::StatementKind;

const Instant kStart = *Instant::Parse("2026-11-22T08:00:00+08:00");

crypto::Head HeadAt(const LedgerRows& ledger, uint64_t size, int minute) {
  return {ledger.id(), size, ledger.RootAt(size), kStart + std::chrono::minutes(minute)};
}

}  // namespace

SampleTruth::SampleTruth() {
  auto opened = PrivateKeys::Open(KeysFolder());
  TJ_CHECK(opened.ok());
  private_keys_ = *std::move(opened);
  rows[keys::Schema()] = values::EncodeSchema(keys::kSchemaVersion);
  rows[keys::Commits()] = values::EncodeCommits(kCommits);
  MakeOwn();
  MakeCity();
}

FsckOptions SampleTruth::Options() const {
  FsckOptions options;
  options.own = own;
  options.trust = &nodes.trust();
  options.private_keys = private_keys_.get();
  options.addresses = &addresses_;
  return options;
}

void SampleTruth::MakeOwn() {
  LedgerRows ledger(rows, own, own_number);
  std::vector<wire::Leaf> leaves;
  for (uint64_t i = 0; i < kOwnSize; ++i) {
    leaves.push_back(OwnLeaf(i, kStart + Duration(i / 3 * 1000)));
    const bool full = i == 127 || i == 227 || i + 1 == kOwnSize;
    if (full) ledger.AddSegment(std::exchange(leaves, {}));
  }
  const crypto::Head early = HeadAt(ledger, 200, 1);
  const crypto::Head whole = HeadAt(ledger, kOwnSize, 2);
  AddHead(own_number, early);
  AddHead(own_number, whole);
  AddHead(own_number, HeadAt(ledger, kOwnSize, 3));
  AddStatement(own_number, early, StatementKind::kSeen, nodes.city);
  AddStatement(own_number, early, StatementKind::kHeld, nodes.city);
  AddStatement(own_number, whole, StatementKind::kSeen, nodes.city);
  for (const char* emitter : {"~summary", "~tick"}) {
    const Bytes key = keys::Emitter(emitter);
    rows[key] = EncodeChecked(key, Cat("cursor of ", emitter));
  }
}

wire::Leaf SampleTruth::OwnLeaf(uint64_t index, Instant at) {
  PreparedRecord record = SampleRecord(*private_keys_, index, at);
  const DedupKey& name = *record.dedup;
  rows[keys::Dedup(name.source, name.case_no, name.event_id)] =
      values::EncodeDedup({Index{index}, name.content_digest});
  for (const SealedPart& part : record.parts) {
    rows[keys::Private(own_number, Index{index}, static_cast<uint8_t>(part.kind))] =
        values::EncodePrivate({part.salt, part.sealed});
  }
  return LeafOf(record.family, record.audience, at, std::move(record.body));
}

void SampleTruth::MakeCity() {
  LedgerRows ledger(rows, city, city_number);
  std::vector<wire::Leaf> leaves;
  for (uint64_t i = 0; i < kCitySize; ++i) {
    leaves.push_back(SampleCityLeaf(i, kStart + Duration(i)));
    if (i == 69 || i + 1 == kCitySize) ledger.AddSegment(std::exchange(leaves, {}));
  }
  rows[keys::Missing(city_number, Index{kSampleMissing})] = "";

  const crypto::Head whole = HeadAt(ledger, kCitySize, 2);
  crypto::Head ahead = HeadAt(ledger, kCitySize, 3);
  ahead.size += 10;
  ahead.root = crypto::Sm3Of({"records that have not come"});
  AddHead(city_number, HeadAt(ledger, 90, 1));
  AddHead(city_number, whole);
  AddHead(city_number, ahead);
  AddStatement(city_number, ahead, StatementKind::kSeen, nodes.county);
  AddStatement(city_number, whole, StatementKind::kHeld, nodes.county);
  const Bytes key = keys::Fork(city_number, kStart);
  rows[key] = EncodeChecked(key, nodes.ForkProof(city, 80, kStart));
}

void SampleTruth::AddHead(keys::LedgerNumber number, const crypto::Head& head) {
  rows[keys::Head(number, head.size, head.at)] = nodes.Head(head).Text();
}

void SampleTruth::AddStatement(keys::LedgerNumber number, const crypto::Head& head,
                               StatementKind kind, const NodeCode& by) {
  rows[keys::Statement(number, by, static_cast<uint8_t>(kind), head.size)] =
      nodes.Statement(head, kind, by).Text();
}

std::optional<std::string> DumpTruth(const KvReader& reader) {
  std::string dump;
  bool decoded = true;
  const absl::Status status = ScanPrefix(reader, {}, [&](ByteView key, ByteView value) {
    if (!keys::ParseSegment(key)) {
      dump += Cat(HexEncode(key), " ", HexEncode(value), "\n");
      return true;
    }
    auto segment = wire::DecodeSegment(value);
    decoded = segment.ok();
    if (!decoded) return false;
    for (size_t i = 0; i < segment->leaves.size(); ++i) {
      wire::Leaf& leaf = segment->leaves[i];
      if (!leaf.body.empty() && !segment->has_hash[i]) leaf.body_hash = crypto::BodyHash(leaf.body);
      Bytes header;
      wire::EncodeHeader(leaf.header, header);
      dump += Cat(HexEncode(key.substr(0, 5)), " ", segment->first.value + i, " ",
                  HexEncode(header), " ", leaf.body_hash.Hex(), " ", HexEncode(leaf.body), "\n");
    }
    return true;
  });
  if (!status.ok() || !decoded) return std::nullopt;
  return dump;
}

}  // namespace tj::store
