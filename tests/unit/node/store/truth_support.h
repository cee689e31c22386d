// What tests of the truth need: a clock that is set, records that look real, a ledger to compare
// with.

#ifndef TJ_TESTS_UNIT_NODE_STORE_TRUTH_SUPPORT_H_
#define TJ_TESTS_UNIT_NODE_STORE_TRUTH_SUPPORT_H_

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/sm3.h"
#include "node/store/truth.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/payload.pb.h"
#include "protocol/wire/record.h"

namespace tj::store {

class SetClock final : public Clock {
 public:
  Instant Now() const override { return {now_ms_}; }
  void Set(Instant now) { now_ms_ = now.ms; }
  void Advance(Duration by) { now_ms_ += by.count(); }

 private:
  std::atomic<int64_t> now_ms_ = 1'790'000'000'000;  // 2026-09-21
};

inline LedgerId TestLedger(const char* code = "370826", uint32_t epoch = 1) {
  return {*NodeCode::Parse(code), Epoch{epoch}};
}

// The same every time: 16 bytes that depend on `seed` alone.
inline Bytes TestSalt(std::string_view seed) {
  return Bytes(crypto::Sm3Of({"salt", seed}).view().substr(0, wire::kSaltBytes));
}

inline DedupKey TestKey(std::string_view case_no, std::string_view event_id,
                        std::string_view content) {
  DedupKey key{.source = "hall", .case_no = Bytes(case_no), .event_id = Bytes(event_id)};
  const Hash digest = crypto::Sm3Of({content});
  std::copy_n(digest.data.begin(), key.content_digest.size(), key.content_digest.begin());
  return key;
}

inline PreparedRecord TestEvent(std::string_view case_no, std::string_view event_id,
                                std::string_view content = "content") {
  v1::CaseEvent event;
  event.set_source("hall");
  event.set_source_event_id(Bytes(event_id));
  event.set_case_no(Bytes(case_no));
  event.set_officer_id(Bytes(content));
  event.set_previous(0);
  PreparedRecord record;
  record.family = Family::kCaseEvent;
  record.audience = Audience::kParent;
  auto body = wire::EncodeBody(TestSalt(Cat(case_no, event_id)), event.SerializeAsString(),
                               std::nullopt, std::nullopt);
  TJ_CHECK(body.ok());
  record.body = *std::move(body);
  record.dedup = TestKey(case_no, event_id, content);
  return record;
}

// A record of another family, without a dedup key.
inline PreparedRecord TestTick(std::string_view payload, Audience audience = Audience::kAll) {
  PreparedRecord record;
  record.family = Family::kTick;
  record.audience = audience;
  auto body = wire::EncodeBody(TestSalt(payload), payload, std::nullopt, std::nullopt);
  TJ_CHECK(body.ok());
  record.body = *std::move(body);
  return record;
}

inline AppendRequest Records(std::vector<PreparedRecord> records) {
  AppendRequest request;
  request.records = std::move(records);
  return request;
}

// `count` events of `cases` cases, numbered from `first`.
inline std::vector<PreparedRecord> TestEvents(uint64_t first, uint64_t count, uint64_t cases = 7) {
  std::vector<PreparedRecord> records;
  for (uint64_t i = first; i < first + count; ++i) {
    records.push_back(TestEvent(Cat("case-", i % cases), Cat("event-", i)));
  }
  return records;
}

inline TruthOptions TestOptions(const std::string& folder, const Clock& clock,
                                LedgerId own = TestLedger()) {
  TruthOptions options{.folder = folder, .own = std::move(own), .clock = &clock};
  options.ballast_bytes = 0;
  return options;
}

inline std::unique_ptr<Truth> OpenTruth(TruthOptions options) {
  auto truth = Truth::Open(std::move(options));
  TJ_CHECK(truth.ok());
  return *std::move(truth);
}

// All leaves of a ledger as they are on disk.
inline std::vector<wire::Leaf> AllLeaves(const Truth& truth, const LedgerId& ledger) {
  const auto snapshot = truth.Snapshot();
  TJ_CHECK(snapshot.ok());
  const auto view = LedgerView::Open((*snapshot)->reader(), ledger);
  TJ_CHECK(view.ok());
  auto leaves = view->Leaves(Index{0}, view->size());
  TJ_CHECK(leaves.ok());
  return *std::move(leaves);
}

// `previous` of a case event; nullopt when the payload does not parse.
inline std::optional<uint64_t> PreviousOf(const wire::Leaf& leaf) {
  const auto body = wire::DecodeBody(leaf.body);
  v1::CaseEvent event;
  if (!body.ok() || !event.ParseFromString(Bytes(body->payload))) return std::nullopt;
  return event.previous();
}

}  // namespace tj::store

#endif  // TJ_TESTS_UNIT_NODE_STORE_TRUTH_SUPPORT_H_
