#include "node/app/governing.h"

#include <utility>
#include <vector>

#include "crypto/sm3.h"
#include "node/case/case_projection.h"
#include "node/store/content_digest.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/payload.pb.h"
#include "protocol/wire/record.h"

namespace tj::app {
namespace {

constexpr uint32_t kSeveritySystem = 9;

absl::StatusOr<store::PreparedRecord> Prepare(Family family, uint8_t flags, const Bytes& payload,
                                              store::DedupKey key) {
  store::PreparedRecord record;
  record.family = family;
  record.flags = flags;
  record.audience = Audience::kChain;
  TJ_ASSIGN_OR_RETURN(record.body, wire::EncodeBody(crypto::RandomBytes(wire::kSaltBytes), payload,
                                                    std::nullopt, std::nullopt));
  key.content_digest = store::EmittedDigest(key.source, key.case_no, key.event_id, payload);
  record.dedup = std::move(key);
  return record;
}

}  // namespace

absl::Status AdoptCalendars(store::Truth& truth, const Config& config) {
  std::vector<rules::YearCalendar> years;
  for (const std::string& file : config.calendar_files) {
    TJ_ASSIGN_OR_RETURN(rules::YearCalendar year, LoadCalendar(file));
    years.push_back(std::move(year));
  }
  for (const int year : config.demonstration_years) years.push_back(rules::DemonstrationYear(year));
  store::AppendRequest request;
  for (const rules::YearCalendar& year : years) {
    v1::Adopt adopt;
    *adopt.mutable_calendar() = cases::CalendarRecord(year);
    const Bytes payload = adopt.SerializeAsString();
    TJ_ASSIGN_OR_RETURN(store::PreparedRecord record,
                        Prepare(Family::kAdopt, 0, payload,
                                {.source = "~adopt",
                                 .case_no = Cat("calendar/", year.year),
                                 .event_id = crypto::Sm3Of({payload}).Hex().substr(0, 16)}));
    request.records.push_back(std::move(record));
  }
  if (request.records.empty()) return absl::OkStatus();
  return truth.AppendAndWait(std::move(request)).status();
}

absl::StatusOr<store::AppendRequest> ForkAlarm(const LedgerId& ledger, uint64_t size, Instant now) {
  v1::Alarm alarm;
  alarm.set_alarm_id(Cat("SEC-FORK/", ledger.Text(), "/", size));
  alarm.set_rule_id("SEC-FORK");
  alarm.set_rule_version(1);
  alarm.set_severity(kSeveritySystem);
  alarm.set_subject(ledger.Text());
  alarm.set_raised_at_ms(now.ms);
  store::AppendRequest request;
  TJ_ASSIGN_OR_RETURN(store::PreparedRecord record,
                      Prepare(Family::kAlarm, wire::kFlagUrgent, alarm.SerializeAsString(),
                              {.source = "~alarm",
                               .case_no = Cat("SEC-FORK/", ledger.Text()),
                               .event_id = std::to_string(size)}));
  request.records.push_back(std::move(record));
  return request;
}

}  // namespace tj::app
