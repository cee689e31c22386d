// Fuzz target for the parsers of protocol/vocab. Each either refuses or gives a value whose text
// form is accepted again and equal: one value, one spelling.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "protocol/vocab/bytes.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"

namespace tj {
namespace {

// A code keeps the very text it was parsed from; a refusal carries a code of the table.
template <typename Code>
void CheckCode(std::string_view text) {
  const absl::StatusOr<Code> code = Code::Parse(text);
  if (!code.ok()) {
    TJ_CHECK(CodeOf(code.status()) != ErrorCode::kInternal);
    return;
  }
  TJ_CHECK(code->text() == text);
  const absl::StatusOr<Code> again = Code::Parse(code->text());
  TJ_CHECK(again.ok() && *again == *code);
}

void CheckLedgerId(std::string_view text) {
  const absl::StatusOr<LedgerId> id = LedgerId::Parse(text);
  if (id.ok()) TJ_CHECK(id->Text() == text);
}

void CheckTimes(std::string_view text) {
  if (const auto canonical = Instant::ParseCanonical(text); canonical.ok()) {
    TJ_CHECK(canonical->Text() == text);
    const auto loose = Instant::Parse(text);
    TJ_CHECK(loose.ok() && *loose == *canonical);
  }
  if (const auto instant = Instant::Parse(text); instant.ok()) {
    const auto again = Instant::ParseCanonical(instant->Text());
    TJ_CHECK(again.ok() && *again == *instant);
  }
  if (const auto written = WrittenTime::Parse(text); written.ok()) {
    // 23:59:60 is the first second of the next day.
    const int32_t carried = written->ms_of_day >= 86'400'000 ? 1 : 0;
    TJ_CHECK(written->AsBeijing().BeijingDate() == written->date + carried);
    const auto instant = Instant::Parse(text);
    TJ_CHECK(instant.ok() && *instant == written->ToInstant());
  }
  if (const auto date = CivilDate::Parse(text); date.ok()) {
    TJ_CHECK(date->Text() == text);
    TJ_CHECK(Instant::BeijingMidnight(*date).BeijingDate() == *date);
  }
}

void CheckEncodings(std::string_view text) {
  if (const auto bytes = HexDecode(text)) TJ_CHECK(HexEncode(*bytes) == text);
  if (const auto bytes = Base64Decode(text)) TJ_CHECK(Base64Encode(*bytes) == text);
  const auto from_hex = HexDecode(HexEncode(text));
  TJ_CHECK(from_hex && *from_hex == text);
  const auto from_base64 = Base64Decode(Base64Encode(text));
  TJ_CHECK(from_base64 && *from_base64 == text);
  if (IsUtf8Text(text)) TJ_CHECK(Utf8Length(text) <= text.size());
  TJ_CHECK(IsUtf8Text(PrintableExcerpt(text)));
}

}  // namespace
}  // namespace tj

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  tj::CheckCode<tj::NodeCode>(text);
  tj::CheckCode<tj::RegionCode>(text);
  tj::CheckCode<tj::CreditCode>(text);
  tj::CheckCode<tj::ItemCode>(text);
  tj::CheckLedgerId(text);
  tj::CheckTimes(text);
  tj::CheckEncodings(text);
  return 0;
}
