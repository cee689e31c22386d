#include "crypto/trust.h"

#include <algorithm>
#include <utility>

#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::crypto {
namespace {

absl::Status BadFile(std::string_view why) { return Error(ErrorCode::kTrustFile, why); }

// What holds of a node's signing and encryption certificates alike.
absl::Status CheckRecordCertificate(const Certificate& certificate, const NodeCode& node,
                                    std::span<const Certificate> intermediates,
                                    std::span<const Certificate> roots, Instant at) {
  if (certificate.Node() != node) {
    return BadFile("the certificate does not name the node");
  }
  TJ_RETURN_IF_ERROR(certificate.Sm2Key().status());
  if (certificate.not_before() > certificate.not_after()) return BadFile("validity ends first");
  return CheckChain(certificate, intermediates, roots, {},
                    std::clamp(at, certificate.not_before(), certificate.not_after()));
}

}  // namespace

absl::StatusOr<TrustStore> TrustStore::Make(std::vector<TrustedNode> nodes,
                                            std::vector<Certificate> record_roots,
                                            std::span<const Certificate> intermediates,
                                            Instant at) {
  TrustStore store;
  store.nodes_ = std::move(nodes);
  store.record_roots_ = std::move(record_roots);
  TJ_RETURN_IF_ERROR(store.IndexNodes());
  TJ_RETURN_IF_ERROR(store.CheckTree());
  TJ_RETURN_IF_ERROR(store.TakeFollows());
  TJ_RETURN_IF_ERROR(store.TakeKeys(intermediates, at));
  return store;
}

absl::Status TrustStore::IndexNodes() {
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (!by_code_.emplace(nodes_[i].code, i).second) {
      return BadFile(Cat("node ", nodes_[i].code.text(), " stands twice"));
    }
  }
  return absl::OkStatus();
}

absl::Status TrustStore::CheckTree() const {
  size_t tops = 0;
  for (const TrustedNode& node : nodes_) {
    tops += node.parent ? 0 : 1;
    if (node.parent && Find(*node.parent) == nullptr) {
      return BadFile(
          Cat("node ", node.code.text(), ": parent ", node.parent->text(), " is not a node"));
    }
  }
  if (tops != 1) return BadFile(Cat("one node has no parent, the top; here ", tops));
  for (const TrustedNode& node : nodes_) {
    const TrustedNode* above = &node;
    for (size_t steps = 0; above->parent; ++steps) {
      if (steps == nodes_.size()) {
        return BadFile(Cat("node ", node.code.text(), " is above itself"));
      }
      above = Find(*above->parent);
    }
  }
  return absl::OkStatus();
}

absl::Status TrustStore::TakeFollows() {
  const auto problems = FindFollowsProblems(nodes_);
  if (!problems.empty()) {
    return BadFile(
        Cat("node ", nodes_[problems.front().node].code.text(), ": ", problems.front().what));
  }
  for (const auto& [code, at] : by_code_) {
    parents_.emplace(code, nodes_[at].parent);
    for (const NodeCode& origin : nodes_[at].follows) farther_[origin].push_back(code);
  }
  return absl::OkStatus();
}

absl::Status TrustStore::TakeKeys(std::span<const Certificate> intermediates, Instant at) {
  for (const TrustedNode& node : nodes_) {
    const std::string place = Cat("node ", node.code.text());
    std::vector<SigningKey>& keys = keys_.emplace_back();
    for (const Certificate& certificate : node.signing) {
      absl::Status status =
          CheckRecordCertificate(certificate, node.code, intermediates, record_roots_, at);
      if (status.ok() && !certificate.MaySign()) status = BadFile("the certificate may not sign");
      if (!status.ok()) return At(Cat(place, ": signing"), status);
      TJ_ASSIGN_OR_RETURN(Sm2PublicKey key, certificate.Sm2Key());
      const auto id = KeyId(node.code, key.Point());
      keys.push_back({id, std::move(key), certificate.not_before(), certificate.not_after()});
    }
    for (const Certificate& certificate : node.encryption) {
      const absl::Status status =
          CheckRecordCertificate(certificate, node.code, intermediates, record_roots_, at);
      if (!status.ok()) return At(Cat(place, ": encryption"), status);
    }
  }
  return absl::OkStatus();
}

const TrustedNode* TrustStore::Find(const NodeCode& code) const {
  const auto found = by_code_.find(code);
  return found == by_code_.end() ? nullptr : &nodes_[found->second];
}

Relation TrustStore::RelationOf(const NodeCode& reader, const NodeCode& origin) const {
  if (reader == origin) return Relation::kSelf;
  const TrustedNode* const from = Find(origin);
  const TrustedNode* const to = Find(reader);
  if (from == nullptr || to == nullptr) return Relation::kOther;
  if (from->parent == reader) return Relation::kParent;
  if (to->parent == origin) return Relation::kChild;
  for (const TrustedNode* above = from; above->parent; above = Find(*above->parent)) {
    if (above->parent == reader) return Relation::kAncestor;
  }
  return Relation::kOther;
}

bool TrustStore::GoesOn(const LedgerId& ledger) const {
  const TrustedNode* node = Find(ledger.origin);
  return node != nullptr && (!node->epoch || *node->epoch == ledger.epoch);
}

std::vector<NodeCode> TrustStore::FartherFollowers(const NodeCode& origin) const {
  const auto found = farther_.find(origin);
  return found == farther_.end() ? std::vector<NodeCode>() : found->second;
}

bool TrustStore::FollowsFarther(const NodeCode& reader, const NodeCode& origin) const {
  const auto found = farther_.find(origin);
  return found != farther_.end() &&
         std::binary_search(found->second.begin(), found->second.end(), reader);
}

std::vector<NodeCode> TrustStore::ChildrenOf(const NodeCode& code) const {
  std::vector<NodeCode> children;
  for (const TrustedNode& node : nodes_) {
    if (node.parent == code) children.push_back(node.code);
  }
  return children;
}

absl::Status TrustStore::Verify(const Head& head, const NoteSignature& line) const {
  const Instant at = line.kind == StatementKind::kOrigin ? head.at : line.at;
  return VerifyWithKey(line.signer, line.key_id, at,
                       [&](const Sm2PublicKey& key) { return VerifySignature(head, line, key); });
}

absl::Status TrustStore::VerifyText(const NodeCode& signer, const std::array<uint8_t, 4>& key_id,
                                    Instant at, ByteView text, ByteView der) const {
  return VerifyWithKey(signer, key_id, at, [&](const Sm2PublicKey& key) {
    return key.Verify(text, der, kSm2DefaultId);
  });
}

absl::Status TrustStore::VerifyWithKey(
    const NodeCode& signer, const std::array<uint8_t, 4>& key_id, Instant at,
    const std::function<absl::Status(const Sm2PublicKey&)>& check) const {
  const auto found = by_code_.find(signer);
  if (found == by_code_.end()) return Error(ErrorCode::kTrustUnknownNode, signer.text());
  bool known = false;
  absl::Status refusal =
      Error(ErrorCode::kSyncUnknownKey,
            Cat(signer.text(), ", key id ",
                HexEncode({reinterpret_cast<const char*>(key_id.data()), key_id.size()})));
  for (const SigningKey& key : keys_[found->second]) {
    if (key.id != key_id) continue;
    if (at < key.not_before || at > key.not_after) {
      if (!known) {
        refusal =
            Error(ErrorCode::kSyncUnknownKey,
                  Cat("the certificate of ", signer.text(), " is valid from ",
                      key.not_before.Text(), " to ", key.not_after.Text(), ", not at ", at.Text()));
      }
      continue;
    }
    known = true;
    refusal = check(key.key);
    if (refusal.ok()) return refusal;
  }
  return refusal;
}

absl::Status TrustStore::VerifyOrigin(const Note& note) const {
  absl::Status refusal = Error(ErrorCode::kCryptoSignature, "the origin did not sign it");
  for (const NoteSignature& line : note.signatures) {
    if (line.kind != StatementKind::kOrigin) continue;
    refusal = Verify(note.head, line);
    if (refusal.ok()) return refusal;
  }
  return refusal;
}

absl::Status TrustStore::VerifyChannel(const NodeCode& code, const Certificate& tls) const {
  const TrustedNode* const node = Find(code);
  if (node == nullptr) return Error(ErrorCode::kTrustUnknownNode, code.text());
  if (tls.Node() != code) {
    return Error(ErrorCode::kSyncPeer, Cat("the TLS certificate does not name ", code.text()));
  }
  const Hash key = tls.KeyFingerprint();
  if (std::find(node->tls_keys.begin(), node->tls_keys.end(), key) == node->tls_keys.end()) {
    return Error(ErrorCode::kSyncPeer, Cat("the TLS key is not listed for ", code.text()));
  }
  return absl::OkStatus();
}

}  // namespace tj::crypto
