// Address tags (SPEC.md §3): the eight bytes of a record's header that name its one reader so that
// only origin and reader know whose they are. Both compute them, each from its own private and the
// other's public encryption key. Immutable; thread-safe.
//
//   Z   = x-coordinate of [own private key] other's point, 32 bytes (ECDH on the SM2 curve)
//   K   = SM3(Z ‖ 00 00 00 01)                  the KDF of GB/T 32918.4 §5.4.3 for 256 bits
//   tag = first 8 bytes of HMAC-SM3(K, "TJ-TAG-v1" ‖ ledger text)
//
// One origin's records for one reader have one tag in a ledger: others can count them, not more.

#ifndef TJ_CRYPTO_ADDRESS_TAG_H_
#define TJ_CRYPTO_ADDRESS_TAG_H_

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/sm2.h"
#include "crypto/trust.h"
#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"
#include "protocol/wire/record.h"

namespace tj::crypto {

using AddressTag = std::array<uint8_t, wire::kTagBytes>;

// K of two nodes; wiped at its end.
class AddressKey {
 public:
  // CRYPTO-UNAVAILABLE.
  static absl::StatusOr<AddressKey> Derive(const Sm2PrivateKey& own, const Sm2PublicKey& other);
  ~AddressKey();
  AddressKey(AddressKey&&) noexcept = default;
  AddressKey(const AddressKey&) = default;
  AddressKey& operator=(const AddressKey&) = delete;

  AddressTag TagIn(const LedgerId& ledger) const;

 private:
  explicit AddressKey(Bytes key) : key_(std::move(key)) {}
  Bytes key_;
};

// What a node knows of tags: those of its own ledger for all who follow it, those of the ledgers
// that it follows for itself. A new trust list makes a new one.
class AddressBook {
 public:
  // By every encryption certificate that the trust list has for the other, since records stay as
  // they were addressed. CRYPTO-KEY, CRYPTO-UNAVAILABLE.
  static absl::StatusOr<AddressBook> Make(const TrustStore& trust, const NodeCode& self,
                                          const Sm2PrivateKey& key);
  AddressBook(NodeCode self, std::multimap<NodeCode, AddressKey> shared)
      : self_(std::move(self)), shared_(std::move(shared)) {}

  // The tags by which records of `ledger` name `reader`. None unless one of the two is this node.
  std::vector<AddressTag> Tags(const NodeCode& reader, const LedgerId& ledger) const;

 private:
  NodeCode self_;
  std::multimap<NodeCode, AddressKey> shared_;  // with whom
};

}  // namespace tj::crypto

#endif  // TJ_CRYPTO_ADDRESS_TAG_H_
