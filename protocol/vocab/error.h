// The one place that makes and reads absl::Status. Every error has a stable code from one table
// (error_table.inc): number, name, Chinese and English text, what to do, canonical gRPC status,
// HTTP status, whether trying again can help. Numbers and names are for ever. Pure; any thread.

#ifndef TJ_PROTOCOL_VOCAB_ERROR_H_
#define TJ_PROTOCOL_VOCAB_ERROR_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <absl/status/status.h>

#include "protocol/vocab/limits.h"

namespace tj {

enum class ErrorCode : uint16_t {
#define TJ_ERROR(number, code, name, canonical, http, retry, zh, en, try_zh, try_en) code = number,
#include "protocol/vocab/error_table.inc"
#undef TJ_ERROR
};

struct ErrorInfo {
  ErrorCode code;
  std::string_view name;  // "WIRE-SEGMENT"
  absl::StatusCode canonical;
  int http;
  bool retryable;
  std::string_view zh;
  std::string_view en;
  std::string_view try_zh;  // what the reader should do next
  std::string_view try_en;
};

// All rows, in number order.
std::span<const ErrorInfo> ErrorTable();
const ErrorInfo& InfoOf(ErrorCode code);
std::optional<ErrorCode> ErrorCodeFromName(std::string_view name);

// A Status that carries `code` as payload. `detail` says the particulars (place, value,
// expectation); no personal data.
absl::Status Error(ErrorCode code, std::string_view detail = {});
// The same error with `place` ("row 17", "config:12") put before its detail; OK stays OK.
absl::Status At(std::string_view place, const absl::Status& status);

// The code of a Status made here; kInternal for a foreign error; status must not be OK.
ErrorCode CodeOf(const absl::Status& status);
// The detail without the code's own text.
std::string DetailOf(const absl::Status& status);
// "STORE-CORRUPT: <english text>: <detail>", for logs.
std::string Describe(const absl::Status& status);
// Back from what a control client received: a name and a detail.
absl::Status ErrorFromName(std::string_view name, std::string_view detail);

// At most `bytes_max` bytes of `text`, cut at a character, control characters and bad UTF-8 as '?'.
std::string PrintableExcerpt(std::string_view text, size_t bytes_max = limits::kExcerptBytesMax);

}  // namespace tj

#endif  // TJ_PROTOCOL_VOCAB_ERROR_H_
