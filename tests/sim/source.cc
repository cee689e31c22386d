#include "tests/sim/source.h"

#include <algorithm>
#include <utility>

#include "crypto/sm3.h"
#include "node/case/case_projection.h"
#include "node/rules/calendar.h"
#include "protocol/vocab/check.h"
#include "tests/sim/watch.h"
#include "tests/unit/node/case/naive_cases.h"

namespace tj::sim {
namespace {

constexpr Duration kAnswerMax{10'000};
constexpr size_t kEarlierMax = 50;

store::PreparedRecord RecordOf(Family family, Audience audience, const store::DedupKey& name,
                               const Bytes& payload) {
  store::PreparedRecord record;
  record.family = family;
  record.audience = audience;
  const Bytes salt(crypto::Sm3Of({name.source, "/", name.case_no, "/", name.event_id})
                       .view()
                       .substr(0, wire::kSaltBytes));
  auto body = wire::EncodeBody(salt, payload, std::nullopt, std::nullopt);
  TJ_CHECK(body.ok());
  record.body = *std::move(body);
  record.dedup = name;
  const Hash digest = crypto::Sm3Of({payload});
  std::copy_n(digest.data.begin(), record.dedup->content_digest.size(),
              record.dedup->content_digest.begin());
  return record;
}

}  // namespace

struct Source::Cases {
  explicit Cases(uint64_t seed) : random(seed) {}
  std::mt19937_64 random;
  cases::NaiveCases naive{random};
};

Source::Source(Loop& loop, Watch& watch, Node& node, Kind kind, SourcePlan plan,
               std::vector<NodeCode> children)
    : loop_(loop),
      watch_(watch),
      node_(node),
      kind_(kind),
      plan_(plan),
      children_(std::move(children)),
      rng_(loop.rng.Split()),
      cases_(std::make_unique<Cases>(rng_.Next())) {}

Source::~Source() = default;

void Source::Begin() {
  loop_.After(rng_.Within(0, plan_.pause.count()), [this] { Next(); });
}

std::map<cases::RowKey, v1::Measures> Source::Rows() const { return cases_->naive.Totals(); }

store::PreparedRecord Source::Event() {
  v1::CaseEvent event = cases_->naive.Next();
  event.set_previous(~uint64_t{0});
  return RecordOf(
      Family::kCaseEvent, rng_.OneIn(3) ? Audience::kParent : Audience::kLocal,
      {.source = "hall", .case_no = event.case_no(), .event_id = event.source_event_id()},
      event.SerializeAsString());
}

store::PreparedRecord Source::Other() {
  store::DedupKey name{.source = "desk", .case_no = "all", .event_id = Cat("record-", sent_)};
  if (sent_ == 0) {
    v1::Adopt adopt;
    *adopt.mutable_calendar() = cases::CalendarRecord(rules::DemonstrationYear(2026));
    return RecordOf(Family::kAdopt, Audience::kChain, name, adopt.SerializeAsString());
  }
  if (!children_.empty() && rng_.OneIn(4)) return Order();
  constexpr std::array kAudiences{Audience::kLocal, Audience::kParent, Audience::kChain,
                                  Audience::kChildren, Audience::kAll};
  // The last is of a later version, which this one passes on without reading it.
  constexpr std::array kFamilies{Family::kTick, Family::kAlarm, Family::kWitness,
                                 static_cast<Family>(999)};
  const size_t half = plan_.bytes_max / 2;
  Bytes payload = Cat(node_.code().text(), " ", sent_, " ");
  for (size_t n = half + rng_.Below(half); payload.size() < n;) {
    const uint64_t word = rng_.Next();
    for (int b = 0; b < 8; ++b) payload.push_back(static_cast<char>(word >> (8 * b)));
  }
  const Family family = kFamilies[rng_.Below(kFamilies.size())];
  store::PreparedRecord record =
      RecordOf(family, kAudiences[rng_.Below(kAudiences.size())], name, payload);
  if (family == Family::kAlarm) record.flags = wire::kFlagUrgent;
  return record;
}

// For one of the nodes below.
store::PreparedRecord Source::Order() {
  const NodeCode& to = children_[rng_.Below(children_.size())];
  v1::SuperviseOrder order;
  order.set_order_no(Cat("DB-", sent_));
  order.set_to(to.text());
  order.set_requirement("EXPLAIN");
  order.set_issued_at_ms(kBegin.ms);
  order.set_reply_due(kBegin.BeijingDate().days() + 5);
  store::PreparedRecord record =
      RecordOf(Family::kOrder, Audience::kAddressed,
               {.source = "~order", .case_no = order.order_no(), .event_id = "1"},
               order.SerializeAsString());
  const auto tags = node_.addresses().Tags(to, node_.own());
  TJ_CHECK(tags.size() == 1);
  record.tag = tags.front();
  record.flags = wire::kFlagUrgent;
  watch_.Addressed(node_.code(), record.tag, to);
  return record;
}

void Source::Next() {
  conflict_ = false;
  if (!earlier_.empty() && rng_.OneIn(12)) {
    loop_.counts.Add("fault source: the same again");
    current_ = {rng_.Pick(earlier_)};
  } else if (!earlier_.empty() && rng_.OneIn(20)) {
    loop_.counts.Add("fault source: the same name, other content");
    current_ = {rng_.Pick(earlier_)};
    current_.front().dedup->content_digest[0] ^= 1;
    conflict_ = true;
  } else {
    if (sent_ >= plan_.records) return;
    const uint64_t n = 1 + rng_.Below(std::min(plan_.records_max, plan_.records - sent_));
    for (uint64_t i = 0; i < n; ++i) {
      current_.push_back(kind_ == Kind::kHall ? Event() : Other());
      ++sent_;
    }
  }
  Send();
}

void Source::Send() {
  if (current_.empty()) return;
  const uint64_t attempt = ++attempt_;
  store::AppendRequest request;
  request.records = current_;
  node_.Append(std::move(request), [this, attempt](const auto& answers) {
    if (attempt != attempt_ || current_.empty()) return;
    if (answers.ok()) {
      Answered(*answers);
    } else {
      ++attempt_;
      loop_.After(rng_.Within(100, 3000), [this] { Send(); });
    }
  });
  loop_.After(kAnswerMax, [this, attempt] {
    if (attempt == attempt_ && !current_.empty()) Send();
  });
}

void Source::Answered(const std::vector<store::Appended>& answers) {
  TJ_CHECK(answers.size() == current_.size());
  for (size_t i = 0; i < answers.size(); ++i) {
    watch_.Acknowledged(node_.code(), *current_[i].dedup, answers[i], conflict_);
  }
  if (!conflict_ && earlier_.size() < kEarlierMax) earlier_.push_back(current_.front());
  current_.clear();
  loop_.After(rng_.Within(1, 2 * plan_.pause.count()), [this] { Next(); });
}

}  // namespace tj::sim
