// A made-up county ledger with its certificates, and evidence from it: what tests of evidence start
// from. The county 370826 signs, the bureau 370800 has seen and held. Keys are fresh each time; all
// else is fixed. Not thread-safe.

#ifndef TJ_TESTS_UNIT_CRYPTO_EVIDENCE_SAMPLE_H_
#define TJ_TESTS_UNIT_CRYPTO_EVIDENCE_SAMPLE_H_

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/evidence.h"
#include "crypto/evidence_builder.h"
#include "crypto/issue.h"
#include "crypto/leaf_hash.h"
#include "crypto/merkle/proof.h"
#include "crypto/note.h"
#include "crypto/sm2.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/record.h"

namespace tj::crypto {

inline NodeCode NodeOf(std::string_view text) { return *NodeCode::Parse(text); }
inline Instant TimeOf(std::string_view text) { return *Instant::ParseCanonical(text); }

// Hashes every node that it is asked for from the leaves.
class LeafSource final : public merkle::NodeSource {
 public:
  explicit LeafSource(const std::vector<Hash>& leaves) : leaves_(leaves) {}
  absl::StatusOr<Hash> NodeAt(int height, uint64_t index) override {
    if (height == 0) return leaves_.at(index);
    const Hash left = *NodeAt(height - 1, 2 * index);
    return merkle::Sm3Hasher::Node(left, *NodeAt(height - 1, 2 * index + 1));
  }

 private:
  const std::vector<Hash>& leaves_;
};

class EvidenceSample {
 public:
  static constexpr uint64_t kSize = 100;

  EvidenceSample() {
    for (uint64_t i = 0; i < kSize; ++i) AddLeaf(i);
    LeafSource nodes(hashes_);
    const Head head{{NodeOf("370826"), {1}},
                    kSize,
                    *merkle::RootAt<merkle::Sm3Hasher>(nodes, kSize),
                    TimeOf("2026-11-22T08:12:03.123Z")};
    note_.push_back(*SignHead(head, origin_.signer));
    AddStatement(StatementKind::kSeen, bureau_, "2026-11-22T08:12:04.000Z");
    AddStatement(StatementKind::kHeld, bureau_, "2026-11-22T08:12:05.000Z");
  }

  // A node with its certificate under a root.
  struct Party {
    Party(const Issued& root, std::string_view code_text, const Validity& validity)
        : code(NodeOf(code_text)),
          issued(*IssueForNode(root.certificate_pem, root.key_pem, "", code,
                               Purpose::kRecordSigning, validity, "")),
          certificate(*Certificate::FromPem(issued.certificate_pem)),
          signer(*Sm2PrivateKey::FromPem(issued.key_pem, "")) {}
    NodeCode code;
    Issued issued;
    Certificate certificate;
    KeySigner signer;
  };

  static Validity Year2026() {
    return {TimeOf("2026-01-01T00:00:00.000Z"), TimeOf("2026-12-31T23:59:59.000Z")};
  }

  Note& note() { return note_.front(); }
  void AddStatement(StatementKind kind, Party& by, std::string_view at) {
    note().signatures.push_back(
        *SignStatement(note().head, kind, by.code, kProfileIntl, TimeOf(at), by.signer));
  }

  // Evidence of these records, bodies shown.
  EvidenceParts Parts(std::initializer_list<uint64_t> indices) {
    EvidenceParts parts{.note = note(), .signing = {origin_.certificate, bureau_.certificate}};
    LeafSource nodes(hashes_);
    for (const uint64_t i : indices) {
      parts.records.push_back(
          {{i}, leaves_[i], *merkle::InclusionProof<merkle::Sm3Hasher>(nodes, i, kSize)});
    }
    return parts;
  }

  EvidencePolicy Policy() const {
    return {.roots = {*Certificate::FromPem(root_.certificate_pem)}};
  }

  const Issued& root() const { return root_; }
  Party& origin() { return origin_; }
  Party& bureau() { return bureau_; }
  const std::vector<wire::Leaf>& leaves() const { return leaves_; }
  const std::vector<Hash>& hashes() const { return hashes_; }

 private:
  void AddLeaf(uint64_t i) {
    wire::Leaf leaf;
    leaf.header.family = Family::kCaseEvent;
    leaf.header.audience = Audience::kParent;
    leaf.header.recorded_at =
        TimeOf("2026-11-22T08:00:00.000Z") + Duration(static_cast<int64_t>(i));
    leaf.body = *wire::EncodeBody(Bytes(wire::kSaltBytes, static_cast<char>(i)), Cat("record ", i),
                                  std::nullopt, std::nullopt);
    leaf.body_hash = BodyHash(leaf.body);
    hashes_.push_back(LeafHash(leaf.header, leaf.body_hash));
    leaves_.push_back(std::move(leaf));
  }

  const Issued root_ = *MakeRoot(KeyKind::kSm2, "Record root of the tests", Year2026(), "");
  Party origin_{root_, "370826", Year2026()};
  Party bureau_{root_, "370800", Year2026()};
  std::vector<wire::Leaf> leaves_;
  std::vector<Hash> hashes_;
  std::vector<Note> note_;  // one; a Note cannot be made before its head
};

}  // namespace tj::crypto

#endif  // TJ_TESTS_UNIT_CRYPTO_EVIDENCE_SAMPLE_H_
