// What a county opens for a spot check: the drawn leaves, and whatever CheckSpot needs to fold
// their rows again.

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "node/case/case_projection.h"
#include "node/case/case_rows.h"
#include "node/store/keys.h"
#include "node/supervise/spot_cases.h"
#include "node/supervise/spot_check.h"
#include "protocol/vocab/status_macros.h"

namespace tj::supervise {
namespace {

using cases::RowKey;

class Answer {
 public:
  Answer(SpotLedger& ledger, const store::KvReader& derived, uint64_t folded_size)
      : ledger_(ledger), derived_(derived) {
    answer_.folded_size = folded_size;
  }

  absl::StatusOr<std::optional<SpotAnswer>> Make(std::span<const rules::LeafSpan> ranges,
                                                 bool wide) {
    for (const rules::LeafSpan& range : ranges) {
      for (uint64_t leaf = range.first; leaf < range.end; ++leaf) {
        if (leaf < answer_.folded_size) TJ_RETURN_IF_ERROR(TakeDrawn(Index{leaf}, wide));
      }
    }
    for (const RowKey& row : rows_) {
      TJ_ASSIGN_OR_RETURN(const auto due, derived_.Get(cases::RowKeyBytes(
                                              store::keys::derived_prefix::kRowDirty, row)));
      if (due) return std::optional<SpotAnswer>();
    }
    TJ_RETURN_IF_ERROR(TakeListed());
    TJ_RETURN_IF_ERROR(TakeSharing());
    return std::optional<SpotAnswer>(std::move(answer_));
  }

 private:
  absl::Status TakeDrawn(Index index, bool wide) {
    answer_.leaves.insert(index.value);
    TJ_ASSIGN_OR_RETURN(const SpotLeaf leaf, ledger_.At(index));
    if (const auto revision = RevisionOf(leaf)) {
      rows_.insert(revision->row);
      if (wide) subjects_.insert({revision->row.org, revision->row.item});
      return absl::OkStatus();
    }
    const auto event = CaseEventOf(leaf);
    if (!event) return absl::OkStatus();
    TJ_ASSIGN_OR_RETURN(const auto state, cases::FindCase(derived_, event->case_no()));
    if (!state) return absl::OkStatus();
    CaseEvents events;
    for (const cases::EventRef& reference : state->events()) {
      TJ_ASSIGN_OR_RETURN(const SpotLeaf at, ledger_.At(Index{reference.index()}));
      auto body = CaseEventOf(at);
      if (body) events.emplace_back(Index{reference.index()}, *std::move(body));
    }
    TakeCase(*state);
    rows_.merge(RowsTouched(events, index));
    return absl::OkStatus();
  }

  void TakeCase(const cases::CaseState& state) {
    if (!taken_.insert(state.case_no()).second) return;
    for (const cases::EventRef& event : state.events()) answer_.leaves.insert(event.index());
  }

  // The cases of all leaves that the rows list.
  absl::Status TakeListed() {
    TJ_ASSIGN_OR_RETURN(const auto rows,
                        ReadRows(ledger_, answer_.folded_size,
                                 [this](const RowKey& row) { return rows_.contains(row); }));
    for (const auto& [key, row] : rows) {
      for (const Index leaf : row.leaves) {
        if (answer_.leaves.contains(leaf.value)) continue;
        TJ_ASSIGN_OR_RETURN(const SpotLeaf at, ledger_.At(leaf));
        const auto event = CaseEventOf(at);
        if (!event) continue;
        TJ_ASSIGN_OR_RETURN(const auto state, cases::FindCase(derived_, event->case_no()));
        if (state) TakeCase(*state);
      }
    }
    return absl::OkStatus();
  }

  // Cases that add to a row without an event of its day: their application is a claim.
  absl::Status TakeSharing() {
    if (rows_.empty()) return absl::OkStatus();
    TJ_RETURN_IF_ERROR(cases::ListCases(derived_, {}, 1, [this](const cases::CaseState& state) {
                         if (Shares(state)) TakeCase(state);
                         return false;
                       }).status());
    return absl::OkStatus();
  }

  bool Shares(const cases::CaseState& state) const {
    if (subjects_.contains({state.org(), state.item()})) return true;
    return std::any_of(state.shares().begin(), state.shares().end(),
                       [&](const cases::RowShare& share) {
                         return rows_.contains({CivilDate(share.day()), state.org(), state.item()});
                       });
  }

  SpotLedger& ledger_;
  const store::KvReader& derived_;
  SpotAnswer answer_;
  std::set<RowKey> rows_;
  std::set<std::pair<std::string, std::string>> subjects_;  // organisation, item
  std::set<std::string> taken_;                             // cases
};

}  // namespace

absl::StatusOr<std::optional<SpotAnswer>> AnswerSpot(SpotLedger& ledger,
                                                     const store::KvReader& derived,
                                                     std::span<const rules::LeafSpan> ranges,
                                                     uint64_t folded_size, bool wide) {
  return Answer(ledger, derived, folded_size).Make(ranges, wide);
}

}  // namespace tj::supervise
