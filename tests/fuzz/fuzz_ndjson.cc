// Fuzz target for NDJSON: lines however the bytes are cut, and submissions. A line is refused with
// a code and one line of text, or its JSON form is accepted again and equal.

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "node/intake/line_splitter.h"
#include "node/intake/submission_json.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/wire/payload.h"

namespace tj::intake {
namespace {

void CheckLine(ByteView line) {
  const auto submission = ParseSubmission(line);
  if (!submission.ok()) {
    TJ_CHECK(CodeOf(submission.status()) == ErrorCode::kIntakeSyntax);
    TJ_CHECK(DetailOf(submission.status()).find('\n') == std::string::npos);
    return;
  }
  std::string json;
  TJ_CHECK(google::protobuf::util::MessageToJsonString(*submission, &json).ok());
  // JSON has no spelling for a NUL or for an enum's number that has no name: those are refused by
  // the validator.
  const bool valid = wire::ValidateCaseEvent(submission->event()).ok() &&
                     wire::ValidatePersonPart(submission->person()).ok() &&
                     wire::ValidateTextPart(submission->text()).ok();
  const auto again = ParseSubmission(json);
  if (!valid) return;
  TJ_CHECK(again.ok());
  TJ_CHECK(google::protobuf::util::MessageDifferencer::Equals(*submission, *again));
}

// The lines of `text`, each with its number, fed in pieces.
std::string Lines(std::string_view text, size_t piece) {
  std::string all;
  LineSplitter splitter([&](const Line& line) {
    all += std::to_string(line.number) + ":" + std::string(line.text) + "\n";
    return absl::OkStatus();
  });
  for (size_t at = 0; at < text.size(); at += piece) {
    TJ_CHECK(splitter.Feed(text.substr(at, piece)).ok());
  }
  TJ_CHECK(splitter.Finish().ok());
  return all;
}

}  // namespace
}  // namespace tj::intake

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  TJ_CHECK(tj::intake::Lines(text, 1) == tj::intake::Lines(text, size + 1));
  tj::intake::LineSplitter splitter([](const tj::intake::Line& line) {
    tj::intake::CheckLine(line.text);
    return absl::OkStatus();
  });
  TJ_CHECK(splitter.Feed(text).ok());
  TJ_CHECK(splitter.Finish().ok());
  return 0;
}
