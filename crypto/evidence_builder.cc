#include "crypto/evidence_builder.h"

#include <algorithm>
#include <utility>

#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/evidence.pb.h"

namespace tj::crypto {
namespace {

bool HasKeyOf(const Certificate& certificate, const NoteSignature& line, Instant at) {
  const absl::StatusOr<Sm2PublicKey> key = certificate.Sm2Key();
  return key.ok() && certificate.Node() == line.signer && certificate.MaySign() &&
         KeyId(line.signer, key->Point()) == line.key_id && certificate.not_before() <= at &&
         at <= certificate.not_after();
}

// Appends each line's certificate in order of the lines, each once.
absl::Status AddSigners(const Note& note, const std::vector<Certificate>& signing,
                        v1::Evidence& out) {
  std::vector<bool> added(signing.size());
  for (const NoteSignature& line : note.signatures) {
    const Instant at = line.kind == StatementKind::kOrigin ? note.head.at : line.at;
    const auto found = std::find_if(signing.begin(), signing.end(),
                                    [&](const Certificate& c) { return HasKeyOf(c, line, at); });
    if (found == signing.end()) {
      return Error(ErrorCode::kCryptoCertificate, Cat("none for the line of ", line.signer.text()));
    }
    const auto i = static_cast<size_t>(found - signing.begin());
    if (!added[i]) out.add_certificates(found->Der());
    added[i] = true;
  }
  return absl::OkStatus();
}

void AddRecord(EvidenceParts::Record record, v1::Evidence& out) {
  v1::EvidenceRecord& row = *out.add_records();
  row.set_index(record.index.value);
  wire::EncodeHeader(record.leaf.header, *row.mutable_header());
  if (record.leaf.body.empty()) {
    row.set_body_hash(Bytes(record.leaf.body_hash.view()));
  } else {
    row.set_body(std::move(record.leaf.body));
  }
  for (const Hash& hash : record.inclusion) row.add_inclusion(Bytes(hash.view()));
}

}  // namespace

absl::StatusOr<Bytes> BuildEvidence(EvidenceParts parts) {
  auto& lines = parts.note.signatures;
  const auto own = std::find_if(lines.begin(), lines.end(), [](const NoteSignature& line) {
    return line.kind == StatementKind::kOrigin;
  });
  if (own == lines.end()) return Error(ErrorCode::kCryptoNote, "no line of the origin");
  std::rotate(lines.begin(), own, own + 1);
  auto& records = parts.records;
  std::sort(records.begin(), records.end(),
            [](const auto& a, const auto& b) { return a.index < b.index; });
  const auto twice =
      std::adjacent_find(records.begin(), records.end(),
                         [](const auto& a, const auto& b) { return a.index == b.index; });
  if (records.empty() || twice != records.end()) {
    return Error(ErrorCode::kWireEvidence, records.empty() ? "no records" : "a record twice");
  }

  v1::Evidence out;
  out.set_version(1);
  out.set_ledger(parts.note.head.ledger.Text());
  out.set_head(parts.note.Text());
  for (EvidenceParts::Record& record : records) AddRecord(std::move(record), out);
  TJ_RETURN_IF_ERROR(AddSigners(parts.note, parts.signing, out));
  for (const Certificate& certificate : parts.intermediates) {
    out.add_certificates(certificate.Der());
  }
  return out.SerializeAsString();
}

}  // namespace tj::crypto
