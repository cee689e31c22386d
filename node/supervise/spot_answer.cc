// What a county opens for a spot check: the drawn leaves, and whatever CheckSpot needs to fold
// their rows again.

#include <algorithm>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

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
        if (leaf < answer_.folded_size) TJ_RETURN_IF_ERROR(TakeDrawn(Index{leaf}));
      }
    }
    for (const RowKey& row : rows_) {
      TJ_ASSIGN_OR_RETURN(const auto due, derived_.Get(cases::RowKeyBytes(
                                              store::keys::derived_prefix::kRowDirty, row)));
      if (due) return std::optional<SpotAnswer>();
    }
    TJ_RETURN_IF_ERROR(TakeListed());
    TJ_RETURN_IF_ERROR(TakeSharing(wide));
    return std::optional<SpotAnswer>(std::move(answer_));
  }

 private:
  absl::Status TakeDrawn(Index index) {
    answer_.leaves.insert(index.value);
    TJ_ASSIGN_OR_RETURN(const SpotLeaf leaf, ledger_.At(index));
    if (const auto revision = RevisionOf(leaf)) {
      rows_.insert(revision->row);
      return absl::OkStatus();
    }
    const auto event = CaseEventOf(leaf);
    if (!event) return absl::OkStatus();
    TJ_ASSIGN_OR_RETURN(const auto state, cases::FindCase(derived_, event->case_no()));
    if (!state) return absl::OkStatus();
    TJ_ASSIGN_OR_RETURN(const CaseEvents events, EventsOf(*state));
    TakeCase(*state);
    rows_.merge(RowsTouched(events, index));
    return absl::OkStatus();
  }

  absl::StatusOr<CaseEvents> EventsOf(const cases::CaseState& state) const {
    CaseEvents events;
    for (const cases::EventRef& reference : state.events()) {
      TJ_ASSIGN_OR_RETURN(const SpotLeaf at, ledger_.At(Index{reference.index()}));
      auto body = CaseEventOf(at);
      if (body) events.emplace_back(Index{reference.index()}, *std::move(body));
    }
    return events;
  }

  void TakeCase(const cases::CaseState& state) {
    if (!taken_.insert(state.case_no()).second) return;
    for (const cases::EventRef& event : state.events()) answer_.leaves.insert(event.index());
  }

  // The cases of all leaves that the rows list.
  absl::Status TakeListed() {
    return EachRevisionPage(
        ledger_, answer_.folded_size, [this](const RowKey& row) { return rows_.contains(row); },
        [this](std::span<const SpotRevision> page) { return TakeCasesOf(page); });
  }

  absl::Status TakeCasesOf(std::span<const SpotRevision> page) {
    std::set<uint64_t> listed;
    for (const SpotRevision& revision : page) {
      if (!revision.leaves) continue;
      for (const Index leaf : *revision.leaves) listed.insert(leaf.value);
    }
    for (const uint64_t leaf : listed) {
      if (answer_.leaves.contains(leaf)) continue;
      TJ_ASSIGN_OR_RETURN(const SpotLeaf at, ledger_.At(Index{leaf}));
      const auto event = CaseEventOf(at);
      if (!event) continue;
      TJ_ASSIGN_OR_RETURN(const auto state, cases::FindCase(derived_, event->case_no()));
      if (state) TakeCase(*state);
    }
    return absl::OkStatus();
  }

  // Cases that add to a row without an event of its day: their application is a claim. With `ever`,
  // also those that did before a later event.
  absl::Status TakeSharing(bool ever) {
    if (rows_.empty()) return absl::OkStatus();
    std::set<std::pair<std::string, std::string>> subjects;  // organisation, item
    for (const RowKey& row : rows_) subjects.insert({row.org, row.item});
    absl::Status read;
    const auto take = [&](const cases::CaseState& state) {
      if (!read.ok() || !subjects.contains({state.org(), state.item()})) return false;
      bool takes = Shares(state);
      if (ever && !takes) {
        const auto shared = EverShared(state);
        read = shared.status();
        takes = shared.ok() && *shared;
      }
      if (takes) TakeCase(state);
      return false;
    };
    TJ_RETURN_IF_ERROR(cases::ListCases(derived_, {}, 1, take).status());
    return read;
  }

  bool Shares(const cases::CaseState& state) const {
    return std::any_of(state.shares().begin(), state.shares().end(),
                       [&](const cases::RowShare& share) {
                         return rows_.contains({CivilDate(share.day()), state.org(), state.item()});
                       });
  }

  absl::StatusOr<bool> EverShared(const cases::CaseState& state) const {
    TJ_ASSIGN_OR_RETURN(const CaseEvents events, EventsOf(state));
    for (const auto& [index, event] : events) {
      const std::set<RowKey> touched = RowsTouched(events, index);
      if (std::any_of(touched.begin(), touched.end(),
                      [this](const RowKey& row) { return rows_.contains(row); })) {
        return true;
      }
    }
    return false;
  }

  SpotLedger& ledger_;
  const store::KvReader& derived_;
  SpotAnswer answer_;
  std::set<RowKey> rows_;
  std::set<std::string> taken_;  // cases
};

}  // namespace

absl::StatusOr<std::optional<SpotAnswer>> AnswerSpot(SpotLedger& ledger,
                                                     const store::KvReader& derived,
                                                     std::span<const rules::LeafSpan> ranges,
                                                     uint64_t folded_size, bool wide) {
  return Answer(ledger, derived, folded_size).Make(ranges, wide);
}

}  // namespace tj::supervise
