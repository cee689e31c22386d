#include "sync/core/statement.h"

#include <utility>

#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::sync {

absl::StatusOr<crypto::Note> VerifiedHead(const crypto::TrustStore& trust,
                                          const crypto::Note& note) {
  crypto::Note head{.head = note.head};
  absl::Status first_problem = absl::OkStatus();
  for (const crypto::NoteSignature& line : note.signatures) {
    if (line.kind != crypto::StatementKind::kOrigin || line.signer != note.head.ledger.origin) {
      continue;
    }
    absl::Status status = trust.Verify(note.head, line);
    if (status.ok()) {
      head.signatures.push_back(line);
    } else if (first_problem.ok()) {
      first_problem = std::move(status);
    }
  }
  if (!head.signatures.empty()) return head;
  if (!first_problem.ok()) return first_problem;
  return Error(ErrorCode::kCryptoSignature, "the origin did not sign it");
}

absl::StatusOr<crypto::Note> MakeStatement(const crypto::Note& head, crypto::StatementKind kind,
                                           const NodeCode& self, uint8_t profile, Instant at,
                                           crypto::Signer& signer) {
  const crypto::NoteSignature* origin =
      head.Find(crypto::StatementKind::kOrigin, head.head.ledger.origin);
  if (origin == nullptr) return Error(ErrorCode::kInternal, "a head without its origin's line");
  crypto::Note statement{.head = head.head, .signatures = {*origin}};
  TJ_ASSIGN_OR_RETURN(auto line, crypto::SignStatement(head.head, kind, self, profile, at, signer));
  statement.signatures.push_back(std::move(line));
  return statement;
}

crypto::Note WithoutOrigin(const crypto::Note& statement) {
  crypto::Note stored = statement;
  std::erase_if(stored.signatures, [](const crypto::NoteSignature& line) {
    return line.kind == crypto::StatementKind::kOrigin;
  });
  return stored;
}

crypto::Note WithOrigin(const crypto::Note& stored, const crypto::Note& head) {
  crypto::Note statement{.head = stored.head};
  const crypto::NoteSignature* origin =
      head.Find(crypto::StatementKind::kOrigin, head.head.ledger.origin);
  if (origin != nullptr) statement.signatures.push_back(*origin);
  statement.signatures.insert(statement.signatures.end(), stored.signatures.begin(),
                              stored.signatures.end());
  return statement;
}

absl::StatusOr<crypto::NoteSignature> CheckStatement(const crypto::TrustStore& trust,
                                                     const crypto::Note& note,
                                                     crypto::StatementKind kind,
                                                     const NodeCode& signer) {
  const crypto::NoteSignature* line = note.Find(kind, signer);
  if (line == nullptr || note.signatures.size() != 2) {
    return Error(ErrorCode::kCryptoSignature,
                 Cat("not a statement of ", signer.text(), " beside the origin's line"));
  }
  TJ_RETURN_IF_ERROR(trust.Verify(note.head, *line));
  TJ_RETURN_IF_ERROR(VerifiedHead(trust, note).status());
  return *line;
}

}  // namespace tj::sync
