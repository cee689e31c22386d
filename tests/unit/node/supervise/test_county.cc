#include "tests/unit/node/supervise/test_county.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <random>

#include "crypto/leaf_hash.h"
#include "crypto/merkle/frontier.h"
#include "node/case/case_rows.h"
#include "node/store/keys.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/payload.h"
#include "tests/unit/node/case/case_samples.h"

namespace tj::supervise {
namespace {

namespace prefix = store::keys::derived_prefix;
constexpr int64_t kMinute = 60'000;
constexpr int64_t kHour = 60 * kMinute;

std::string OrgOf(int number) { return number == 0 ? "11370811MB00000196" : "11370826MB28600076"; }

}  // namespace

TestCounty::TestCounty(Cheat cheat)
    : id_{*NodeCode::Parse("370826"), Epoch{1}},
      cheat_(std::move(cheat)),
      derived_(store::OpenMemKv()),
      projection_(id_) {}

absl::StatusOr<SpotLeaf> TestCounty::At(Index index) {
  const wire::Leaf& leaf = leaves_.at(index.value);
  return SpotLeaf{index, &leaf.header, leaf.body};
}

absl::StatusOr<SpotLeaf> BureauCopy::At(Index index) {
  auto leaf = county_.At(index);
  const Audience audience = leaf->header->audience;
  if (audience != Audience::kChain && !opened_.contains(index.value)) leaf->body = {};
  return leaf;
}

void TestCounty::Append(Family family, Audience audience, const Bytes& payload) {
  wire::Leaf leaf;
  leaf.header.family = family;
  leaf.header.audience = audience;
  leaf.header.recorded_at =
      Instant{1'793'500'000'000 + kMinute * static_cast<int64_t>(leaves_.size())};
  auto body = wire::EncodeBody(Bytes(wire::kSaltBytes, 's'), payload, std::nullopt, std::nullopt);
  TJ_CHECK(body.ok());
  leaf.body = *std::move(body);
  leaf.body_hash = crypto::BodyHash(leaf.body);
  leaves_.push_back(std::move(leaf));
  Fold(Index{leaves_.size() - 1});
}

void TestCounty::Fold(Index index) {
  const wire::Leaf& leaf = leaves_[index.value];
  if (leaf.header.family == Family::kCaseEvent && cheat_.withheld) {
    const auto event = CaseEventOf(*At(index));
    if (event && cheat_.withheld(event->case_no())) return;
  }
  const store::ProjectedLeaf projected{.index = index, .header = leaf.header, .body = leaf.body};
  store::KvBatch batch;
  TJ_CHECK(projection_.Apply(id_, {&projected, 1}, *derived_, batch).ok());
  projection_.Flush(batch);
  TJ_CHECK(derived_->Write(batch, store::Durability::kUnsynced).ok());
}

void TestCounty::Adopt(int year) {
  v1::Adopt adopt;
  *adopt.mutable_calendar() = cases::CalendarRecord(rules::DemonstrationYear(year));
  Append(Family::kAdopt, Audience::kChain, adopt.SerializeAsString());
}

void TestCounty::Add(v1::CaseEvent event) {
  const auto last = last_.find(event.case_no());
  event.set_previous(last == last_.end() ? UINT64_MAX : last->second);
  last_[event.case_no()] = leaves_.size();
  const absl::Status valid = wire::ValidateCaseEvent(event);
  if (!valid.ok()) std::fprintf(stderr, "%s\n", std::string(valid.message()).c_str());
  TJ_CHECK(valid.ok());
  Append(Family::kCaseEvent, Audience::kLocal, event.SerializeAsString());
}

void TestCounty::EmitAll() {
  std::vector<cases::RowKey> due;
  TJ_CHECK(
      store::ScanPrefix(*derived_, ByteView(&prefix::kRowDirty, 1), [&](ByteView key, ByteView) {
        due.push_back(*cases::ParseRowKey(key));
        return true;
      }).ok());
  const uint64_t folded = leaves_.size();
  for (const cases::RowKey& key : due) Emit(key, true, folded);
}

void TestCounty::EmitAgain() {
  std::vector<cases::RowKey> rows;
  TJ_CHECK(store::ScanPrefix(*derived_, ByteView(&prefix::kRow, 1), [&](ByteView key, ByteView) {
             rows.push_back(*cases::ParseRowKey(key));
             return true;
           }).ok());
  const uint64_t folded = leaves_.size();
  for (const cases::RowKey& key : rows) Emit(key, false, folded);
}

void TestCounty::Emit(const cases::RowKey& key, bool list, uint64_t folded) {
  const auto row = cases::DecodeRow(**derived_->Get(cases::RowKeyBytes(prefix::kRow, key)));
  v1::Summary summary;
  summary.set_date(key.date.days());
  summary.set_org(key.org);
  summary.set_item(key.item);
  summary.set_revision(row->revision + 1);
  *summary.mutable_total() = row->total;
  summary.set_folded_size(folded);
  std::vector<Index> leaves;
  for (const uint64_t leaf : row->pending) leaves.push_back({leaf});
  if (list) wire::SetSummaryLeaves(leaves, summary);
  // The projection reads the truth back, so that the row is not due for ever; the bureau reads what
  // was made of it.
  const size_t at = leaves_.size();
  Append(Family::kSummary, Audience::kChain, summary.SerializeAsString());
  if (!list) return;
  if (cheat_.miscount) cheat_.miscount(key, *summary.mutable_total());
  if (cheat_.renumber) cheat_.renumber(summary);
  wire::Leaf& leaf = leaves_[at];
  const Bytes counted = leaf.body;
  leaf.body = *wire::EncodeBody(Bytes(wire::kSaltBytes, 's'), summary.SerializeAsString(),
                                std::nullopt, std::nullopt);
  leaf.body_hash = crypto::BodyHash(leaf.body);
  if (leaf.body != counted) falsified_.insert(at);
}

Hash TestCounty::Root(uint64_t size) const {
  std::vector<Hash> hashes;
  for (uint64_t leaf = 0; leaf < size; ++leaf) {
    hashes.push_back(crypto::LeafHash(leaves_.at(leaf).header, leaves_.at(leaf).body_hash));
  }
  merkle::Frontier<merkle::Sm3Hasher> tree;
  std::vector<merkle::Node> completed;
  tree.Append(hashes, completed);
  return tree.Root();
}

void TestCounty::DeclareLost(const std::vector<wire::LeafRange>& lost, bool truly) {
  v1::Loss loss;
  loss.set_giver("370800");
  loss.set_left(0);
  loss.set_size(leaves_.size());
  wire::SetLostLeaves(lost, loss);
  TJ_CHECK(wire::ParseLoss(loss.SerializeAsString()).ok());
  if (truly) {
    for (const wire::LeafRange& range : lost) {
      for (uint64_t leaf = range.first; leaf < range.end; ++leaf) leaves_[leaf].body.clear();
    }
    projection_.Reset();
    derived_ = store::OpenMemKv();
    for (uint64_t leaf = 0; leaf < leaves_.size(); ++leaf) Fold(Index{leaf});
  }
  Append(Family::kLoss, Audience::kChain, loss.SerializeAsString());
}

void TestCounty::Work(int count, int orgs, uint64_t seed, int last_days) {
  if (leaves_.empty()) Adopt(2026);
  std::mt19937_64 random(seed);
  std::vector<v1::CaseEvent> events;
  const int64_t begin = cases::At("2026-11-02 08:00").ms;
  for (int i = 0; i < count; ++i) {
    const std::string case_no = Cat("3708260012026110", 1'000'000 * seed + i);
    const int64_t applied = begin + (i % 28) * 24 * kHour + (i % 7) * kHour;
    int sequence = 0;
    const auto add = [&](v1::EventType type, int64_t at) -> v1::CaseEvent& {
      v1::CaseEvent event = cases::Event(type, "2026-11-02 08:00", case_no);
      event.set_occurred_at_ms(at);
      event.set_source_event_id(Cat(case_no, "-", ++sequence));
      event.set_org(OrgOf(i % orgs));
      return events.emplace_back(std::move(event));
    };
    const bool claims = i % 2 == 1;
    v1::CaseEvent& first = add(claims ? v1::STEP : v1::APPLY, applied);
    cases::SetDays(5, first.mutable_terms()->mutable_promise());
    first.mutable_terms()->set_stage_guards_off(true);
    first.mutable_info()->set_case_type(2);
    if (claims) {
      first.mutable_step()->set_stage(v1::STAGE_HANDLE);
      first.mutable_info()->set_started_on(Instant{applied}.BeijingDate().days() -
                                           static_cast<int32_t>(random() % 3));
    } else {
      add(v1::ACCEPT, applied + kHour);
    }
    const int64_t decided = applied + static_cast<int64_t>(1 + random() % 10) * 24 * kHour;
    add(v1::STEP, decided - kHour).mutable_step()->set_stage(v1::STAGE_REVIEW);
    add(v1::DECIDE, decided).mutable_decide()->set_outcome(1);
    if (random() % 3 == 0) {
      v1::CaseEvent& fee = add(v1::FEE, decided + kHour);
      fee.mutable_fee()->set_item_code("1030");
      fee.mutable_fee()->set_amount_fen(static_cast<int64_t>(random() % 50'000));
    }
    if (random() % 8 != 0) add(v1::DONE, decided + 2 * kHour).mutable_done()->set_result(0);
  }
  std::stable_sort(events.begin(), events.end(), [](const auto& a, const auto& b) {
    return a.occurred_at_ms() < b.occurred_at_ms();
  });
  const int64_t until = events.back().occurred_at_ms() - last_days * 24 * kHour;
  for (size_t i = 0; i < events.size(); ++i) {
    Add(events[i]);
    if (i % 40 == 39 && events[i].occurred_at_ms() <= until) EmitAll();
  }
  if (last_days == 0) EmitAll();
}

std::optional<SpotAnswer> TestCounty::Answer(std::span<const rules::LeafSpan> ranges,
                                             uint64_t fixed) {
  std::optional<SpotAnswer> answer;
  for (const bool wide : {false, true}) {
    auto made = AnswerSpot(*this, *derived_, ranges, leaves_.size(), wide);
    TJ_CHECK(made.ok());
    answer = *std::move(made);
    if (!answer || cheat_.withheld || cheat_.miscount || cheat_.renumber) break;
    BureauCopy opened(*this, answer->leaves);
    const auto report =
        CheckSpot(id_, opened, ranges, {.size = fixed == 0 ? size() : fixed}, answer);
    TJ_CHECK(report.ok());
    if (report->verdict() == v1::SPOT_PASSED) break;
  }
  if (answer && cheat_.withheld) {
    std::erase_if(answer->leaves, [this](uint64_t leaf) {
      const auto event = CaseEventOf(*At(Index{leaf}));
      return event && cheat_.withheld(event->case_no());
    });
  }
  return answer;
}

}  // namespace tj::supervise
