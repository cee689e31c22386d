// ImportJob from the file's bytes to the writer's answers, for both formats.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "node/intake/import.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/wire/parse_proto.h"
#include "protocol/wire/record.h"
#include "tests/unit/node/intake/intake_samples.h"

namespace tj::intake {
namespace {

class ImportJobTest : public testing::Test {
 protected:
  struct Outcome {
    absl::Status status;
    ImportProgress progress;
    std::vector<RefusedRow> refused;
  };

  ImportOptions Ndjson() { return {.format = "ndjson", .pause = PauseWriter()}; }
  ImportOptions Xes() {
    return {.format = "xes", .profile = SmallProfile(), .pause = PauseWriter()};
  }

  Outcome Run(const ImportOptions& options, std::string_view file, size_t piece = 1 << 20) {
    Outcome outcome;
    auto job = ImportJob::Make(options, *preparer_, writer_.Callback());
    TJ_CHECK(job.ok());
    for (size_t at = 0; at < file.size() && outcome.status.ok(); at += piece) {
      outcome.status = (*job)->Feed(file.substr(at, piece));
      for (RefusedRow& row : (*job)->TakeRefused()) outcome.refused.push_back(std::move(row));
    }
    if (outcome.status.ok()) outcome.status = (*job)->Finish();
    for (RefusedRow& row : (*job)->TakeRefused()) outcome.refused.push_back(std::move(row));
    outcome.progress = (*job)->Progress();
    return outcome;
  }

  std::function<void(Duration)> PauseWriter() {
    return [this](Duration pause) { pauses_.push_back(pause); };
  }

  TestPreparer preparer_;
  FakeWriter writer_;
  std::vector<Duration> pauses_;
};

using NdjsonImport = ImportJobTest;
using XesImport = ImportJobTest;

TEST_F(NdjsonImport, LinesBecomeRecordsAndAgainNothingChanges) {
  const std::string file = "\xef\xbb\xbf" + GoodLine("1") + "\r\n\n  \n" + GoodLine("2") + "\n" +
                           GoodLine("1") + "\n" + GoodLine("3");
  for (const size_t piece : {size_t{1}, size_t{100}, size_t{1} << 20}) {
    const Outcome outcome = Run(Ndjson(), file, piece);
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
    EXPECT_TRUE(outcome.refused.empty());
    EXPECT_TRUE(outcome.progress.done);
    EXPECT_EQ(outcome.progress.rows, 4u);
    EXPECT_EQ(outcome.progress.bytes_read, file.size());
    EXPECT_EQ(outcome.progress.accepted, piece == 1 ? 3u : 0u);
    EXPECT_EQ(outcome.progress.duplicates, piece == 1 ? 1u : 4u);
    EXPECT_EQ(writer_.size(), 3u);
  }
}

TEST_F(NdjsonImport, BadLinesAreReportedWithTheirNumberAndTheRestGoesOn) {
  const std::string other_region = [] {
    std::string line = GoodLine("9");
    return line.replace(line.find("370826\""), 6, "370827");
  }();
  const std::string file = GoodLine("1") + "\nnot json\n\n" + R"({"event":{"nope":1}})" + "\n" +
                           other_region + "\n" + std::string(limits::kInputLineBytesMax + 1, 'x') +
                           "\n" + GoodLine("2") + "\n";
  const Outcome outcome = Run(Ndjson(), file, 1000);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.progress.accepted, 2u);
  EXPECT_EQ(outcome.progress.quarantined, 4u);
  EXPECT_EQ(outcome.progress.rows, 6u);
  ASSERT_EQ(outcome.refused.size(), 4u);
  const auto expect = [&](size_t i, uint64_t row, ErrorCode code, const char* field) {
    EXPECT_EQ(outcome.refused[i].row, row);
    EXPECT_EQ(CodeOf(outcome.refused[i].error), code) << outcome.refused[i].error;
    EXPECT_EQ(outcome.refused[i].field, field);
  };
  expect(0, 2, ErrorCode::kIntakeSyntax, "");
  EXPECT_EQ(outcome.refused[0].input, "not json");
  expect(1, 4, ErrorCode::kIntakeSyntax, "event.nope");
  expect(2, 5, ErrorCode::kIntakeScope, "region");
  EXPECT_EQ(outcome.refused[2].case_no, "37082600120260921000013");
  EXPECT_EQ(outcome.refused[2].input, other_region);
  expect(3, 6, ErrorCode::kIntakeSyntax, "");
  EXPECT_EQ(outcome.refused[3].input.size(), limits::kRefusedInputBytesMax);
}

TEST_F(NdjsonImport, TheSameIdWithOtherContentIsQuarantined) {
  std::string changed = GoodLine("1");
  changed.replace(changed.find("\"data_ver\":1"), 12, "\"data_ver\":2");
  const Outcome outcome = Run(Ndjson(), GoodLine("1") + "\n" + changed + "\n");
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.progress.accepted, 1u);
  EXPECT_EQ(outcome.progress.quarantined, 1u);
  ASSERT_EQ(outcome.refused.size(), 1u);
  EXPECT_EQ(CodeOf(outcome.refused[0].error), ErrorCode::kIntakeConflict);
  EXPECT_EQ(outcome.refused[0].row, 2u);
  EXPECT_EQ(outcome.refused[0].field, "source_event_id");
  EXPECT_EQ(outcome.refused[0].input, changed);
}

TEST_F(NdjsonImport, GzipIsRecognised) {
  const Outcome outcome = Run(Ndjson(), Gzip(GoodLine("1") + "\n" + GoodLine("2")), 7);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(writer_.size(), 2u);
}

TEST_F(NdjsonImport, ACutGzipFileEndsTheJobAndKeepsWhatWasThere) {
  std::string file;
  for (int i = 0; i < 2000; ++i) file += GoodLine(std::to_string(i)) + "\n";
  const std::string zipped = Gzip(file);
  ImportOptions options = Ndjson();
  options.file_name = "cases.ndjson.gz";
  const Outcome outcome = Run(options, std::string_view(zipped).substr(0, zipped.size() / 2));
  EXPECT_EQ(CodeOf(outcome.status), ErrorCode::kIntakeFile);
  EXPECT_TRUE(DetailOf(outcome.status).starts_with("cases.ndjson.gz: ")) << outcome.status;
  EXPECT_FALSE(outcome.progress.done);
  const size_t kept = writer_.size();
  EXPECT_GT(kept, 0u);
  const Outcome again = Run(Ndjson(), zipped);
  ASSERT_TRUE(again.status.ok()) << again.status;
  EXPECT_EQ(again.progress.duplicates, kept);
  EXPECT_EQ(again.progress.accepted, 2000 - kept);
}

TEST_F(NdjsonImport, BatchesAreBounded) {
  std::string file;
  for (int i = 0; i < 1700; ++i) file += GoodLine(std::to_string(i)) + "\n";
  const Outcome outcome = Run(Ndjson(), file);
  ASSERT_TRUE(outcome.status.ok());
  EXPECT_EQ(outcome.progress.accepted, 1700u);
  EXPECT_EQ(writer_.batch_records_max(), limits::kImportBatchRecords);
  // Records come in the order of the file.
  const auto records = writer_.records();
  for (size_t i = 0; i < records.size(); ++i) {
    ASSERT_EQ(records[i].dedup->event_id, std::to_string(i));
  }
}

TEST_F(NdjsonImport, ABusyWriterIsAskedAgain) {
  writer_.errors.assign(12, Error(ErrorCode::kStoreBusy));
  const Outcome outcome = Run(Ndjson(), GoodLine("1"));
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.progress.accepted, 1u);
  ASSERT_EQ(pauses_.size(), 12u);
  EXPECT_EQ(pauses_[0], limits::kBusyPauseMin);
  EXPECT_EQ(pauses_[1], limits::kBusyPauseMin * 2);
  EXPECT_EQ(pauses_.back(), limits::kBusyPauseMax);
}

TEST_F(NdjsonImport, AWriterThatStaysBusyEndsTheJob) {
  writer_.errors.assign(10'000, Error(ErrorCode::kStoreBusy));
  const Outcome outcome = Run(Ndjson(), GoodLine("1"));
  EXPECT_EQ(CodeOf(outcome.status), ErrorCode::kStoreBusy);
  Duration waited{0};
  for (const Duration pause : pauses_) waited += pause;
  EXPECT_GE(waited, limits::kBusyWaitMax);
  EXPECT_LE(waited, limits::kBusyWaitMax * 2);
}

TEST_F(NdjsonImport, AnyOtherErrorOfTheWriterEndsTheJobForGood) {
  writer_.errors = {Error(ErrorCode::kStoreFull)};
  auto job = ImportJob::Make(Ndjson(), *preparer_, writer_.Callback());
  ASSERT_TRUE(job.ok());
  ASSERT_TRUE((*job)->Feed(GoodLine("1") + "\n").ok());
  EXPECT_EQ(CodeOf((*job)->Finish()), ErrorCode::kStoreFull);
  EXPECT_EQ(CodeOf((*job)->Feed(GoodLine("2"))), ErrorCode::kStoreFull);
  EXPECT_EQ(CodeOf((*job)->Finish()), ErrorCode::kStoreFull);
  EXPECT_FALSE((*job)->Progress().done);
  EXPECT_EQ((*job)->Progress().accepted, 0u);
  EXPECT_EQ(writer_.size(), 0u);
}

TEST_F(NdjsonImport, AJobThatIsDroppedDoesNotWaitForABusyWriter) {
  writer_.errors.assign(100'000, Error(ErrorCode::kStoreBusy));
  ImportOptions options = Ndjson();
  options.pause = nullptr;  // really waits, and is woken
  auto job = ImportJob::Make(options, *preparer_, writer_.Callback());
  std::string file;
  for (size_t i = 0; i < limits::kImportBatchRecords; ++i) {
    file += GoodLine(std::to_string(i)) + "\n";
  }
  ASSERT_TRUE((*job)->Feed(file).ok());
  job->reset();
  EXPECT_EQ(writer_.size(), 0u);
}

TEST_F(NdjsonImport, AFileOfNothingButRefusedRowsEndsBeforeMemoryDoes) {
  auto job = ImportJob::Make(Ndjson(), *preparer_, writer_.Callback());
  const std::string line = std::string(60'000, 'x') + "\n";
  absl::Status status;
  size_t lines = 0;
  for (; status.ok() && lines < 10'000; ++lines) status = (*job)->Feed(line);
  EXPECT_EQ(CodeOf(status), ErrorCode::kIntakeFile) << status;
  EXPECT_LE(lines * line.size(), limits::kRefusedBytesMax * 11 / 10);
  EXPECT_EQ((*job)->TakeRefused().size(), lines);
}

TEST_F(NdjsonImport, HistoricalIsPassedOn) {
  ImportOptions options = Ndjson();
  options.historical = true;
  ASSERT_TRUE(Run(options, GoodLine("1")).status.ok());
  v1::CaseEvent event;
  ASSERT_TRUE(wire::ParseProto(wire::DecodeBody(writer_.records()[0].body)->payload, event));
  EXPECT_TRUE(event.historical());
}

TEST_F(XesImport, TracesBecomeRecordsAndAgainNothingChanges) {
  const std::string file =
      XesLogText(XesTraceText("c1", XesEventText("10", "2014-04-11T00:00:00+02:00") +
                                        XesEventText("S1", "2014-04-11T00:00:00+02:00") +
                                        XesEventText("S1", "2014-04-11T00:00:00+02:00")) +
                 XesTraceText("c2", XesEventText("S1", "2014-04-11T00:00:00+02:00")));
  for (const size_t piece : {size_t{1}, size_t{1} << 20}) {
    const Outcome outcome = Run(Xes(), piece == 1 ? file : Gzip(file), piece);
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
    EXPECT_EQ(outcome.progress.cases, 2u);
    EXPECT_EQ(outcome.progress.rows, 4u);
    EXPECT_EQ(outcome.progress.accepted, piece == 1 ? 4u : 0u);
    EXPECT_EQ(outcome.progress.duplicates, piece == 1 ? 0u : 4u);
    EXPECT_EQ(outcome.progress.quarantined, 0u);
  }
}

TEST_F(XesImport, RowsAreRefusedWithNumberCaseFieldAndInput) {
  const std::string file = XesLogText(
      XesEventText("S0", "2014-04-11T00:00:00Z") +
      XesTraceText("c1", XesEventText("S1", "2014-04-11T00:00:00Z") + XesEventText("S2", "never") +
                             XesEventText("99", "2014-04-11T00:00:00Z")) +
      XesTraceText("c2", XesAttribute("a", "1") + XesAttribute("a", "2") +
                             XesEventText("S3", "2014-04-11T00:00:00Z")) +
      XesTraceText(std::string(51, 'n'), XesEventText("S4", "2014-04-11T00:00:00Z")) +
      XesTraceText("c3", XesEventText("S5", "2199-04-11T00:00:00Z")));
  const Outcome outcome = Run(Xes(), file);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.progress.cases, 4u);
  EXPECT_EQ(outcome.progress.rows, 7u);
  EXPECT_EQ(outcome.progress.accepted, 1u);
  EXPECT_EQ(outcome.progress.quarantined, 6u);
  ASSERT_EQ(outcome.refused.size(), 6u);
  const auto expect = [&](size_t i, uint64_t row, const std::string& case_no, ErrorCode code,
                          const char* field, const char* input) {
    const RefusedRow& refused = outcome.refused[i];
    EXPECT_EQ(refused.row, row) << i;
    EXPECT_EQ(refused.case_no, case_no) << i;
    EXPECT_EQ(CodeOf(refused.error), code) << refused.error;
    EXPECT_EQ(refused.field, field) << i;
    EXPECT_TRUE(refused.input.starts_with(input)) << refused.input;
  };
  expect(0, 1, "", ErrorCode::kIntakeSyntax, "event", "code=S0");
  expect(1, 3, "c1", ErrorCode::kValueTime, "time", "code=S2 time=never");
  expect(2, 4, "c1", ErrorCode::kIntakeUnmapped, "code", "code=99");
  expect(3, 5, "c2", ErrorCode::kIntakeSyntax, "a", "code=S3");
  expect(4, 6, std::string(51, 'n'), ErrorCode::kValueText, "case_no", "code=S4");
  expect(5, 7, "c3", ErrorCode::kIntakeFuture, "occurred_at_ms", "code=S5");
}

TEST_F(XesImport, ATraceTooLargeToKeepIsOneRowThatStandsForAll) {
  std::string events;
  for (size_t i = 0; i <= limits::kXesTraceEventsMax; ++i) events += "<event/>";
  const Outcome outcome =
      Run(Xes(), XesLogText(XesTraceText("big", events) +
                            XesTraceText("c1", XesEventText("S1", "2014-04-11T00:00:00Z"))));
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.progress.accepted, 1u);
  EXPECT_EQ(outcome.progress.quarantined, limits::kXesTraceEventsMax + 1);
  EXPECT_EQ(outcome.progress.rows, limits::kXesTraceEventsMax + 2);
  ASSERT_EQ(outcome.refused.size(), 1u);
  EXPECT_EQ(outcome.refused[0].case_no, "big");
}

TEST_F(XesImport, BrokenXmlEndsTheJobWithTheLine) {
  const Outcome outcome =
      Run(Xes(), "<log>\n" + XesTraceText("c1", XesEventText("S1", "2014-04-11T00:00:00Z")) +
                     "<trace></log>");
  EXPECT_EQ(CodeOf(outcome.status), ErrorCode::kIntakeSyntax);
  EXPECT_TRUE(DetailOf(outcome.status).starts_with("line 4: ")) << outcome.status;
}

TEST_F(ImportJobTest, OptionsAreChecked) {
  const auto code = [&](const ImportOptions& options) {
    return CodeOf(ImportJob::Make(options, *preparer_, writer_.Callback()).status());
  };
  EXPECT_EQ(code({.format = "csv"}), ErrorCode::kUsage);
  EXPECT_EQ(code({}), ErrorCode::kUsage);
  EXPECT_EQ(code({.format = "xes"}), ErrorCode::kIntakeProfile);
  EXPECT_EQ(code({.format = "xes", .profile = "nonsense"}), ErrorCode::kIntakeProfile);
}

}  // namespace
}  // namespace tj::intake
