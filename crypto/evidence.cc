#include "crypto/evidence.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "crypto/leaf_hash.h"
#include "crypto/merkle/verify.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/evidence.pb.h"

namespace tj::crypto {
namespace {

constexpr uint32_t kVersion = 1;
// A thousand of the longest bodies; beyond that a file is not evidence but an export.
constexpr size_t kFileBytesMax = 1024 * limits::kBodyBytesMax;
// A signing certificate a line, and their chains.
constexpr size_t kCertificatesMax = limits::kNoteSignaturesMax + limits::kCertificateChainMax;

absl::Status Bad(std::string_view what) { return Error(ErrorCode::kWireEvidence, what); }

absl::StatusOr<v1::Evidence> Parse(ByteView file) {
  if (file.size() > kFileBytesMax) return Error(ErrorCode::kWireLimit, "evidence file");
  v1::Evidence evidence;
  if (!evidence.ParseFromArray(file.data(), static_cast<int>(file.size()))) {
    return Bad("not an evidence message");
  }
  // One spelling: what is unknown, out of order, doubled or spelt at length is lost by writing it
  // again.
  evidence.DiscardUnknownFields();
  if (evidence.SerializeAsString() != file) return Bad("not in canonical form");
  if (evidence.version() != kVersion) return Bad(Cat("version ", evidence.version()));
  if (evidence.records().empty()) return Bad("no records");
  return evidence;
}

absl::StatusOr<Note> ParseHead(const v1::Evidence& evidence, const EvidencePolicy& policy) {
  TJ_ASSIGN_OR_RETURN(Note note, ParseNote(evidence.head()));
  if (note.head.ledger.Text() != evidence.ledger()) return Bad("head of another ledger");
  if (policy.origin && note.head.ledger.origin != *policy.origin) {
    return Error(ErrorCode::kCryptoOrigin, Cat("ledger ", evidence.ledger()));
  }
  for (size_t i = 0; i < note.signatures.size(); ++i) {
    const NoteSignature& line = note.signatures[i];
    const bool by_origin = line.signer == note.head.ledger.origin;
    const bool first = i == 0;
    if (first != (line.kind == StatementKind::kOrigin) || first != by_origin) {
      return Bad("lines are not the origin's and then others' statements");
    }
  }
  return note;
}

absl::StatusOr<std::vector<Certificate>> ParseCertificates(const v1::Evidence& evidence) {
  if (static_cast<size_t>(evidence.certificates_size()) > kCertificatesMax) {
    return Bad("too many certificates");
  }
  std::vector<Certificate> out;
  for (const Bytes& der : evidence.certificates()) {
    absl::StatusOr<Certificate> certificate = Certificate::FromDer(der);
    if (certificate.ok() && certificate->Der() != der) certificate = Bad("not in canonical form");
    if (!certificate.ok()) return At(Cat("certificate ", out.size() + 1), certificate.status());
    out.push_back(*std::move(certificate));
  }
  return out;
}

// The lines of one note against the certificates that came with it.
class LineChecker {
 public:
  LineChecker(const Note& note, std::span<const Certificate> certificates,
              const EvidencePolicy& policy)
      : note_(note), certificates_(certificates), policy_(policy) {}

  absl::Status Check() {
    for (const NoteSignature& line : note_.signatures) {
      const absl::Status status = CheckLine(line);
      if (!status.ok()) return At(Cat("line of ", line.signer.text()), status);
    }
    return CheckIntermediatesNeeded();
  }

 private:
  struct Checked {
    Instant at;
    size_t certificate;
  };

  absl::Status CheckLine(const NoteSignature& line) {
    const Instant at = line.kind == StatementKind::kOrigin ? note_.head.at : line.at;
    // A certificate for an earlier line, or the next new one: their order is that of the lines.
    absl::Status refusal = Error(ErrorCode::kCryptoCertificate, "none for its key");
    for (size_t i = 0; i < certificates_.size() && i <= signers_; ++i) {
      const Certificate& certificate = certificates_[i];
      if (!MatchesKey(certificate, line)) continue;
      refusal = CheckBy(certificate, line, at);
      if (!refusal.ok()) continue;
      signers_ = std::max(signers_, i + 1);
      checked_.push_back({at, i});
      return absl::OkStatus();
    }
    return refusal;
  }

  static bool MatchesKey(const Certificate& certificate, const NoteSignature& line) {
    const absl::StatusOr<Sm2PublicKey> key = certificate.Sm2Key();
    return key.ok() && certificate.Node() == line.signer &&
           KeyId(line.signer, key->Point()) == line.key_id;
  }

  absl::Status CheckBy(const Certificate& certificate, const NoteSignature& line, Instant at) {
    if (certificate.IsCa() || !certificate.MaySign()) {
      return Error(ErrorCode::kCryptoCertificate, "not for signing records");
    }
    TJ_ASSIGN_OR_RETURN(const Sm2PublicKey key, certificate.Sm2Key());
    TJ_RETURN_IF_ERROR(VerifySignature(note_.head, line, key));
    return CheckChain(certificate, Intermediates(certificates_.size()), policy_.roots, {}, at);
  }

  // The authorities among the certificates, without number `left_out`.
  std::vector<Certificate> Intermediates(size_t left_out) const {
    std::vector<Certificate> out;
    for (size_t i = 0; i < certificates_.size(); ++i) {
      if (i != left_out && certificates_[i].IsCa()) out.push_back(certificates_[i]);
    }
    return out;
  }

  // A certificate is needed when some chain fails without it.
  absl::Status CheckIntermediatesNeeded() const {
    for (size_t i = signers_; i < certificates_.size(); ++i) {
      const std::vector<Certificate> others = Intermediates(i);
      const bool needless = std::all_of(checked_.begin(), checked_.end(), [&](const Checked& c) {
        return CheckChain(certificates_[c.certificate], others, policy_.roots, {}, c.at).ok();
      });
      if (needless) return At(Cat("certificate ", i + 1), Bad("not used"));
    }
    return absl::OkStatus();
  }

  const Note& note_;
  const std::span<const Certificate> certificates_;
  const EvidencePolicy& policy_;
  size_t signers_ = 0;  // the first so many certificates have signed
  std::vector<Checked> checked_;
};

absl::StatusOr<EvidenceVerdict::Record> CheckRecord(const v1::EvidenceRecord& record,
                                                    const Head& head) {
  TJ_ASSIGN_OR_RETURN(const wire::Header header, wire::DecodeHeader(record.header()));
  Hash body_hash;
  if (record.body().empty()) {
    const std::optional<Hash> given = Hash::FromBytes(record.body_hash());
    if (!given) return Bad("neither body nor body hash");
    body_hash = *given;
  } else {
    if (!record.body_hash().empty()) return Bad("both body and body hash");
    if (record.body().size() > limits::kBodyBytesMax) return Bad("body too long");
    body_hash = BodyHash(record.body());
  }
  std::vector<Hash> proof;
  for (const Bytes& bytes : record.inclusion()) {
    const std::optional<Hash> hash = Hash::FromBytes(bytes);
    if (!hash) return Bad("a hash of the proof is not 32 bytes");
    proof.push_back(*hash);
  }
  const Hash leaf = LeafHash(header, body_hash);
  TJ_RETURN_IF_ERROR(merkle::VerifyInclusion<merkle::Sm3Hasher>(record.index(), head.size, leaf,
                                                                proof, head.root));
  return EvidenceVerdict::Record{{record.index()}, header, record.body(), leaf};
}

absl::Status CheckRecords(const v1::Evidence& evidence, EvidenceVerdict& verdict) {
  for (const v1::EvidenceRecord& record : evidence.records()) {
    if (!verdict.records.empty() && record.index() <= verdict.records.back().index.value) {
      return Bad("records are not in order");
    }
    absl::StatusOr<EvidenceVerdict::Record> checked = CheckRecord(record, verdict.head);
    if (!checked.ok()) return At(Cat("record ", record.index()), checked.status());
    verdict.records.push_back(*std::move(checked));
  }
  return absl::OkStatus();
}

// All lines are verified. The first `seen` of those that count decides.
void FindWitness(const Note& note, const EvidencePolicy& policy, EvidenceVerdict& verdict) {
  for (const NoteSignature& line : note.signatures) {
    if (line.kind != StatementKind::kSeen) continue;
    if (policy.witness && line.signer != *policy.witness) continue;
    if (verdict.witnessed && verdict.witnessed_at <= line.at) continue;
    verdict.witnessed = true;
    verdict.witness = line.signer;
    verdict.witnessed_at = line.at;
  }
  verdict.delivered =
      verdict.witnessed && note.Find(StatementKind::kHeld, *verdict.witness) != nullptr;
}

}  // namespace

absl::StatusOr<EvidenceVerdict> VerifyEvidence(ByteView file, const EvidencePolicy& policy) {
  TJ_ASSIGN_OR_RETURN(const v1::Evidence evidence, Parse(file));
  const absl::StatusOr<Note> note = ParseHead(evidence, policy);
  if (!note.ok()) return At("head", note.status());
  TJ_ASSIGN_OR_RETURN(const std::vector<Certificate> certificates, ParseCertificates(evidence));
  TJ_RETURN_IF_ERROR(LineChecker(*note, certificates, policy).Check());
  EvidenceVerdict verdict{.head = note->head};
  TJ_RETURN_IF_ERROR(CheckRecords(evidence, verdict));
  FindWitness(*note, policy, verdict);
  if (policy.require_witness && !verdict.witnessed) {
    return Error(ErrorCode::kCryptoWitness,
                 policy.witness ? Cat("of ", policy.witness->text()) : "of anyone");
  }
  return verdict;
}

}  // namespace tj::crypto
