#include "admin-cli/case_generator.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "protocol/vocab/check.h"
#include "protocol/vocab/text.h"

namespace tj::cli {

// An invented item, after DOMAIN part (h).
struct CaseGenerator::Item {
  std::string_view catalog;  // 12 digits
  std::string_view name;
  uint32_t unit;     // of the organisation, 001 to 004
  uint32_t promise;  // working days; 0 即办件
  uint32_t statutory;
  int64_t fee_fen;
};

namespace {

constexpr int64_t kMinute = 60'000;

constexpr std::array<std::string_view, 20> kSurnames = {"王", "李", "张", "刘", "陈", "杨", "赵",
                                                        "黄", "周", "吴", "徐", "孙", "胡", "朱",
                                                        "高", "林", "何", "郭", "马", "罗"};
constexpr std::array<std::string_view, 12> kGiven = {"建国", "秀英", "志强", "丽华", "明", "海燕",
                                                     "晓东", "桂兰", "伟",   "静",   "勇", "敏"};
constexpr std::array<std::string_view, 4> kProjects = {"门店", "厂房", "综合楼", "设施"};

}  // namespace

struct CaseGenerator::Draft {
  const Item* item = nullptr;
  std::string case_no;
  std::string org;
  std::string item_code;
  CivilDate day;         // of the newest event
  int64_t minute = 540;  // of that day
  uint32_t events = 0;
  bool late = false;
};

CaseGenerator::CaseGenerator(GeneratorOptions options)
    : options_(std::move(options)), random_(options_.seed) {
  std::vector<rules::YearCalendar> years;
  // A case can run into the year after the last day; the generator only needs weekends.
  for (int year = options_.first_day.year() - 1; year <= options_.last_day.year() + 1; ++year) {
    years.push_back(rules::DemonstrationYear(year));
  }
  auto calendar = rules::Calendar::Make(std::move(years));
  TJ_CHECK(calendar.ok());
  calendar_ = *std::move(calendar);
}

CivilDate CaseGenerator::WorkingDay(CivilDate day) const {
  const auto found = calendar_.WorkingDayFrom(day);
  return found.ok() ? *found : day;
}

CivilDate CaseGenerator::After(CivilDate day, int64_t working_days) const {
  const auto found = calendar_.AddWorkingDays(day, working_days);
  return found.ok() ? *found : day + static_cast<int32_t>(working_days);
}

char CaseNumberCheckDigit(std::string_view first22) {
  int product = 10;
  for (const char c : first22) {
    int sum = (product + (c - '0')) % 10;
    if (sum == 0) sum = 10;
    product = sum * 2 % 11;
  }
  return static_cast<char>('0' + (11 - product) % 10);
}

std::string CaseGenerator::CaseNumber(CivilDate day, uint32_t sequence) const {
  char digits[32];
  std::snprintf(digits, sizeof digits, "001%04d%02u%02u%05u", day.year(), day.month(), day.day(),
                sequence % 100'000);
  const std::string first22 = options_.region.text().substr(0, 6) + digits;
  return first22 + CaseNumberCheckDigit(first22);
}

v1::PersonPart CaseGenerator::Person() {
  v1::PersonPart person;
  // One draw a statement: in which order arguments are evaluated is the compiler's choice.
  const std::string_view surname = kSurnames[Below(kSurnames.size())];
  const std::string_view given = kGiven[Below(kGiven.size())];
  person.set_applicant_name(Cat(surname, given));
  person.set_certificate_type("111");
  char number[24];
  const auto place = static_cast<unsigned>(Below(10'000));
  const auto year = static_cast<unsigned>(50 + Below(50));
  const auto month = static_cast<unsigned>(1 + Below(12));
  const auto day = static_cast<unsigned>(1 + Below(28));
  const auto serial = static_cast<unsigned>(Below(10'000));
  std::snprintf(number, sizeof number, "99%04u19%02u%02u%02u%04u", place, year, month, day, serial);
  person.set_certificate_no(number);
  char telephone[16];
  std::snprintf(telephone, sizeof telephone, "1990000%04u", static_cast<unsigned>(Below(10'000)));
  person.set_telephone(telephone);
  return person;
}

v1::Submission& CaseGenerator::Add(Draft& draft, v1::EventType type, CivilDate day,
                                   std::vector<v1::Submission>& out) {
  if (day > draft.day) {
    draft.day = day;
    draft.minute = 540 + static_cast<int64_t>(Below(60));
  } else {
    draft.minute += 1 + static_cast<int64_t>(Below(20));
  }
  v1::Submission& submission = out.emplace_back();
  v1::CaseEvent& event = *submission.mutable_event();
  event.set_source("demo-hall");
  event.set_source_event_id(Cat("e", ++draft.events));
  event.set_case_no(draft.case_no);
  event.set_type(type);
  event.set_occurred_at_ms(Instant::BeijingMidnight(draft.day).ms + draft.minute * kMinute);
  event.set_org(draft.org);
  event.set_item(draft.item_code);
  event.set_region(options_.region.text());
  event.set_officer_id(Cat("P", draft.item->unit, "0", 1 + Below(4)));
  event.set_post("窗口");
  event.set_data_ver(1);
  event.set_time_provenance(v1::OBSERVED);
  return submission;
}

void CaseGenerator::Open(Draft& draft, std::vector<v1::Submission>& out) {
  v1::Submission& apply = Add(draft, v1::APPLY, draft.day, out);
  v1::CaseEvent& event = *apply.mutable_event();
  event.mutable_info()->set_case_type(draft.item->promise == 0 ? 1 : 2);
  event.mutable_info()->set_apply_source(1 + static_cast<uint32_t>(Below(3)));
  event.mutable_info()->set_applicant_kind(1 + static_cast<uint32_t>(Below(2)));
  v1::Terms& terms = *event.mutable_terms();
  terms.mutable_promise()->set_count(draft.item->promise);
  terms.mutable_promise()->set_unit(v1::WORKING_DAY);
  terms.mutable_statutory()->set_count(draft.item->statutory);
  terms.mutable_statutory()->set_unit(v1::WORKING_DAY);
  terms.set_roll(v1::ROLL_NEXT_WORKING_DAY);
  *apply.mutable_person() = Person();
  apply.mutable_text()->set_project_name(
      Cat(draft.item->name, "(", kProjects[Below(kProjects.size())], ")"));
}

// False when the case ends here: never completed, or withdrawn.
bool CaseGenerator::Supplement(Draft& draft, std::vector<v1::Submission>& out) {
  v1::Submission& notice = Add(draft, v1::SUPPLEMENT_NOTICE, After(draft.day, 1), out);
  notice.mutable_event()->mutable_supplement()->set_sn("1");
  notice.mutable_event()->mutable_supplement()->set_count(1 + static_cast<uint32_t>(Below(3)));
  notice.mutable_text()->set_reason("材料不齐全, 一次性告知补正。");
  if (Chance(15)) {
    Add(draft, v1::WITHDRAW, After(draft.day, 3), out);
    return false;
  }
  v1::Submission& received =
      Add(draft, v1::SUPPLEMENT_RECV, After(draft.day, 2 + static_cast<int64_t>(Below(5))), out);
  received.mutable_event()->mutable_supplement()->set_sn("1");
  received.mutable_event()->mutable_supplement()->set_complete(true);
  return true;
}

// A suspension (现场核查, 检测, 专家评审) or an extension.
void CaseGenerator::Pause(Draft& draft, std::vector<v1::Submission>& out) {
  const bool suspension = Chance(75);
  const uint32_t days = 3 + static_cast<uint32_t>(Below(6));
  v1::Submission& begin = Add(draft, v1::SPECIAL_BEGIN, draft.day, out);
  v1::Special& special = *begin.mutable_event()->mutable_special();
  special.set_sn("s1");
  special.set_kind(suspension ? 2 : 1);
  special.set_name_code(suspension ? 4 : 0);
  special.mutable_approved()->set_count(days);
  special.mutable_approved()->set_unit(v1::WORKING_DAY);
  special.set_approver_id("P09");
  const int64_t used = suspension ? days : 1;
  v1::Submission& end = Add(draft, v1::SPECIAL_END, After(draft.day, used), out);
  end.mutable_event()->mutable_special()->set_sn("s1");
  end.mutable_event()->mutable_special()->set_kind(suspension ? 2 : 1);
}

void CaseGenerator::Handle(Draft& draft, std::vector<v1::Submission>& out) {
  const CivilDate accepted = draft.day;
  if (draft.item->promise > 0 && Chance(10)) Pause(draft, out);
  const int64_t promise = draft.item->promise;
  const int64_t total = draft.late ? promise + 1 + static_cast<int64_t>(Below(6))
                        : promise <= 1
                            ? promise
                            : 1 + static_cast<int64_t>(Below(static_cast<uint64_t>(promise)));
  const CivilDate decided = std::max(After(accepted, total), draft.day);
  constexpr std::array<v1::Stage, 3> kStages = {v1::STAGE_HANDLE, v1::STAGE_REVIEW,
                                                v1::STAGE_APPROVE};
  for (size_t i = 0; i < kStages.size(); ++i) {
    const bool last = i + 1 == kStages.size();
    v1::Submission& step = Add(draft, v1::STEP, last ? decided : draft.day, out);
    v1::CaseEvent& event = *step.mutable_event();
    event.mutable_step()->set_sn(Cat(i + 1));
    event.mutable_step()->set_stage(kStages[i]);
    event.mutable_step()->set_action(1);
    // Three officers: no one may handle and approve the same case.
    event.set_officer_id(Cat("P", draft.item->unit, i + 1, Below(3)));
    step.mutable_text()->set_opinion("经审查符合条件, 同意。");
  }
}

void CaseGenerator::Finish(Draft& draft, std::vector<v1::Submission>& out) {
  const bool permitted = !Chance(5);
  v1::Submission& decide = Add(draft, v1::DECIDE, draft.day, out);
  decide.mutable_event()->mutable_decide()->set_outcome(permitted ? 1 : 2);
  if (!permitted) {
    decide.mutable_event()->mutable_decide()->set_reason_code("R02");
    decide.mutable_text()->set_reason("不符合法定条件。");
  }
  if (permitted && draft.item->fee_fen > 0) {
    v1::Submission& fee = Add(draft, v1::FEE, draft.day, out);
    fee.mutable_event()->mutable_fee()->set_item_code("F01");
    fee.mutable_event()->mutable_fee()->set_amount_fen(draft.item->fee_fen);
    fee.mutable_event()->mutable_fee()->set_receipt_no(Cat("370", draft.case_no));
  }
  v1::Submission& done = Add(draft, v1::DONE, draft.day, out);
  v1::Done& detail = *done.mutable_event()->mutable_done();
  detail.set_result(permitted ? 0 : 1);
  if (!permitted) detail.set_reason_code("R02");
  detail.set_doc_no(Cat("D", draft.case_no));
  if (permitted) detail.set_cert_no(Cat("C", draft.case_no));
  if (permitted) Add(draft, v1::DELIVER, After(draft.day, 1 + static_cast<int64_t>(Below(3))), out);
  if (Chance(40)) {
    v1::Submission& rating = Add(draft, v1::RATING, draft.day, out);
    rating.mutable_event()->mutable_rating()->set_channel(1);
    rating.mutable_event()->mutable_rating()->set_level(Chance(95) ? 1 : 4);
  }
}

std::vector<v1::Submission> CaseGenerator::Generate() {
  static constexpr std::array<Item, 5> kItems = {{
      {"000190001001", "食品经营许可", 1, 3, 10, 0},
      {"000190002000", "公共场所卫生许可", 1, 5, 20, 0},
      {"000190004001", "取水许可", 2, 10, 45, 0},
      {"000790006001", "企业设立登记", 3, 0, 3, 0},
      {"000790010001", "不动产首次登记", 4, 3, 30, 8000},
  }};
  std::vector<v1::Submission> all;
  const auto days = static_cast<uint64_t>(options_.last_day - options_.first_day + 1);
  for (uint32_t i = 0; i < options_.cases; ++i) {
    std::vector<v1::Submission> events;
    Draft draft;
    draft.item = &kItems[Below(kItems.size())];
    draft.day = WorkingDay(options_.first_day + static_cast<int32_t>(Below(days)));
    // Drawn on a weekend at the end of the range: nothing of the case would be within.
    if (draft.day > options_.last_day) draft.day = WorkingDay(options_.first_day);
    draft.minute = 520 + static_cast<int64_t>(Below(360));
    draft.case_no = CaseNumber(draft.day, i + 1);
    const std::string first17 =
        Cat("11", options_.region.text().substr(0, 6), "MB000000", draft.item->unit);
    draft.org = first17 + CreditCode::CheckCharacter(first17);
    draft.item_code = Cat(draft.org, "4", draft.item->catalog);
    draft.late = Chance(7);
    Open(draft, events);
    bool alive = !Chance(12) || Supplement(draft, events);
    if (alive && Chance(3)) {
      v1::Submission& refused = Add(draft, v1::NOT_ACCEPT, After(draft.day, 1), events);
      refused.mutable_event()->mutable_done()->set_result(6);
      refused.mutable_event()->mutable_done()->set_reason_code("R01");
      refused.mutable_event()->mutable_done()->set_doc_no(Cat("N", draft.case_no));
      alive = false;
    }
    if (alive) {
      Add(draft, v1::ACCEPT, draft.day, events);
      Handle(draft, events);
      Finish(draft, events);
    }
    for (v1::Submission& event : events) {
      if (Instant{event.event().occurred_at_ms()}.BeijingDate() > options_.last_day) break;
      all.push_back(std::move(event));
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const v1::Submission& a, const v1::Submission& b) {
    return a.event().occurred_at_ms() < b.event().occurred_at_ms();
  });
  return all;
}

}  // namespace tj::cli
