// TrustStore: who is a node, under whom, for which regions, with which keys. Immutable after it is
// made; a change makes a new one. Thread-safe.

#ifndef TJ_CRYPTO_TRUST_H_
#define TJ_CRYPTO_TRUST_H_

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/certificate.h"
#include "crypto/note.h"
#include "protocol/vocab/family.h"
#include "protocol/vocab/ids.h"

namespace tj::crypto {

struct TrustedNode {
  NodeCode code;
  std::optional<NodeCode> parent;  // absent at the top
  std::string name;                // 名称, for people
  std::vector<RegionCode> regions;
  std::vector<Certificate> signing;  // current and earlier SM2 signing certificates
  std::vector<Certificate> encryption;
  std::vector<Hash> tls_keys;  // KeyFingerprint of TLS certificates that may connect
};

class TrustStore {
 public:
  // Checks every signing certificate's chain to `record_roots` at `at` and that its SAN names the
  // node; parents must exist and form a tree. TRUST-FILE or CRYPTO-CHAIN.
  static absl::StatusOr<TrustStore> Make(std::vector<TrustedNode> nodes,
                                         std::vector<Certificate> record_roots,
                                         std::span<const Certificate> intermediates, Instant at);

  const TrustedNode* Find(const NodeCode& code) const;  // borrowed, or null
  const std::vector<TrustedNode>& nodes() const { return nodes_; }
  const std::vector<Certificate>& record_roots() const { return record_roots_; }

  // Where `reader` stands relative to ledgers of `origin`.
  Relation RelationOf(const NodeCode& reader, const NodeCode& origin) const;
  std::vector<NodeCode> ChildrenOf(const NodeCode& code) const;

  // Verifies one line of a note by the keys of its signer: SYNC-UNKNOWN-KEY when no key of the
  // signer has its key id, TRUST-UNKNOWN-NODE, CRYPTO-SIGNATURE.
  absl::Status Verify(const Head& head, const NoteSignature& line) const;
  // The origin's own line: present and right.
  absl::Status VerifyOrigin(const Note& note) const;
  // TRUST-UNKNOWN-NODE or SYNC-PEER unless the TLS certificate's SAN names `code` and its key is
  // listed for it.
  absl::Status VerifyChannel(const NodeCode& code, const Certificate& tls) const;

 private:
  TrustStore() = default;
  std::vector<TrustedNode> nodes_;
  std::map<NodeCode, size_t> by_code_;
  std::vector<Certificate> record_roots_;
};

}  // namespace tj::crypto

#endif  // TJ_CRYPTO_TRUST_H_
