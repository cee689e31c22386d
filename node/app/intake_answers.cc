#include <utility>

#include "node/app/node_services.h"
#include "node/intake/import.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::app {
namespace {

// The caller hears at least after every so many bytes of its file.
constexpr uint64_t kProgressBytes = 1 << 20;
constexpr int kSubmissionsMax = 1000;

// Refused rows in one reply, but for one row beyond it: well under gRPC's 4 MiB.
constexpr size_t kReplyBytes = 1 << 20;

using TakeReply = std::function<bool(const api::ImportReply&)>;

void Describe(const intake::ImportProgress& progress, api::ImportReply& reply) {
  reply.set_bytes_read(progress.bytes_read);
  reply.set_rows(progress.rows);
  reply.set_accepted(progress.accepted);
  reply.set_duplicates(progress.duplicates);
  reply.set_quarantined(progress.quarantined);
  reply.set_cases(progress.cases);
}

size_t Describe(intake::RefusedRow row, api::QuarantinedRow& refused) {
  refused.set_row(row.row);
  refused.set_case_no(std::move(row.case_no));
  refused.set_field(std::move(row.field));
  refused.set_code(std::string(InfoOf(CodeOf(row.error)).name));
  refused.set_detail(DetailOf(row.error));
  refused.set_input(std::move(row.input));
  return refused.ByteSizeLong();
}

// Tells how far the job is, and every row refused since the last time, in as many replies as that
// takes. False: the caller has gone.
bool Tell(intake::ImportJob& job, const TakeReply& take) {
  api::ImportReply reply;
  Describe(job.Progress(), reply);
  size_t bytes = 0;
  for (intake::RefusedRow& row : job.TakeRefused()) {
    bytes += Describe(std::move(row), *reply.add_refused());
    if (bytes < kReplyBytes) continue;
    if (!take(reply)) return false;
    reply.clear_refused();
    bytes = 0;
  }
  return take(reply);
}

}  // namespace

absl::Status NodeServices::Import(const std::function<bool(api::ImportChunk*)>& next,
                                  const std::function<bool(const api::ImportReply&)>& progress) {
  api::ImportChunk chunk;
  if (!next(&chunk) || !chunk.has_open()) {
    return Error(ErrorCode::kUsage, "the first message of an import must open it");
  }
  TJ_ASSIGN_OR_RETURN(const auto job, intake::ImportJob::Make(
                                          {.format = chunk.open().format(),
                                           .profile = chunk.open().profile(),
                                           .historical = chunk.open().historical(),
                                           .file_name = chunk.open().file_name()},
                                          parts_.preparer, [this](store::AppendRequest request) {
                                            return parts_.truth.AppendAndWait(std::move(request));
                                          }));
  uint64_t told_at = 0;
  absl::Status status;
  do {
    status = job->Feed(chunk.data());
    const uint64_t read = job->Progress().bytes_read;
    if (status.ok() && read - told_at >= kProgressBytes) {
      told_at = read;
      // The caller has gone: what was sequenced stays, and running again skips it.
      if (!Tell(*job, progress)) return absl::OkStatus();
    }
  } while (status.ok() && next(&chunk));
  if (status.ok()) status = job->Finish();
  // Also when the job failed: what was refused until then is the caller's to correct.
  if (!Tell(*job, progress) || !status.ok()) return status;
  api::ImportReply last;
  Describe(job->Progress(), last);
  last.set_done(true);
  last.set_ledger_size(parts_.truth.Status().own_size);
  progress(last);
  return absl::OkStatus();
}

absl::StatusOr<api::SubmitReply> NodeServices::Submit(const api::SubmitRequest& request) {
  if (request.submissions_size() > kSubmissionsMax) {
    return Error(ErrorCode::kWireLimit, Cat("at most ", kSubmissionsMax, " submissions a message"));
  }
  api::SubmitReply reply;
  store::AppendRequest append;
  std::vector<int> places;  // of each record's answer
  for (const v1::Submission& submission : request.submissions()) {
    api::SubmitResult& result = *reply.add_results();
    auto record = parts_.preparer.Prepare(submission, /*historical=*/false);
    if (!record.ok()) {
      result.set_outcome("refused");
      result.set_code(std::string(InfoOf(CodeOf(record.status())).name));
      result.set_detail(DetailOf(record.status()));
      continue;
    }
    append.records.push_back(*std::move(record));
    places.push_back(reply.results_size() - 1);
  }
  if (append.records.empty()) return reply;
  TJ_ASSIGN_OR_RETURN(const auto appended, parts_.truth.AppendAndWait(std::move(append)));
  for (size_t i = 0; i < appended.size(); ++i) {
    api::SubmitResult& result = *reply.mutable_results(places[i]);
    result.set_index(appended[i].index.value);
    result.set_leaf(appended[i].leaf.Hex());
    switch (appended[i].outcome) {
      case store::Appended::Outcome::kSequenced:
        result.set_outcome("sequenced");
        break;
      case store::Appended::Outcome::kDuplicate:
        result.set_outcome("duplicate");
        break;
      case store::Appended::Outcome::kConflict:
        result.set_outcome("refused");
        result.set_code(std::string(InfoOf(ErrorCode::kIntakeConflict).name));
        result.set_detail(Cat("first seen as record ", appended[i].index.value));
        break;
    }
  }
  return reply;
}

}  // namespace tj::app
