#include "node/store/fsck.h"

#include <algorithm>

#include "node/store/fsck_inputs.h"
#include "node/store/fsck_run.h"
#include "node/store/head_file.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::store {
namespace fsck {

void Run::Find(std::string place, absl::Status problem) {
  if (report_.findings.size() >= options_.findings_max) {
    ++report_.findings_left_out;
    return;
  }
  report_.findings.push_back({std::move(place), std::move(problem)});
}

void Run::Damage(std::string place, std::string_view detail) {
  Find(std::move(place), Error(ErrorCode::kStoreCorrupt, detail));
}

bool Run::Scan(ByteView prefix, std::string_view what,
               const std::function<void(ByteView key, ByteView value)>& row) {
  const absl::Status status = ScanPrefix(reader_, prefix, [&](ByteView key, ByteView value) {
    ++report_.keys;
    row(key, value);
    return true;
  });
  if (!status.ok()) Find(std::string(what), status);
  return status.ok();
}

Bytes KnownLedger::Prefix(char kind) const {
  Bytes prefix = keys::State(number);
  prefix[0] = kind;
  return prefix;
}

std::string KnownLedger::Place(std::string_view what) const { return Cat(id.Text(), " ", what); }

std::string PrintableKey(ByteView key) {
  constexpr size_t kBytesMax = 40;
  const bool printable =
      std::all_of(key.begin(), key.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
  if (printable) return std::string(key.substr(0, kBytesMax));
  return Cat(HexEncode(key.substr(0, kBytesMax)), key.size() > kBytesMax ? "…" : "");
}

namespace {

void SayWhatIsLeftOut(Run& run) {
  std::vector<std::string>& unchecked = run.report().unchecked;
  if (run.options().trust == nullptr) unchecked.push_back("signatures: no trust list was given");
  if (run.options().private_keys == nullptr) {
    unchecked.push_back("private parts and content digests: no private keys were given");
  }
  if (run.options().addresses == nullptr) {
    unchecked.push_back("missing bodies of addressed records: no encryption key was given");
  }
  if (!run.options().own) {
    unchecked.push_back("inputs and missing bodies: the own ledger was not named");
  }
}

void CheckLedger(Run& run, const KnownLedger& ledger) {
  const std::vector<uint64_t> sizes = NotedSizes(run, ledger);
  std::optional<InputCheck> inputs;
  if (ledger.own) inputs.emplace(run, ledger);
  const Leaves leaves = CheckLeaves(run, ledger, sizes, inputs ? &*inputs : nullptr);
  if (inputs) inputs->End(leaves.whole);
  CheckTreeRows(run, ledger, leaves);
  CheckNotes(run, ledger, leaves);
  run.report().ledgers.push_back({ledger.id, leaves.tree.size(), leaves.tree.Root()});
}

}  // namespace
}  // namespace fsck

absl::StatusOr<FsckReport> Fsck(const KvReader& reader, const FsckOptions& options) {
  fsck::Run run(reader, options);
  // A reader of which not one key can be read is no database.
  if (auto schema = reader.Get(keys::Schema());
      !schema.ok() && CodeOf(schema.status()) != ErrorCode::kStoreCorrupt) {
    return schema.status();
  }
  fsck::SayWhatIsLeftOut(run);
  const std::vector<fsck::KnownLedger> ledgers = fsck::ReadLedgers(run);
  for (const fsck::KnownLedger& ledger : ledgers) fsck::CheckLedger(run, ledger);
  fsck::CheckInputForms(run, ledgers);
  fsck::CheckOtherKeys(run, ledgers);
  return std::move(run.report());
}

absl::StatusOr<FsckReport> FsckFolder(const std::string& folder, const FsckOptions& options,
                                      leveldb::Env* env) {
  TJ_ASSIGN_OR_RETURN(const auto kv,
                      OpenLevelKv({.folder = folder + "/ledger", .create = false, .env = env}));
  const auto head = ReadHeadFile(folder);
  const bool readable = head.ok() && head->has_value();
  FsckOptions with_own = options;
  if (readable && !with_own.own) with_own.own = (*head)->ledger;
  TJ_ASSIGN_OR_RETURN(FsckReport report, Fsck(*kv, with_own));
  absl::Status problem = head.status();
  if (readable) {
    problem = CheckHeadFile(*kv, *with_own.own, **head);
  } else if (head.ok()) {
    problem = Error(ErrorCode::kStoreRollback, "is not there");
  }
  if (!problem.ok()) report.findings.insert(report.findings.begin(), {"HEAD", problem});
  return report;
}

}  // namespace tj::store
