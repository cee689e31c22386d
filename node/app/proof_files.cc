#include "node/app/proof_files.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "crypto/fork_proof.h"
#include "crypto/proof_file.h"
#include "node/app/governing.h"
#include "node/app/log.h"
#include "node/store/durable_file.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::app {
namespace {

namespace fs = std::filesystem;

std::string Prefix(const LedgerId& ledger) {
  return Cat(ledger.origin.text(), "-", ledger.epoch.value, "-");
}

}  // namespace

std::string ProofFiles::NameOf(const LedgerId& ledger, Instant found_at) {
  return Cat(Prefix(ledger), found_at.ms, ".tjproof");
}

absl::Status ProofFiles::WriteOne(ByteView proof, Instant found_at,
                                  const crypto::TrustStore& trust) {
  TJ_ASSIGN_OR_RETURN(const crypto::PastProof decoded, crypto::DecodePastProof(proof));
  const std::string name = NameOf(crypto::LedgerOf(decoded), found_at);
  std::error_code error;
  if (fs::exists(fs::path(folder_) / name, error)) return absl::OkStatus();
  TJ_ASSIGN_OR_RETURN(const Bytes file,
                      crypto::MakeProofFile(proof, own_.origin, found_at, trust, signer_));
  TJ_RETURN_IF_ERROR(store::MakePrivateFolder(folder_));
  TJ_RETURN_IF_ERROR(store::WriteDurably(folder_, name, file));
  Log(LogLevel::kError, "proof-kept", {{"file", Cat(folder_, "/", name)}});
  return absl::OkStatus();
}

absl::Status ProofFiles::WriteOf(const store::LedgerView& view, const crypto::TrustStore& trust,
                                 std::vector<store::PreparedRecord>& alarms, absl::Status& first) {
  TJ_ASSIGN_OR_RETURN(const auto proofs, view.Proofs());
  for (const store::LedgerView::KeptProof& kept : proofs) {
    // The alarm does not wait for a disk that has room for a file.
    first.Update(WriteOne(kept.proof, kept.found_at, trust));
    if (view.id() == own_) continue;
    TJ_ASSIGN_OR_RETURN(const auto decoded, crypto::DecodePastProof(kept.proof));
    const auto* fork = std::get_if<crypto::ForkProof>(&decoded);
    if (fork == nullptr) continue;
    // Those above, unless it is one of them who has two histories.
    const Relation relation = trust.RelationOf(view.id().origin, own_.origin);
    const bool of_above = relation == Relation::kParent || relation == Relation::kAncestor;
    TJ_ASSIGN_OR_RETURN(
        alarms.emplace_back(),
        AlarmRecord(ForkAlarm(*fork, kept.found_at, NameOf(view.id(), kept.found_at)),
                    of_above ? Audience::kAll : Audience::kChain));
  }
  return absl::OkStatus();
}

absl::Status ProofFiles::Write(const crypto::TrustStore& trust, bool may_append) {
  store::AppendRequest request;
  absl::Status first;
  {
    TJ_ASSIGN_OR_RETURN(const auto snapshot, truth_.Snapshot());
    TJ_ASSIGN_OR_RETURN(const auto ledgers, store::ListLedgers(snapshot->reader()));
    for (const LedgerId& ledger : ledgers) {
      TJ_ASSIGN_OR_RETURN(const auto view, store::LedgerView::Open(snapshot->reader(), ledger));
      // One ledger's damage must not hide another's proof.
      first.Update(WriteOf(view, trust, request.records, first));
    }
  }
  if (!request.records.empty() && may_append) {
    TJ_RETURN_IF_ERROR(truth_.AppendAndWait(std::move(request)).status());
  }
  return first;
}

std::vector<std::string> ProofFiles::List(const LedgerId& ledger) const {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(Prefix(ledger)) && name.ends_with(".tjproof")) {
      files.push_back(entry.path().string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace tj::app
