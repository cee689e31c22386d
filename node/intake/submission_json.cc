#include "node/intake/submission_json.h"

#include <google/protobuf/util/json_util.h>

#include <string>
#include <string_view>

#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"

namespace tj::intake {
namespace {

constexpr std::string_view kUnknownField = ": Cannot find field.";

absl::Status AtField(std::string_view field, std::string_view what) {
  return Error(ErrorCode::kIntakeSyntax, Cat(PrintableExcerpt(field), ": ", what));
}

// Protobuf says "(event.org): invalid value 12 for type …", "(event) nope: Cannot find field.",
// "nope: Cannot find field." or, for what is no JSON, a sentence and then the text around it.
// Values and text may be somebody's name: only field and kind of mistake are kept.
absl::Status Explain(std::string_view message) {
  std::string_view sentence = message.substr(0, message.find('\n'));
  std::string_view path;
  const size_t close = sentence.find(')');
  if (sentence.starts_with('(') && close != std::string_view::npos) {
    path = sentence.substr(1, close - 1);
    sentence.remove_prefix(close + 1);
  }
  if (sentence.ends_with(kUnknownField)) {
    sentence.remove_suffix(kUnknownField.size());
    if (sentence.starts_with(' ')) sentence.remove_prefix(1);
    return AtField(path.empty() ? std::string(sentence) : Cat(path, ".", sentence),
                   "is not a known field");
  }
  if (!path.empty()) return AtField(path, "is not of the field's type, or no code of its list");
  return Error(ErrorCode::kIntakeSyntax, PrintableExcerpt(sentence, 200));
}

}  // namespace

absl::StatusOr<v1::Submission> ParseSubmission(ByteView line) {
  if (!IsUtf8Text(line)) return Error(ErrorCode::kIntakeSyntax, "not UTF-8 text");
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = false;
  v1::Submission submission;
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(line.data(), line.size()), &submission, options);
  if (!status.ok()) {
    const auto message = status.message();
    return Explain(std::string_view(message.data(), message.size()));
  }
  return submission;
}

}  // namespace tj::intake
