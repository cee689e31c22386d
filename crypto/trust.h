// TrustStore: who is a node, under whom, for which regions, with which keys. Immutable after it is
// made; a change makes a new one. Thread-safe.

#ifndef TJ_CRYPTO_TRUST_H_
#define TJ_CRYPTO_TRUST_H_

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/certificate.h"
#include "crypto/note.h"
#include "crypto/tree_path.h"
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
  // Records of its own that its followers take a day; none: as many as there are.
  std::optional<uint64_t> records_per_day;
  std::optional<Epoch> epoch;  // of its ledger that goes on; earlier ones are frozen. None: any
  // Nodes farther away than parent and children whose ledgers it follows: the neighbour on the way
  // there passes them on.
  std::vector<NodeCode> follows;
};

class TrustStore {
 public:
  // Checks every signing and encryption certificate: its chain to `record_roots` at `at` or, where
  // it has expired by then or begins later, at that end of its validity (Verify sees to it that it
  // counts within it only); its SAN, key and use.
  // Codes must be unique and parents form one tree; who follows a farther ledger does so through
  // nodes that follow it, too. TRUST-FILE, or what the chain is refused with.
  static absl::StatusOr<TrustStore> Make(std::vector<TrustedNode> nodes,
                                         std::vector<Certificate> record_roots,
                                         std::span<const Certificate> intermediates, Instant at);

  const TrustedNode* Find(const NodeCode& code) const;  // borrowed, or null
  const std::vector<TrustedNode>& nodes() const { return nodes_; }
  const std::vector<Certificate>& record_roots() const { return record_roots_; }

  // Where `reader` stands relative to ledgers of `origin`.
  Relation RelationOf(const NodeCode& reader, const NodeCode& origin) const;
  std::vector<NodeCode> ChildrenOf(const NodeCode& code) const;
  // The neighbour of `from` on the tree's path to `to`; none when they are one, or unknown.
  std::optional<NodeCode> NextTo(const NodeCode& from, const NodeCode& to) const {
    return crypto::NextTo(parents_, from, to);
  }
  // Who follows ledgers of `origin` from farther away than a neighbour, in the order of codes.
  std::vector<NodeCode> FartherFollowers(const NodeCode& origin) const;
  bool FollowsFarther(const NodeCode& reader, const NodeCode& origin) const;
  // Whether this is the ledger of its origin that goes on.
  bool GoesOn(const LedgerId& ledger) const;

  // Verifies one line of a note by the keys of its signer. A key counts while its certificate is
  // valid, by the time in the line (a head's own for the origin). TRUST-UNKNOWN-NODE;
  // SYNC-UNKNOWN-KEY when no key of the signer with its key id counts then; CRYPTO-SIGNATURE.
  absl::Status Verify(const Head& head, const NoteSignature& line) const;
  // The same for another text that a node signs with that key: `der` over `text`, made at `at`.
  absl::Status VerifyText(const NodeCode& signer, const std::array<uint8_t, 4>& key_id, Instant at,
                          ByteView text, ByteView der) const;
  // At least one line of the origin is right (there are two while it changes its key).
  absl::Status VerifyOrigin(const Note& note) const;
  // TRUST-UNKNOWN-NODE or SYNC-PEER unless the TLS certificate's SAN names `code` and its key is
  // listed for it.
  absl::Status VerifyChannel(const NodeCode& code, const Certificate& tls) const;

 private:
  // A signing key and when its certificate is valid.
  struct SigningKey {
    std::array<uint8_t, 4> id;
    Sm2PublicKey key;
    Instant not_before;
    Instant not_after;
  };

  TrustStore() = default;
  // Tries the signer's keys of that id that count at `at`.
  absl::Status VerifyWithKey(const NodeCode& signer, const std::array<uint8_t, 4>& key_id,
                             Instant at,
                             const std::function<absl::Status(const Sm2PublicKey&)>& check) const;
  absl::Status IndexNodes();
  absl::Status CheckTree() const;
  absl::Status TakeFollows();
  absl::Status TakeKeys(std::span<const Certificate> intermediates, Instant at);

  std::vector<TrustedNode> nodes_;
  std::map<NodeCode, size_t> by_code_;
  Parents parents_;
  std::map<NodeCode, std::vector<NodeCode>> farther_;  // followers by origin
  std::vector<std::vector<SigningKey>> keys_;          // of nodes_, in their order
  std::vector<Certificate> record_roots_;
};

}  // namespace tj::crypto

#endif  // TJ_CRYPTO_TRUST_H_
