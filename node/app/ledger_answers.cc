#include <algorithm>

#include "crypto/evidence_builder.h"
#include "crypto/leaf_hash.h"
#include "node/app/node_services.h"
#include "node/app/record_info.h"
#include "node/case/case_projection.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::app {
namespace {

constexpr uint32_t kRecordsPerAnswer = 1000;

}  // namespace

absl::StatusOr<std::string> NodeServices::WitnessedAt(const store::LedgerView& view,
                                                      Index index) const {
  const auto witness = WitnessOf(view.id());
  if (!witness) return std::string();
  TJ_ASSIGN_OR_RETURN(
      const auto note,
      view.StatementCovering(*witness, crypto::StatementKind::kSeen, index.value + 1));
  return note ? note->signatures.front().at.Text() : std::string();
}

absl::StatusOr<api::LedgerHeadReply> NodeServices::LedgerHead(const api::LedgerRequest& request) {
  TJ_ASSIGN_OR_RETURN(const OpenLedger open, Open(request.ledger()));
  TJ_ASSIGN_OR_RETURN(const auto head, open.view.NewestHead());
  if (!head) return Error(ErrorCode::kStoreAbsent, "nothing is signed yet");
  api::LedgerHeadReply reply;
  reply.set_note(head->Text());
  for (const NodeCode& signer : StatersOf(open.view.id())) {
    for (const auto kind : {crypto::StatementKind::kSeen, crypto::StatementKind::kHeld}) {
      TJ_ASSIGN_OR_RETURN(const auto note, open.view.NewestStatement(signer, kind));
      if (!note) continue;
      api::StatementInfo& info = *reply.add_statements();
      info.set_kind(kind == crypto::StatementKind::kSeen ? "seen" : "held");
      info.set_signer(signer.text());
      info.set_size(note->head.size);
      info.set_at(note->signatures.front().at.Text());
      reply.add_statement_notes(note->Text());
    }
  }
  return reply;
}

std::vector<NodeCode> NodeServices::StatersOf(const LedgerId& ledger) const {
  const auto trust = parts_.host.trust();
  std::vector<NodeCode> signers;
  const auto add = [&](const NodeCode& code) {
    if (code == ledger.origin) return;
    if (std::find(signers.begin(), signers.end(), code) == signers.end()) signers.push_back(code);
  };
  const crypto::TrustedNode* origin = trust->Find(ledger.origin);
  if (origin != nullptr && origin->parent) add(*origin->parent);
  if (const auto witness = WitnessOf(ledger)) add(*witness);
  for (const NodeCode& child : trust->ChildrenOf(ledger.origin)) add(child);
  for (const NodeCode& reader : trust->FartherFollowers(ledger.origin)) add(reader);
  return signers;
}

absl::StatusOr<api::LedgerShowReply> NodeServices::LedgerShow(
    const api::LedgerShowRequest& request) {
  TJ_ASSIGN_OR_RETURN(const OpenLedger open, Open(request.ledger()));
  api::LedgerShowReply reply;
  reply.set_ledger(open.view.id().Text());
  reply.set_size(open.view.size());
  if (request.first() >= open.view.size()) return reply;
  const uint64_t wanted = request.count() == 0 ? 1 : request.count();
  const uint64_t count = std::min(
      {wanted, static_cast<uint64_t>(kRecordsPerAnswer), open.view.size() - request.first()});
  TJ_ASSIGN_OR_RETURN(const auto leaves, open.view.Leaves({request.first()}, count));
  for (size_t i = 0; i < leaves.size(); ++i) {
    const Index index{request.first() + i};
    api::RecordInfo info = RecordOf(index, leaves[i]);
    TJ_ASSIGN_OR_RETURN(*info.mutable_witnessed_at(), WitnessedAt(open.view, index));
    *reply.add_records() = std::move(info);
  }
  return reply;
}

absl::StatusOr<std::vector<Index>> NodeServices::CaseLeaves(const std::string& case_no) const {
  const auto derived = parts_.derived.Snapshot();
  TJ_ASSIGN_OR_RETURN(const auto state, cases::FindCase(*derived, case_no));
  if (!state) return Error(ErrorCode::kStoreAbsent, Cat("no case ", PrintableExcerpt(case_no)));
  std::vector<Index> leaves;
  for (const cases::EventRef& event : state->events()) leaves.push_back({event.index()});
  return leaves;
}

// One that a follower has seen, if there is one: that is worth more than the origin's word alone.
absl::StatusOr<crypto::Note> NodeServices::HeadToProve(const store::LedgerView& view,
                                                       uint64_t size) const {
  for (const NodeCode& signer : StatersOf(view.id())) {
    TJ_ASSIGN_OR_RETURN(const auto seen,
                        view.StatementCovering(signer, crypto::StatementKind::kSeen, size));
    if (!seen || seen->head.size > view.size()) continue;
    TJ_ASSIGN_OR_RETURN(const auto head, view.HeadOf(seen->head.size, seen->head.at));
    if (head) return *head;
  }
  TJ_ASSIGN_OR_RETURN(const auto head, view.HeadCovering(size));
  if (head) return *head;
  return Error(ErrorCode::kStoreAbsent, "those records are not under a signed head yet");
}

absl::StatusOr<api::LedgerProveReply> NodeServices::LedgerProve(
    const api::LedgerProveRequest& request) {
  TJ_ASSIGN_OR_RETURN(OpenLedger open, Open(request.ledger()));
  std::vector<Index> wanted;
  for (const uint64_t index : request.indices()) wanted.push_back({index});
  if (!request.case_no().empty()) {
    TJ_ASSIGN_OR_RETURN(wanted, CaseLeaves(request.case_no()));
  }
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  if (wanted.empty()) return Error(ErrorCode::kUsage, "name record indices or a case");
  if (wanted.size() > kRecordsPerAnswer) {
    return Error(ErrorCode::kQueryLimit, Cat("at most ", kRecordsPerAnswer, " records a file"));
  }
  TJ_ASSIGN_OR_RETURN(const crypto::Note head, HeadToProve(open.view, wanted.back().value + 1));
  crypto::EvidenceParts parts{.note = head, .records = {}, .signing = {}, .intermediates = {}};
  auto& lines = parts.note.signatures;
  for (const NodeCode& signer : StatersOf(open.view.id())) {
    for (const auto kind : {crypto::StatementKind::kSeen, crypto::StatementKind::kHeld}) {
      TJ_ASSIGN_OR_RETURN(const auto statement,
                          open.view.StatementCovering(signer, kind, head.head.size));
      if (statement && statement->head == head.head && lines.size() < limits::kNoteSignaturesMax) {
        lines.push_back(statement->signatures.front());
      }
    }
  }
  for (const Index index : wanted) {
    TJ_ASSIGN_OR_RETURN(auto leaves, open.view.Leaves(index, 1));
    TJ_ASSIGN_OR_RETURN(auto inclusion, open.view.InclusionProof(index, head.head.size));
    parts.records.push_back({index, std::move(leaves.front()), std::move(inclusion)});
  }
  const auto trust = parts_.host.trust();
  for (const crypto::TrustedNode& node : trust->nodes()) {
    parts.signing.insert(parts.signing.end(), node.signing.begin(), node.signing.end());
  }
  api::LedgerProveReply reply;
  TJ_ASSIGN_OR_RETURN(*reply.mutable_evidence(), crypto::BuildEvidence(std::move(parts)));
  return reply;
}

}  // namespace tj::app
