#include "protocol/vocab/error.h"

#include <algorithm>
#include <array>

#include <absl/strings/cord.h>

#include "protocol/vocab/bytes.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/text.h"

namespace tj {
namespace {

constexpr char kPayloadUrl[] = "tongjian/error";

constexpr auto kTable = std::to_array<ErrorInfo>({
#define TJ_ERROR(number, code, name, canonical, http, retry, zh, en, try_zh, try_en) \
  {ErrorCode::code, name, absl::StatusCode::canonical, http, retry, zh, en, try_zh, try_en},
#include "protocol/vocab/error_table.inc"
#undef TJ_ERROR
});

}  // namespace

std::span<const ErrorInfo> ErrorTable() { return kTable; }

const ErrorInfo& InfoOf(ErrorCode code) {
  const auto it = std::find_if(kTable.begin(), kTable.end(),
                               [&](const ErrorInfo& info) { return info.code == code; });
  TJ_CHECK(it != kTable.end());
  return *it;
}

std::optional<ErrorCode> ErrorCodeFromName(std::string_view name) {
  for (const ErrorInfo& info : kTable) {
    if (info.name == name) return info.code;
  }
  return std::nullopt;
}

absl::Status Error(ErrorCode code, std::string_view detail) {
  const ErrorInfo& info = InfoOf(code);
  absl::Status status(info.canonical, absl::string_view(detail.data(), detail.size()));
  status.SetPayload(kPayloadUrl, absl::Cord(std::to_string(static_cast<int>(code))));
  return status;
}

absl::Status At(std::string_view place, const absl::Status& status) {
  if (status.ok()) return status;
  const std::string detail = DetailOf(status);
  return Error(CodeOf(status), detail.empty() ? std::string(place) : Cat(place, ": ", detail));
}

ErrorCode CodeOf(const absl::Status& status) {
  TJ_CHECK(!status.ok());
  const auto payload = status.GetPayload(kPayloadUrl);
  if (!payload) return ErrorCode::kInternal;
  const std::string digits(*payload);
  int number = 0;
  for (const char c : digits) number = number * 10 + (c - '0');
  const auto it = std::find_if(kTable.begin(), kTable.end(), [&](const ErrorInfo& info) {
    return static_cast<int>(info.code) == number;
  });
  return it == kTable.end() ? ErrorCode::kInternal : it->code;
}

std::string DetailOf(const absl::Status& status) {
  return std::string(status.message().data(), status.message().size());
}

std::string Describe(const absl::Status& status) {
  if (status.ok()) return "OK";
  const ErrorInfo& info = InfoOf(CodeOf(status));
  const std::string detail = DetailOf(status);
  return detail.empty() ? Cat(info.name, ": ", info.en)
                        : Cat(info.name, ": ", info.en, ": ", detail);
}

absl::Status ErrorFromName(std::string_view name, std::string_view detail) {
  const auto code = ErrorCodeFromName(name);
  if (code) return Error(*code, detail);
  return Error(ErrorCode::kInternal, Cat(name, " ", detail));
}

std::string PrintableExcerpt(std::string_view text, size_t bytes_max) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    size_t n = 1;
    while (n < 4 && i + n < text.size() && (static_cast<uint8_t>(text[i + n]) & 0xc0) == 0x80) ++n;
    std::string_view piece = text.substr(i, n);
    const bool printable = static_cast<uint8_t>(piece[0]) >= 0x20 && piece[0] != 0x7f;
    if (!printable || !IsUtf8Text(piece)) piece = "?";
    if (out.size() + piece.size() > bytes_max) break;
    out.append(piece);
    i += n;
  }
  return out;
}

}  // namespace tj
