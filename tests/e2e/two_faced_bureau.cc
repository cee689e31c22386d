// A bureau that cheats: what one of its data folders has in its newest `heads` record goes into the
// ledger of another, as if all its children had been shown that one history. Two folders of one
// node, both stopped; nothing listens. For test_split.py only.
//
//   two_faced_bureau SHOWN-TO-ONE.toml SHOWN-TO-OTHERS.toml

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "node/app/config.h"
#include "node/app/governing.h"
#include "node/app/identity.h"
#include "node/store/ledger_view.h"
#include "node/store/truth.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/wire/payload.h"
#include "protocol/wire/record.h"

namespace tj::app {
namespace {

absl::StatusOr<std::unique_ptr<store::Truth>> Open(const Config& config, const Clock& clock) {
  return store::Truth::Open(
      {.folder = config.data_folder, .own = LedgerId{config.code, config.epoch}, .clock = &clock});
}

absl::StatusOr<v1::Heads> NewestHeads(const store::Truth& truth, const LedgerId& own) {
  TJ_ASSIGN_OR_RETURN(const auto snapshot, truth.Snapshot());
  TJ_ASSIGN_OR_RETURN(const auto view, store::LedgerView::Open(snapshot->reader(), own));
  std::optional<Bytes> newest;
  for (uint64_t at = 0; at < view.size();) {
    const uint64_t count = std::min<uint64_t>(view.size() - at, limits::kSegmentRecordsMax);
    TJ_ASSIGN_OR_RETURN(const auto leaves, view.Leaves(Index{at}, count));
    for (const wire::Leaf& leaf : leaves) {
      if (leaf.header.family == Family::kHeads) newest = leaf.body;
    }
    at += leaves.size();
  }
  if (!newest) return Error(ErrorCode::kStoreAbsent, "a heads record");
  TJ_ASSIGN_OR_RETURN(const auto body, wire::DecodeBody(*newest));
  return wire::ParseHeads(body.payload);
}

absl::Status Run(const std::string& one, const std::string& others) {
  const SystemClock clock;
  TJ_ASSIGN_OR_RETURN(const Config from, LoadConfig(one));
  TJ_ASSIGN_OR_RETURN(const Config to, LoadConfig(others));
  TJ_ASSIGN_OR_RETURN(const Identity identity, LoadIdentity(to));
  TJ_ASSIGN_OR_RETURN(const auto shown, Open(from, clock));
  TJ_ASSIGN_OR_RETURN(const v1::Heads heads, NewestHeads(*shown, LedgerId{from.code, from.epoch}));
  TJ_ASSIGN_OR_RETURN(const auto truth, Open(to, clock));
  store::AppendRequest request;
  TJ_ASSIGN_OR_RETURN(request.records.emplace_back(), HeadsRecord(heads, clock.Now()));
  TJ_RETURN_IF_ERROR(truth->AppendAndWait(std::move(request)).status());
  return truth->SignHead(*identity.signer, Duration(0)).status();
}

}  // namespace
}  // namespace tj::app

int main(int argc, char** argv) {
  TJ_CHECK(argc == 3);
  const absl::Status status = tj::app::Run(argv[1], argv[2]);
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", tj::Describe(status).c_str());
  return 1;
}
