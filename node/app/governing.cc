#include "node/app/governing.h"

#include <algorithm>
#include <utility>

#include "crypto/sm3.h"
#include "node/case/case_projection.h"
#include "node/store/content_digest.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/record.h"
#include "protocol/wire/spot_payload.h"

namespace tj::app {
namespace {

// An answer may have hundreds of kilobytes: what overtakes must leave room for alarms.
constexpr size_t kUrgentAnswerMax = 4'096;

constexpr uint32_t kSeverityRed = 3;
constexpr uint32_t kSeveritySystem = 9;

absl::StatusOr<store::PreparedRecord> Prepare(Family family, Audience audience, uint8_t flags,
                                              const Bytes& payload, store::DedupKey key) {
  store::PreparedRecord record;
  record.family = family;
  record.flags = flags;
  record.audience = audience;
  TJ_ASSIGN_OR_RETURN(record.body, wire::EncodeBody(crypto::RandomBytes(wire::kSaltBytes), payload,
                                                    std::nullopt, std::nullopt));
  key.content_digest = store::EmittedDigest(key.source, key.case_no, key.event_id, payload);
  record.dedup = std::move(key);
  return record;
}

std::string ShortDigest(ByteView payload) { return crypto::Sm3Of({payload}).Hex().substr(0, 16); }

v1::Alarm PastAlarm(std::string_view rule, const crypto::ForkProof& proof, Instant found_at,
                    std::string_view file) {
  const crypto::Head& first = proof.first.head;
  const crypto::Head& second = proof.second.head;
  v1::Alarm alarm;
  alarm.set_alarm_id(Cat(rule, "/", first.ledger.Text(), "/", second.size));
  alarm.set_rule_id(Bytes(rule));
  alarm.set_rule_version(1);
  alarm.set_severity(kSeveritySystem);
  alarm.set_subject(first.ledger.Text());
  alarm.set_raised_at_ms(found_at.ms);
  auto& facts = *alarm.mutable_facts();
  facts["first_size"] = std::to_string(first.size);
  facts["first_root"] = first.root.Hex();
  facts["first_at"] = first.at.Text();
  facts["second_size"] = std::to_string(second.size);
  facts["second_root"] = second.root.Hex();
  facts["second_at"] = second.at.Text();
  facts["proof_file"] = Bytes(file);
  return alarm;
}

}  // namespace

store::DedupKey CalendarName(int year, ByteView payload) {
  return {.source = "~adopt", .case_no = Cat("calendar/", year), .event_id = ShortDigest(payload)};
}

store::DedupKey AlarmName(const v1::Alarm& alarm) {
  const std::string& id = alarm.alarm_id();
  const size_t slash = id.rfind('/');
  if (slash == std::string::npos) return {.source = "~alarm", .case_no = id, .event_id = "0"};
  return {.source = "~alarm", .case_no = id.substr(0, slash), .event_id = id.substr(slash + 1)};
}

absl::StatusOr<std::vector<store::PreparedRecord>> CalendarRecords(const Config& config) {
  std::vector<rules::YearCalendar> years;
  for (const std::string& file : config.calendar_files) {
    TJ_ASSIGN_OR_RETURN(rules::YearCalendar year, LoadCalendar(file));
    years.push_back(std::move(year));
  }
  for (const int year : config.demonstration_years) years.push_back(rules::DemonstrationYear(year));
  std::vector<store::PreparedRecord> records;
  for (const rules::YearCalendar& year : years) {
    v1::Adopt adopt;
    *adopt.mutable_calendar() = cases::CalendarRecord(year);
    const Bytes payload = adopt.SerializeAsString();
    TJ_ASSIGN_OR_RETURN(store::PreparedRecord record,
                        Prepare(Family::kAdopt, Audience::kChain, wire::kFlagUrgent, payload,
                                CalendarName(year.year, payload)));
    records.push_back(std::move(record));
  }
  return records;
}

absl::StatusOr<store::PreparedRecord> RestartRecord(const v1::Restart& restart, Instant started_at,
                                                    bool recovered) {
  return Prepare(Family::kRestart, Audience::kAll, 0, restart.SerializeAsString(),
                 {.source = "~restart",
                  .case_no = started_at.Text(),
                  .event_id = recovered ? Cat("recovered/", restart.size()) : "start"});
}

absl::StatusOr<store::PreparedRecord> LossRecord(const v1::Loss& loss) {
  const Bytes payload = loss.SerializeAsString();
  return Prepare(Family::kLoss, Audience::kChain, 0, payload,
                 {.source = "~loss",
                  .case_no = std::to_string(loss.size()),
                  .event_id = ShortDigest(payload)});
}

absl::StatusOr<store::PreparedRecord> HeadsRecord(const v1::Heads& heads, Instant now) {
  return Prepare(Family::kHeads, Audience::kAll, 0, heads.SerializeAsString(),
                 {.source = "~heads", .case_no = now.Text(), .event_id = "1"});
}

v1::Alarm ForkAlarm(const crypto::ForkProof& proof, Instant found_at, std::string_view file) {
  return PastAlarm("SEC-FORK", proof, found_at, file);
}

v1::Alarm SplitAlarm(const crypto::ForkProof& proof, const NodeCode& witness, Instant found_at,
                     std::string_view file) {
  v1::Alarm alarm = PastAlarm("SEC-SPLIT", proof, found_at, file);
  alarm.set_alarm_id(Cat(alarm.alarm_id(), "/", witness.text()));  // each sibling's word counts
  (*alarm.mutable_facts())["witness"] = witness.text();
  return alarm;
}

v1::Alarm EarlyHeadAlarm(const crypto::Head& shown, Index record, const NodeCode& witness,
                         Instant found_at) {
  v1::Alarm alarm;
  alarm.set_alarm_id(Cat("SEC-SPLIT/", shown.ledger.Text(), "/early"));
  alarm.set_rule_id("SEC-SPLIT");
  alarm.set_rule_version(1);
  alarm.set_severity(kSeveritySystem);
  alarm.set_subject(shown.ledger.Text());
  alarm.set_raised_at_ms(found_at.ms);
  auto& facts = *alarm.mutable_facts();
  facts["record"] = std::to_string(record.value);
  facts["shown_size"] = std::to_string(shown.size);
  facts["shown_root"] = shown.root.Hex();
  facts["shown_at"] = shown.at.Text();
  facts["witness"] = witness.text();
  return alarm;
}

v1::Alarm OwedAlarm(const LedgerId& ledger, std::span<const Index> leaves, Instant since,
                    Instant now) {
  constexpr size_t kNamed = 10;
  v1::Alarm alarm;
  alarm.set_alarm_id(Cat("DQ-OWED/", ledger.Text(), "/", leaves.front().value));
  alarm.set_rule_id("DQ-OWED");
  alarm.set_rule_version(1);
  alarm.set_severity(kSeveritySystem);
  alarm.set_subject(ledger.Text());
  alarm.set_raised_at_ms(now.ms);
  std::string named;
  for (const Index leaf : leaves.first(std::min(kNamed, leaves.size()))) {
    named += Cat(named.empty() ? "" : " ", leaf.value);
  }
  auto& facts = *alarm.mutable_facts();
  facts["count"] = std::to_string(leaves.size());
  facts["leaves"] = named;
  facts["last"] = std::to_string(leaves.back().value);
  facts["since"] = since.Text();
  return alarm;
}

absl::StatusOr<store::PreparedRecord> AskedRecord(const v1::Opening& opening,
                                                  const crypto::AddressTag& tag) {
  const v1::OpeningAsked& asked = opening.asked();
  TJ_ASSIGN_OR_RETURN(store::PreparedRecord record, Prepare(Family::kOpening, Audience::kAddressed,
                                                            0, opening.SerializeAsString(),
                                                            {.source = "~opening",
                                                             .case_no = Cat("asked/", asked.of()),
                                                             .event_id = asked.request()}));
  record.tag = tag;
  return record;
}

absl::StatusOr<store::PreparedRecord> GivenRecord(const v1::Opening& opening, uint64_t part) {
  const v1::OpeningGiven& given = opening.given();
  const Bytes payload = opening.SerializeAsString();
  const uint8_t flags = payload.size() <= kUrgentAnswerMax ? wire::kFlagUrgent : 0;
  return Prepare(
      Family::kOpening, Audience::kChain, flags, payload,
      {.source = "~opening",
       .case_no = Cat(given.to(), "/", static_cast<int>(given.purpose()), "/", given.request()),
       .event_id = std::to_string(part)});
}

absl::StatusOr<store::PreparedRecord> NotedRecord(const LedgerId& by, const v1::Spot& spot,
                                                  Instant now) {
  v1::Tick tick;
  tick.set_at_ms(now.ms);
  return Prepare(Family::kTick, Audience::kChain, 0, tick.SerializeAsString(),
                 {.source = "~spot-noted",
                  .case_no = Cat(by.Text(), "/", wire::SpotId(spot)),
                  .event_id = "1"});
}

absl::StatusOr<store::PreparedRecord> CommitRecord(const v1::SpotCommit& commit) {
  return Prepare(Family::kSpotCommit, Audience::kAll, 0, commit.SerializeAsString(),
                 {.source = "~spot", .case_no = wire::SpotId(commit.spot()), .event_id = "commit"});
}

absl::StatusOr<store::PreparedRecord> RevealRecord(const v1::SpotReveal& reveal) {
  return Prepare(Family::kSpotReveal, Audience::kAll, wire::kFlagUrgent, reveal.SerializeAsString(),
                 {.source = "~spot", .case_no = wire::SpotId(reveal.spot()), .event_id = "reveal"});
}

absl::StatusOr<store::PreparedRecord> ResultRecord(const v1::SpotResult& result) {
  return Prepare(Family::kSpotResult, Audience::kAll, 0, result.SerializeAsString(),
                 {.source = "~spot", .case_no = wire::SpotId(result.spot()), .event_id = "result"});
}

std::vector<v1::Alarm> SpotAlarms(const v1::SpotResult& result, Instant now) {
  std::vector<v1::Alarm> alarms;
  const auto raise = [&](std::string_view rule, uint32_t severity, uint64_t count) {
    if (count == 0) return;
    v1::Alarm& alarm = alarms.emplace_back();
    alarm.set_alarm_id(Cat(rule, "/", wire::SpotId(result.spot()), "/1"));
    alarm.set_rule_id(Bytes(rule));
    alarm.set_rule_version(1);
    alarm.set_severity(severity);
    alarm.set_subject(Cat(result.spot().county(), "/", result.spot().epoch()));
    alarm.set_raised_at_ms(now.ms);
    alarm.add_inputs(result.reveal_index());
    auto& facts = *alarm.mutable_facts();
    facts["period"] = result.spot().period();
    facts["leaves_drawn"] = std::to_string(result.leaves_drawn());
    facts["leaves"] = std::to_string(count);
    facts["first_leaf"] =
        result.findings().empty() ? "" : std::to_string(result.findings(0).leaf());
  };
  raise("DQ-AUDIT", kSeverityRed, result.leaves_missed());
  raise("DQ-SUMMARY", kSeveritySystem, result.leaves_mismatched());
  return alarms;
}

absl::StatusOr<store::PreparedRecord> AlarmRecord(const v1::Alarm& alarm, Audience audience) {
  return Prepare(Family::kAlarm, audience, wire::kFlagUrgent, alarm.SerializeAsString(),
                 AlarmName(alarm));
}

store::DedupKey OrderName(const v1::SuperviseOrder& order) {
  return {.source = "~order", .case_no = order.order_no(), .event_id = "1"};
}

store::DedupKey OrderReplyName(const v1::OrderReply& reply) {
  return {.source = "~order-reply",
          .case_no = Cat(reply.issuer(), "/", reply.epoch(), "/", reply.order_no()),
          .event_id = std::to_string(reply.order_index())};
}

absl::StatusOr<store::PreparedRecord> OrderRecord(const v1::SuperviseOrder& order,
                                                  const crypto::AddressTag& tag) {
  TJ_ASSIGN_OR_RETURN(store::PreparedRecord record,
                      Prepare(Family::kOrder, Audience::kAddressed, wire::kFlagUrgent,
                              order.SerializeAsString(), OrderName(order)));
  record.tag = tag;
  return record;
}

absl::StatusOr<store::PreparedRecord> OrderReplyRecord(const v1::OrderReply& reply) {
  return Prepare(Family::kOrderReply, Audience::kParent, wire::kFlagUrgent,
                 reply.SerializeAsString(), OrderReplyName(reply));
}

}  // namespace tj::app
