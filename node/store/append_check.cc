// What is asked of an append request, on the thread that brings it.

#include <algorithm>
#include <string_view>

#include "node/store/append_batch.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::store {
namespace {

// Longest part of a name: four bytes for each character that intake lets through, and room for an
// emitter's subject.
constexpr size_t kNameBytesMax = 512;

absl::Status CheckName(std::string_view what, std::string_view text) {
  if (text.size() <= kNameBytesMax && IsUtf8Text(text)) return absl::OkStatus();
  return Error(ErrorCode::kValueText, Cat(what, ": ", PrintableExcerpt(text)));
}

absl::Status CheckPart(const SealedPart& part) {
  if (part.kind != wire::PrivateKind::kPerson && part.kind != wire::PrivateKind::kText) {
    return Error(ErrorCode::kWireRecord, "unknown kind of private part");
  }
  if (part.salt.size() != wire::kSaltBytes || part.sealed.empty()) {
    return Error(ErrorCode::kWireRecord, "private part without salt or content");
  }
  return absl::OkStatus();
}

absl::Status CheckRecord(PreparedRecord& record) {
  wire::Header header;
  header.family = record.family;
  header.flags = record.flags;
  header.audience = record.audience;
  header.tag = record.tag;
  TJ_RETURN_IF_ERROR(wire::CheckHeader(header));
  if (const auto body = wire::DecodeBody(record.body); !body.ok()) return body.status();
  if (record.dedup) {
    TJ_RETURN_IF_ERROR(CheckName("source", record.dedup->source));
    TJ_RETURN_IF_ERROR(CheckName("case number", record.dedup->case_no));
    TJ_RETURN_IF_ERROR(CheckName("event id", record.dedup->event_id));
  }
  if (record.family == Family::kCaseEvent) {
    if (!record.dedup) return Error(ErrorCode::kValueMissing, "case event without a dedup key");
    TJ_RETURN_IF_ERROR(wire::PatchPrevious(record.body, ~uint64_t{0}));
  }
  for (const SealedPart& part : record.parts) TJ_RETURN_IF_ERROR(CheckPart(part));
  return absl::OkStatus();
}

}  // namespace

size_t BytesOf(const AppendRequest& request) {
  size_t bytes = request.emitter_cursor.size();
  for (const PreparedRecord& record : request.records) {
    bytes += record.body.size();
    for (const SealedPart& part : record.parts) bytes += part.sealed.size();
  }
  return bytes;
}

absl::Status CheckRequest(AppendRequest& request) {
  if (request.records.size() > limits::kCommitRecordsMax) {
    return Error(ErrorCode::kWireLimit, Cat("request of ", request.records.size(), " records"));
  }
  if (const size_t bytes = BytesOf(request); bytes > limits::kCommitBytesMax) {
    return Error(ErrorCode::kWireLimit, Cat("request of ", bytes, " bytes"));
  }
  for (size_t i = 0; i < request.records.size(); ++i) {
    absl::Status status = CheckRecord(request.records[i]);
    if (!status.ok()) return At(Cat("record ", i), status);
  }
  return CheckName("emitter", request.emitter);
}

}  // namespace tj::store
