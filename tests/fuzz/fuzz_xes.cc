// Fuzz target for XES logs, plain and gzip: whatever the cut, the same traces come out; each event
// becomes one row, mapped or refused with a code and a field.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "node/intake/gzip_input.h"
#include "node/intake/mapping.h"
#include "node/intake/profile.h"
#include "node/intake/xes_reader.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/wire/payload.h"

namespace tj::intake {
namespace {

constexpr std::string_view kProfile = R"(source = "log"
org = "12370800TJ0000001J"
region = "node"
times = "as_written"
[case]
number = "name"
started_on = "start"
fee = "fee"
[event]
code = ["code", "name"]
time = "time"
officer = "who"
[[item]]
code = "000199001001"
[[terms]]
when = { kind = "x" }
promise = { from = "start", until = "end" }
roll = "none"
[[rule]]
event = "accept"
pick = "earliest"
match = [{ code = "1*" }]
[[rule]]
event = "supplement_notice"
days_from = "days"
match = [{ code = "2", when = { question = "True" } }]
[[rule]]
event = "special_begin"
kind = 1
approved = { days_from = "days" }
match = [{ code = "3" }]
[[rule]]
event = "step"
stage = "other"
match = [{ code = "*" }]
)";

const Mapper& TheMapper() {
  static const Mapper mapper(*ParseProfile(kProfile), *RegionCode::Parse("370826"));
  return mapper;
}

struct Seen {
  std::string rows;
  uint64_t events = 0;
};

void Take(const XesTrace& trace, Seen& seen) {
  TJ_CHECK(trace.first_event == seen.events + 1);
  seen.events += trace.event_count;
  seen.rows += OneLine(trace.attributes, 500) + "\n";
  TJ_CHECK(trace.events.size() == trace.event_count || !trace.attributes.problem.ok());
  if (!trace.is_case || !trace.attributes.problem.ok()) return;
  const auto rows = TheMapper().Map(trace);
  TJ_CHECK(rows.size() == trace.events.size());
  for (const MappedRow& row : rows) {
    if (row.submission.ok()) {
      // May be refused for a text that is too long; must not fail otherwise.
      const absl::Status valid = wire::ValidateCaseEvent(row.submission->event());
      seen.rows += row.submission->event().ShortDebugString() + (valid.ok() ? "\n" : " bad\n");
    } else {
      TJ_CHECK(CodeOf(row.submission.status()) != ErrorCode::kInternal);
      TJ_CHECK(!row.field.empty());
      seen.rows += row.field + "\n";
    }
  }
}

std::string Read(std::string_view file, size_t piece) {
  Seen seen;
  XesReader reader([&](const XesTrace& trace) {
    Take(trace, seen);
    return absl::OkStatus();
  });
  GzipInput gzip([&](ByteView plain) { return reader.Feed(plain); });
  absl::Status status;
  for (size_t at = 0; at < file.size() && status.ok(); at += piece) {
    status = gzip.Feed(file.substr(at, piece));
  }
  if (status.ok()) status = gzip.Finish();
  if (status.ok()) status = reader.Finish();
  if (!status.ok()) {
    const ErrorCode code = CodeOf(status);
    TJ_CHECK(code == ErrorCode::kIntakeSyntax || code == ErrorCode::kIntakeFile);
    // How many traces came before depends on the cut: damage shows at the end of a piece.
    return "error";
  }
  return seen.rows;
}

}  // namespace
}  // namespace tj::intake

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  TJ_CHECK(tj::intake::Read(file, 3) == tj::intake::Read(file, size + 1));
  return 0;
}
