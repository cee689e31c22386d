// The permit logs of ../shared/data/permits through the profiles that are shipped, folded case by
// case: the figures were computed independently of this project (data/README.md).

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "node/case/case_fold.h"
#include "node/case/measures.h"
#include "node/intake/gzip_input.h"
#include "node/intake/import.h"
#include "node/intake/mapping.h"
#include "node/intake/profile.h"
#include "node/intake/xes_reader.h"
#include "node/rules/calendar.h"
#include "protocol/wire/payload.h"
#include "tests/unit/node/intake/intake_samples.h"

namespace tj::intake {
namespace {

namespace fs = std::filesystem;

const fs::path kPermits = fs::path(TJ_SOURCE_DIR) / ".." / "shared" / "data" / "permits";
const fs::path kProfiles = fs::path(TJ_SOURCE_DIR) / "deploy" / "profiles";

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

Mapper MapperOf(const std::string& name) {
  auto profile = ParseProfile(ReadFile(kProfiles / name));
  EXPECT_TRUE(profile.ok()) << profile.status();
  return Mapper(*std::move(profile), *RegionCode::Parse("370826"));
}

struct Totals {
  int64_t cases = 0;
  int64_t events = 0;
  int64_t refused = 0;
  std::map<std::string, int64_t> refused_because;
  std::map<v1::EventType, int64_t> by_type;
  v1::Measures sum;
};

void Fold(const std::vector<MappedRow>& rows, const rules::Calendar& calendar, Totals& totals) {
  cases::CaseState state;
  ++totals.cases;
  for (const MappedRow& row : rows) {
    absl::Status status = row.submission.status();
    if (status.ok()) status = wire::ValidateCaseEvent(row.submission->event());
    if (!status.ok()) {
      ++totals.refused;
      ++totals.refused_because[std::string(status.message())];
      continue;
    }
    const v1::CaseEvent& event = row.submission->event();
    cases::ApplyEvent(event, Index{static_cast<uint64_t>(totals.events)}, state);
    ++totals.events;
    ++totals.by_type[event.type()];
  }
  for (const auto& [date, measures] : cases::Contribute(state, calendar)) {
    cases::AddMeasures(measures, 1, totals.sum);
  }
  totals.sum.set_violations(totals.sum.violations() + static_cast<int64_t>(state.violations()));
}

Totals RunLog(const std::string& log, const std::string& profile, const rules::Calendar& calendar) {
  const Mapper mapper = MapperOf(profile);
  Totals totals;
  XesReader reader([&](const XesTrace& trace) {
    EXPECT_TRUE(trace.attributes.problem.ok()) << trace.attributes.problem;
    EXPECT_EQ(trace.events.size(), trace.event_count);
    Fold(mapper.Map(trace), calendar, totals);
    return absl::OkStatus();
  });
  GzipInput gzip([&](ByteView plain) { return reader.Feed(plain); });
  const std::string file = ReadFile(kPermits / log);
  constexpr size_t kPiece = 10'000;
  for (size_t at = 0; at < file.size(); at += kPiece) {
    const absl::Status status = gzip.Feed(std::string_view(file).substr(at, kPiece));
    EXPECT_TRUE(status.ok()) << status;
    if (!status.ok()) break;
  }
  EXPECT_TRUE(gzip.Finish().ok());
  const absl::Status end = reader.Finish();
  EXPECT_TRUE(end.ok()) << end;
  for (const auto& [why, count] : totals.refused_because) {
    std::cout << log << " " << profile << ": " << count << " refused: " << why << "\n";
  }
  return totals;
}

bool Absent() { return !fs::exists(kPermits / "BPIC15_1.xes.gz"); }

constexpr std::string_view kSkipped =
    "SKIPPED: ../shared/data/permits is not here; the figures of the real permits are NOT checked";

struct Expected {
  std::string log;
  int64_t cases, events, decided, on_time, early, late, used, fees, rounded, negative;
};

class AssertedPermits : public testing::TestWithParam<Expected> {};

TEST_P(AssertedPermits, FiguresAreThoseComputedIndependently) {
  if (Absent()) GTEST_SKIP() << kSkipped;
  const Expected& expected = GetParam();
  // No calendar: calendar days without a roll need none.
  const Totals totals = RunLog(expected.log, "permits-asserted.toml", rules::Calendar());
  EXPECT_EQ(totals.refused, 0);
  EXPECT_EQ(totals.cases, expected.cases);
  EXPECT_EQ(totals.events, expected.events);
  EXPECT_EQ(totals.sum.received(), expected.cases);
  EXPECT_EQ(totals.sum.accepted(), expected.cases);
  EXPECT_EQ(totals.sum.decided(), expected.decided);
  EXPECT_EQ(totals.sum.on_time(), expected.on_time);
  EXPECT_EQ(totals.sum.early(), expected.early);
  EXPECT_EQ(totals.sum.late(), expected.late);
  EXPECT_EQ(totals.sum.unjudged(), 0);
  EXPECT_EQ(totals.sum.used_days(), expected.used);
  EXPECT_EQ(totals.sum.fee_cases(), expected.fees);
  EXPECT_EQ(totals.sum.fee_rounded(), expected.rounded);
  EXPECT_EQ(totals.sum.fee_negative(), expected.negative);
  EXPECT_EQ(totals.sum.violations(), 0);
}

INSTANTIATE_TEST_SUITE_P(Logs, AssertedPermits,
                         testing::Values(Expected{"BPIC15_1.xes.gz", 1199, 52217, 914, 618, 605,
                                                  296, 67965, 906, 845, 5},
                                         Expected{"BPIC15_2.xes.gz", 832, 44354, 682, 480, 466, 202,
                                                  57356, 579, 448, 2},
                                         Expected{"BPIC15_3.xes.gz", 1409, 59681, 1136, 925, 901,
                                                  211, 56721, 821, 673, 2}),
                         [](const auto& log) { return log.param.log.substr(0, 8); });

// The whole way, from the compressed file to the writer, and once more.
TEST(PermitsImport, ASecondTimeChangesNothing) {
  if (Absent()) GTEST_SKIP() << kSkipped;
  const TestPreparer preparer;
  FakeWriter writer;
  const std::string file = ReadFile(kPermits / "BPIC15_2.xes.gz");
  for (const bool again : {false, true}) {
    auto job = ImportJob::Make({.format = "xes",
                                .profile = ReadFile(kProfiles / "permits-asserted.toml"),
                                .historical = true},
                               *preparer, writer.Callback());
    ASSERT_TRUE(job.ok()) << job.status();
    ASSERT_TRUE((*job)->Feed(file).ok());
    ASSERT_TRUE((*job)->Finish().ok());
    const ImportProgress progress = (*job)->Progress();
    EXPECT_EQ(progress.cases, 832u);
    EXPECT_EQ(progress.rows, 44354u);
    EXPECT_EQ(progress.accepted, again ? 0u : 44354u);
    EXPECT_EQ(progress.duplicates, again ? 44354u : 0u);
    EXPECT_EQ(progress.quarantined, 0u);
    EXPECT_TRUE((*job)->TakeRefused().empty());
  }
  EXPECT_EQ(writer.size(), 44354u);
}

rules::Calendar WeekendsOnly() {
  std::vector<rules::YearCalendar> years;
  for (int year = 2009; year <= 2017; ++year) years.push_back(rules::DemonstrationYear(year));
  return *rules::Calendar::Make(std::move(years));
}

class SupervisedPermits : public testing::TestWithParam<std::string> {};

// Printed, and checked only for what must hold of any reading: no event is lost or refused.
TEST_P(SupervisedPermits, EveryEventFindsItsPlace) {
  if (Absent()) GTEST_SKIP() << kSkipped;
  const Totals totals = RunLog(GetParam(), "permits-supervision.toml", WeekendsOnly());
  std::cout << GetParam() << ": received " << totals.sum.received() << ", accepted "
            << totals.sum.accepted() << ", decided " << totals.sum.decided() << ", on time "
            << totals.sum.on_time() << ", late " << totals.sum.late() << ", unjudged "
            << totals.sum.unjudged() << ", marked events " << totals.sum.violations() << "\n";
  for (const auto& [type, count] : totals.by_type) {
    std::cout << "  " << v1::EventType_Name(type) << " " << count << "\n";
  }
  EXPECT_EQ(totals.refused, 0);
  EXPECT_EQ(totals.sum.received(), totals.cases);
  EXPECT_GT(totals.sum.decided(), totals.cases / 2);
}

INSTANTIATE_TEST_SUITE_P(Logs, SupervisedPermits,
                         testing::Values("BPIC15_1.xes.gz", "BPIC15_2.xes.gz", "BPIC15_3.xes.gz"),
                         [](const auto& log) { return log.param.substr(0, 8); });

TEST(EnvironmentalPermits, EveryCaseIsJudgedByItsOwnDeadline) {
  if (Absent()) GTEST_SKIP() << kSkipped;
  const Totals totals = RunLog("env_permit.xes.gz", "env-permit.toml", rules::Calendar());
  EXPECT_EQ(totals.cases, 1434);
  EXPECT_EQ(totals.events, 8577);
  EXPECT_EQ(totals.refused, 0);
  EXPECT_EQ(totals.sum.accepted(), 1434);
  EXPECT_EQ(totals.sum.decided(), 1283);  // events of T10, one a case
  EXPECT_EQ(totals.sum.unjudged(), 0);
}

}  // namespace
}  // namespace tj::intake
