#include "tests/bench/bench_records.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

#include "crypto/sm3.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/text.h"
#include "protocol/vocab/time.h"

namespace tj::bench {
namespace {

constexpr std::array<v1::EventType, kEventsPerCase> kTypes = {
    v1::APPLY, v1::ACCEPT, v1::STEP, v1::STEP, v1::STEP, v1::DECIDE, v1::DONE, v1::DELIVER};
constexpr std::array<v1::Stage, kEventsPerCase> kStages = {
    v1::STAGE_UNSPECIFIED, v1::STAGE_UNSPECIFIED, v1::STAGE_HANDLE,      v1::STAGE_REVIEW,
    v1::STAGE_APPROVE,     v1::STAGE_UNSPECIFIED, v1::STAGE_UNSPECIFIED, v1::STAGE_UNSPECIFIED};

// SplitMix64: a fixed scramble, so that records differ as real ones do.
uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

std::string Org(uint64_t n) {
  char first17[32];
  std::snprintf(first17, sizeof first17, "11370826MB%07u", static_cast<unsigned>(n));
  return Cat(first17, CreditCode::CheckCharacter(first17));
}

// As departments' systems number: place, day, a number of the day. The day goes on with the cases.
std::string CaseNo(uint64_t case_number) {
  constexpr uint64_t kCasesPerDay = 5000;
  const auto days = static_cast<int32_t>(case_number / kCasesPerDay);
  std::string day = (CivilDate::Of(2026, 1, 1) + days).Text();
  std::erase(day, '-');
  return Cat("370826001", day, 100'000'000 + case_number);
}

}  // namespace

v1::Submission MakeSubmission(uint64_t i) {
  const uint64_t case_number = i / kEventsPerCase;
  const auto step = static_cast<size_t>(i % kEventsPerCase);
  const uint64_t r = Mix(case_number);
  v1::Submission submission;
  v1::CaseEvent& event = *submission.mutable_event();
  event.set_source("business-hall-01");
  event.set_source_event_id(Cat("SLX2026", 10'000'000'000 + i));
  event.set_case_no(CaseNo(case_number));
  event.set_type(kTypes[step]);
  const CivilDate day = CivilDate::Of(2026, 10, 1) + static_cast<int32_t>(r % 20 + step);
  event.set_occurred_at_ms(Instant::BeijingMidnight(day).ms + 32'400'000 +
                           static_cast<int64_t>(Mix(i) % 28'800'000));
  event.set_org(Org(r % 14));
  event.set_item(Cat(event.org(), "4", "0001", 90'000 + r / 14 % 12, "001"));
  event.set_region("370826");
  event.set_officer_id(Cat("P", Mix(i) % 400));
  event.set_post("综合窗口");
  event.set_data_ver(1);
  event.set_time_provenance(v1::OBSERVED);
  if (step == 0) {
    event.mutable_terms()->mutable_promise()->set_count(5);
    event.mutable_terms()->mutable_promise()->set_unit(v1::CALENDAR_DAY);
    event.mutable_terms()->set_roll(v1::ROLL_NONE);
    event.mutable_info()->set_case_type(2);
    event.mutable_info()->set_apply_source(1);
    event.mutable_info()->set_applicant_kind(1);
  }
  if (kTypes[step] == v1::STEP) {
    event.mutable_step()->set_stage(kStages[step]);
    event.mutable_step()->set_action(1);
    event.mutable_step()->set_sn(Cat(step));
  }
  if (kTypes[step] == v1::DECIDE) event.mutable_decide()->set_outcome(1);
  if (kTypes[step] == v1::DONE) event.mutable_done()->set_cert_no(Cat("C", case_number));
  return submission;
}

store::PreparedRecord MakeRecord(uint64_t i, size_t body_bytes, Audience audience) {
  static constexpr std::array<std::string_view, 6> kOpinions = {
      "材料齐全，符合法定形式，予以受理。",
      "经审查符合许可条件，同意。",
      "现场勘验合格，建议准予许可。",
      "申请材料需补正，已一次性告知。",
      "准予许可，制证送达。",
      "超期预警，已督办。"};
  v1::Submission submission = MakeSubmission(i);
  v1::CaseEvent& event = *submission.mutable_event();
  // Filled up to size with what a verbose source would say; the ledger does not read it.
  std::string& post = *event.mutable_post();
  for (uint64_t k = i; event.ByteSizeLong() + 28 < body_bytes; ++k) {
    post += kOpinions[Mix(k) % kOpinions.size()];
    post += HexEncode(std::string(4, static_cast<char>(Mix(k) >> 8)));
  }
  event.set_previous(~uint64_t{0});
  const Bytes payload = event.SerializeAsString();
  store::PreparedRecord record;
  record.family = Family::kCaseEvent;
  record.audience = audience;
  auto body =
      wire::EncodeBody(crypto::RandomBytes(wire::kSaltBytes), payload, std::nullopt, std::nullopt);
  TJ_CHECK(body.ok());
  record.body = *std::move(body);
  record.dedup = store::DedupKey{
      .source = event.source(), .case_no = event.case_no(), .event_id = event.source_event_id()};
  // The digest of intake is keyed; any 16 bytes of the content serve the same here.
  std::copy_n(payload.rbegin() + 12, 16, record.dedup->content_digest.begin());
  return record;
}

}  // namespace tj::bench
