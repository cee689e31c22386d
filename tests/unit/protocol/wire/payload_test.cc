#include "protocol/wire/payload.h"

#include <functional>

#include <gtest/gtest.h>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"

namespace tj::wire {
namespace {

const Bytes kRoot(Hash::kSize, 'r');

// `parse` accepts `good`, and refuses it spoilt with a detail that begins so.
template <typename Message, typename ParseFunction>
void ExpectRules(
    const Message& good, ParseFunction parse,
    const std::vector<std::pair<std::function<void(Message&)>, std::string_view>>& cases) {
  const auto parsed = parse(good.SerializeAsString());
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->SerializeAsString(), good.SerializeAsString());
  for (const auto& [spoil, says] : cases) {
    Message bad = good;
    spoil(bad);
    const auto refused = parse(bad.SerializeAsString());
    ASSERT_FALSE(refused.ok()) << says;
    EXPECT_EQ(CodeOf(refused.status()), ErrorCode::kWirePayload);
    EXPECT_EQ(DetailOf(refused.status()).substr(0, says.size()), says);
  }
  EXPECT_EQ(DetailOf(parse("\x0b").status()), "not a Protobuf message of its family");
}

v1::Summary GoodSummary() {
  v1::Summary summary;
  summary.set_date(20'000);
  summary.set_org("11370811MB00000196");
  summary.set_item("000190001001");
  summary.set_revision(1);
  summary.mutable_total()->set_received(3);
  summary.mutable_total()->set_in_hand(-1);
  for (int i = 0; i < 7; ++i) summary.mutable_total()->add_closed(i);
  summary.set_folded_size(100);
  SetSummaryLeaves(std::vector<Index>{{0}, {1}, {99}}, summary);
  return summary;
}

TEST(Payload, Summary) {
  ExpectRules<v1::Summary>(
      GoodSummary(), ParseSummary,
      {
          {[](auto& s) { s.set_date(-1); }, "date: day -1"},
          {[](auto& s) { s.set_org(""); }, "org: missing"},
          {[](auto& s) { s.set_item("x"); }, "item: "},
          {[](auto& s) { s.set_revision(0); }, "revision: missing"},
          {[](auto& s) { s.clear_total(); }, "total: missing"},
          {[](auto& s) { s.mutable_total()->set_late(limits::kMeasureMax + 1); }, "total.late"},
          {[](auto& s) { s.mutable_total()->set_fee_fen(-limits::kMeasureMax - 1); },
           "total.fee_fen"},
          {[](auto& s) { s.mutable_total()->add_closed(0); }, "total.closed: 8"},
          {[](auto& s) { s.mutable_total()->set_closed(3, limits::kMeasureMax + 1); },
           "total.closed: 1"},
          {[](auto& s) { s.set_folded_size(99); }, "leaves: an index beyond the ledger"},
          {[](auto& s) { s.set_folded_size(~uint64_t{0}); }, "folded_size"},
          {[](auto& s) { s.add_leaves(0); }, "leaves: an index twice"},
      });
}

TEST(Payload, SummaryLeavesRoundTrip) {
  const std::vector<std::vector<Index>> lists = {
      {}, {{0}}, {{7}}, {{0}, {1}, {2}}, {{5}, {1000}, {1'000'000'000'000}}};
  for (const auto& leaves : lists) {
    v1::Summary summary;
    summary.add_leaves(77);  // replaced
    SetSummaryLeaves(leaves, summary);
    const auto read = SummaryLeaves(summary, limits::kLedgerSizeMax);
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(*read, leaves);
  }
}

TEST(Payload, SummaryLeavesNeverOverflow) {
  auto read = [](std::vector<uint64_t> steps, uint64_t size_max) {
    v1::Summary summary;
    summary.mutable_leaves()->Add(steps.begin(), steps.end());
    return SummaryLeaves(summary, size_max).ok();
  };
  EXPECT_TRUE(read({9}, 10));
  EXPECT_FALSE(read({10}, 10));
  EXPECT_TRUE(read({8, 1}, 10));
  EXPECT_FALSE(read({8, 2}, 10));
  EXPECT_FALSE(read({8, 0}, 10));
  EXPECT_FALSE(read({0}, 0));
  EXPECT_FALSE(read({5, ~uint64_t{0} - 3}, 10));
  EXPECT_FALSE(read({~uint64_t{0} - 1, 2}, ~uint64_t{0}));
  EXPECT_FALSE(read({5, ~uint64_t{0}}, ~uint64_t{0}));
}

TEST(Payload, AdoptPosition) {
  v1::Adopt good;
  good.mutable_position()->set_origin("370800");
  good.mutable_position()->set_epoch(1);
  good.mutable_position()->set_size(5);
  good.mutable_position()->set_root(kRoot);
  ExpectRules<v1::Adopt>(
      good, ParseAdopt,
      {
          {[](auto& a) { a.Clear(); }, "position or calendar: missing"},
          {[](auto& a) { a.mutable_position()->set_origin("37"); }, "position.origin"},
          {[](auto& a) { a.mutable_position()->set_epoch(0); }, "position.epoch: missing"},
          {[](auto& a) { a.mutable_position()->set_size(~uint64_t{0}); }, "position.size"},
          {[](auto& a) { a.mutable_position()->clear_root(); }, "position.root: missing"},
          {[](auto& a) { a.mutable_position()->set_root("short"); }, "position.root: 5 bytes"},
      });
}

TEST(Payload, Order) {
  v1::SuperviseOrder good;
  good.set_order_no("DB-2026-017");
  good.set_to("370826");
  good.set_requirement("EXPLAIN");
  good.add_alarms("DL-RED/37082600120261123000013/1");
  good.set_issued_at_ms(1'795'000'000'000);
  good.set_sign_due(CivilDate::Of(2026, 11, 25).days());
  good.set_reply_due(CivilDate::Of(2026, 12, 4).days());
  EXPECT_TRUE(ValidateOrder(good).ok());
  ExpectRules<v1::SuperviseOrder>(
      good, ParseOrder,
      {
          {[](auto& o) { o.clear_order_no(); }, "order_no: missing"},
          {[](auto& o) { o.set_order_no("a\nb"); }, "order_no: control character"},
          {[](auto& o) { o.set_order_no(std::string(65, 'x')); }, "order_no: more than 64"},
          {[](auto& o) { o.set_to("37"); }, "to"},
          {[](auto& o) { o.clear_requirement(); }, "requirement: missing"},
          {[](auto& o) { o.add_alarms(""); }, "alarms: missing"},
          {[](auto& o) {
             o.mutable_alarms()->Reserve(100);
             for (int i = 0; i < 64; ++i) o.add_alarms("A");
           },
           "alarms: 65"},
          {[](auto& o) { o.set_issued_at_ms(-1); }, "issued_at_ms"},
          {[](auto& o) { o.clear_reply_due(); }, "reply_due"},
          {[](auto& o) { o.set_sign_due(o.reply_due() + 1); }, "sign_due: after reply_due"},
          {[](auto& o) { o.set_sign_due(-1); }, "sign_due"},
      });
  good.clear_sign_due();
  good.clear_alarms();
  EXPECT_TRUE(ValidateOrder(good).ok());
}

TEST(Payload, OrderReply) {
  v1::OrderReply good;
  good.set_order_no("DB-2026-017");
  good.set_issuer("370800");
  good.set_epoch(1);
  good.set_order_index(0);
  good.set_result("RECTIFIED");
  good.set_replied_at_ms(1'795'000'000'000);
  EXPECT_TRUE(ValidateOrderReply(good).ok());
  ExpectRules<v1::OrderReply>(good, ParseOrderReply,
                              {
                                  {[](auto& r) { r.clear_order_no(); }, "order_no: missing"},
                                  {[](auto& r) { r.set_issuer("X"); }, "issuer"},
                                  {[](auto& r) { r.set_epoch(0); }, "epoch: missing"},
                                  {[](auto& r) { r.set_order_index(~uint64_t{0}); }, "order_index"},
                                  {[](auto& r) { r.clear_result(); }, "result: missing"},
                                  {[](auto& r) { r.set_replied_at_ms(-1); }, "replied_at_ms"},
                              });
}

TEST(Payload, AdoptCalendar) {
  const int32_t new_year = CivilDate::Of(2026, 1, 1).days();
  v1::Adopt good;
  v1::Calendar& calendar = *good.mutable_calendar();
  calendar.set_year(2026);
  calendar.set_version("2026-1");
  for (const int32_t day : {-2, 0, 1}) calendar.add_days_off(new_year + day);
  for (const int32_t day : {2, 44}) calendar.add_days_worked(new_year + day);
  ExpectRules<v1::Adopt>(
      good, ParseAdopt,
      {
          {[](auto& a) { a.mutable_calendar()->set_year(1989); }, "calendar.year"},
          {[](auto& a) { a.mutable_calendar()->set_year(2200); }, "calendar.year"},
          {[](auto& a) { a.mutable_calendar()->clear_version(); }, "calendar.version: missing"},
          {[&](auto& a) { a.mutable_calendar()->add_days_off(new_year + 1); }, "calendar.days_off"},
          {[&](auto& a) { a.mutable_calendar()->set_days_off(0, new_year - 33); },
           "calendar.days_off"},
          {[&](auto& a) { a.mutable_calendar()->add_days_off(new_year + 365 + 31); },
           "calendar.days_off"},
          {[&](auto& a) { a.mutable_calendar()->set_days_worked(0, new_year + 1); },
           "calendar.days_worked: day"},
          {[](auto& a) {
             for (int i = 0; i < 400; ++i) a.mutable_calendar()->add_days_worked(i);
           },
           "calendar.days_worked: 402"},
      });
}

TEST(Payload, Heads) {
  v1::Heads good;
  v1::Heads::Entry& entry = *good.add_entries();
  entry.set_origin("370826");
  entry.set_epoch(1);
  entry.set_size(5);
  entry.set_root(kRoot);
  entry.set_head_at_ms(1'795'334'400'000);
  entry.set_seen_at_ms(1'795'334'401'000);
  *good.add_entries() = entry;
  good.mutable_entries(1)->set_epoch(2);
  ExpectRules<v1::Heads>(
      good, ParseHeads,
      {
          {[](auto& h) { h.Clear(); }, "entries: 0"},
          {[](auto& h) { h.mutable_entries(1)->set_epoch(1); },
           "entries.origin: 370826 named twice"},
          {[](auto& h) { h.mutable_entries(1)->set_origin("x"); }, "entries.origin"},
          {[](auto& h) { h.mutable_entries(1)->set_root(""); }, "entries.root: missing"},
          {[](auto& h) { h.mutable_entries(0)->set_head_at_ms(-1); }, "entries.head_at_ms"},
          {[](auto& h) { h.mutable_entries(0)->set_seen_at_ms(limits::kTimeEnd.ms); },
           "entries.seen_at_ms"},
          {[](auto& h) {
             for (int i = 0; i < 1023; ++i) h.add_entries();
           },
           "entries: 1025"},
      });
}

TEST(Payload, Alarm) {
  v1::Alarm good;
  good.set_alarm_id("a-1");
  good.set_rule_id("SEC-FORK");
  good.set_severity(9);
  good.set_subject("370826/1");
  good.set_raised_at_ms(1'795'334'400'000);
  good.add_inputs(5);
  (*good.mutable_facts())["size"] = "17";
  ExpectRules<v1::Alarm>(
      good, ParseAlarm,
      {
          {[](auto& a) { a.clear_alarm_id(); }, "alarm_id: missing"},
          {[](auto& a) { a.clear_rule_id(); }, "rule_id: missing"},
          {[](auto& a) { a.set_severity(0); }, "severity: 0"},
          {[](auto& a) { a.set_severity(4); }, "severity: 4"},
          {[](auto& a) { a.set_subject(Bytes(201, 's')); }, "subject"},
          {[](auto& a) { a.set_raised_at_ms(-1); }, "raised_at_ms"},
          {[](auto& a) { a.add_inputs(~uint64_t{0}); }, "inputs"},
          {[](auto& a) { (*a.mutable_facts())[""] = "x"; }, "facts: missing"},
          {[](auto& a) { (*a.mutable_facts())["k"] = Bytes(201, 'v'); }, "facts: more than"},
          {[](auto& a) {
             for (int i = 0; i < 64; ++i) (*a.mutable_facts())[std::to_string(i)] = "v";
           },
           "facts: 65"},
      });
}

TEST(Payload, RestartWitnessTick) {
  v1::Restart restart;
  restart.set_root(kRoot);
  ExpectRules<v1::Restart>(restart, ParseRestart,
                           {
                               {[](auto& r) { r.clear_root(); }, "root: missing"},
                               {[](auto& r) { r.set_size(~uint64_t{0}); }, "size"},
                               {[](auto& r) { r.set_software("a\nb"); }, "software"},
                           });
  v1::Witness witness;
  witness.set_by("370800");
  witness.add_entries()->set_size(17);
  ExpectRules<v1::Witness>(
      witness, ParseWitness,
      {
          {[](auto& w) { w.clear_by(); }, "by: missing"},
          {[](auto& w) { w.clear_entries(); }, "entries: 0"},
          {[](auto& w) { w.mutable_entries(0)->set_size(~uint64_t{0}); }, "entries.size"},
          {[](auto& w) { w.mutable_entries(0)->set_seen_at_ms(-1); }, "entries.seen_at_ms"},
      });
  v1::Tick tick;
  tick.set_at_ms(1);
  ExpectRules<v1::Tick>(tick, ParseTick, {{[](auto& t) { t.set_at_ms(-1); }, "at_ms: -1 ms"}});
}

TEST(Payload, Loss) {
  v1::Loss loss;
  loss.set_giver("370800");
  loss.set_left(3);
  loss.set_size(20);
  const std::vector<LeafRange> lost = {{0, 2}, {5, 6}, {10, 20}};
  SetLostLeaves(lost, loss);
  EXPECT_EQ(loss.lost_count(), 13u);
  EXPECT_EQ(*LostLeaves(loss), lost);
  ExpectRules<v1::Loss>(
      loss, ParseLoss,
      {
          {[](auto& l) { l.clear_giver(); }, "giver: missing"},
          {[](auto& l) { l.set_left(21); }, "left"},
          {[](auto& l) { l.set_lost_count(12); }, "lost_count"},
          {[](auto& l) { l.set_size(19); }, "lost: a range beyond the ledger"},
          {[](auto& l) { l.add_lost(1); }, "lost: a range without a count"},
          {[](auto& l) { l.set_lost(2, 0); }, "lost: ranges touch"},
          {[](auto& l) { l.set_lost(3, 0); }, "lost: a range beyond the ledger"},
          {[](auto& l) { l.set_lost(4, ~uint64_t{0}); }, "lost: a range beyond the ledger"},
      });
  SetLostLeaves({}, loss);
  EXPECT_TRUE(ParseLoss(loss.SerializeAsString()).ok()) << "nothing may be lost";
}

}  // namespace
}  // namespace tj::wire
