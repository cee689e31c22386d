#include "node/case/case_projection.h"
#include "node/store/keys.h"
#include "protocol/vocab/status_macros.h"

namespace tj::cases {

absl::StatusOr<std::optional<CaseState>> FindCase(const store::KvReader& derived,
                                                  std::string_view case_no) {
  TJ_ASSIGN_OR_RETURN(const auto value, derived.Get(CaseKey(case_no)));
  if (!value) return std::nullopt;
  TJ_ASSIGN_OR_RETURN(CaseState state, DecodeCase(*value));
  return state;
}

absl::StatusOr<std::vector<CaseState>> ListCases(
    const store::KvReader& derived, std::string_view after, size_t limit,
    const std::function<bool(const CaseState&)>& keep) {
  std::vector<CaseState> cases;
  const auto it = derived.NewIterator();
  const Bytes start = CaseKey(after);
  for (it->Seek(start); it->Valid() && cases.size() < limit; it->Next()) {
    if (it->key().empty() || it->key()[0] != store::keys::derived_prefix::kCase) break;
    if (it->key() == start) continue;  // the last one of the page before
    TJ_ASSIGN_OR_RETURN(CaseState state, DecodeCase(it->value()));
    if (keep(state)) cases.push_back(std::move(state));
  }
  TJ_RETURN_IF_ERROR(it->status());
  return cases;
}

}  // namespace tj::cases
