#include "node/app/owed_watch.h"

#include <string>
#include <utility>

#include "node/app/governing.h"
#include "node/app/log.h"
#include "node/store/values.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/bytes_io.h"

namespace tj::app {
namespace {

// Leaves of one alarm; what is beyond has the next.
constexpr size_t kLeavesPerAlarm = 10'000;

std::string EmitterOf(const LedgerId& ledger) { return Cat("~owed/", ledger.Text()); }

}  // namespace

absl::Status OwedWatch::Look() {
  const Instant now = clock_.Now();
  std::map<LedgerId, std::vector<Index>> overdue;
  {
    TJ_ASSIGN_OR_RETURN(const auto snapshot, truth_.Snapshot());
    TJ_ASSIGN_OR_RETURN(const auto ledgers, store::ListLedgers(snapshot->reader()));
    for (const LedgerId& ledger : ledgers) {
      if (ledger == own_) continue;
      TJ_ASSIGN_OR_RETURN(const auto view, store::LedgerView::Open(snapshot->reader(), ledger));
      TJ_ASSIGN_OR_RETURN(const auto first, view.MissingBodies(1));
      {
        const std::lock_guard lock(mutex_);
        if (first.empty()) {
          since_.erase(ledger);
        } else {
          since_.try_emplace(ledger, now);
        }
      }
      Progress& progress = progress_[ledger];
      if (first.empty()) {
        progress.watched_to.reset();
        continue;
      }
      if (!progress.loaded) {
        TJ_ASSIGN_OR_RETURN(const auto cursor,
                            store::ReadEmitterCursor(snapshot->reader(), EmitterOf(ledger)));
        if (cursor) progress.alarmed_end = wire::Reader(*cursor).U64();
        progress.loaded = true;
      }
      TJ_ASSIGN_OR_RETURN(auto leaves, Overdue(view, progress, now));
      if (!leaves.empty()) overdue.emplace(ledger, std::move(leaves));
    }
  }
  for (const auto& [ledger, leaves] : overdue) {
    TJ_RETURN_IF_ERROR(Tell(ledger, leaves, progress_[ledger], now));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Index>> OwedWatch::Overdue(const store::LedgerView& view,
                                                      Progress& progress, Instant now) {
  TJ_ASSIGN_OR_RETURN(std::vector<Index> away,
                      view.MissingBodies(Index{progress.alarmed_end}, kLeavesPerAlarm));
  if (away.empty()) {
    progress.watched_to.reset();
    return away;
  }
  // What was watched and has come makes way for what is away now; so does a clock that is set back.
  if (!progress.watched_to || *progress.watched_to < away.front() || now < progress.watched_since) {
    progress.watched_to = away.back();
    progress.watched_since = now;
  }
  if (now < progress.watched_since + bound_) return std::vector<Index>();
  std::erase_if(away, [&](Index leaf) { return leaf > *progress.watched_to; });
  return away;
}

absl::Status OwedWatch::Tell(const LedgerId& ledger, const std::vector<Index>& leaves,
                             Progress& progress, Instant now) {
  const v1::Alarm alarm = OwedAlarm(ledger, leaves, progress.watched_since, now);
  store::AppendRequest request;
  TJ_ASSIGN_OR_RETURN(request.records.emplace_back(), AlarmRecord(alarm, Audience::kChain));
  request.emitter = EmitterOf(ledger);
  wire::Writer writer(request.emitter_cursor);
  writer.U64(leaves.back().value + 1);
  TJ_RETURN_IF_ERROR(truth_.AppendAndWait(std::move(request)).status());
  progress.alarmed_end = leaves.back().value + 1;
  progress.watched_to.reset();
  LogError(
      "bodies-owed",
      Error(ErrorCode::kSyncBodyMissing, Cat(leaves.size(), " from leaf ", leaves.front().value,
                                             ", asked for since ", alarm.facts().at("since"))),
      {{"ledger", ledger.Text()}});
  return absl::OkStatus();
}

std::optional<Instant> OwedWatch::Since(const LedgerId& ledger) const {
  const std::lock_guard lock(mutex_);
  const auto found = since_.find(ledger);
  return found == since_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace tj::app
