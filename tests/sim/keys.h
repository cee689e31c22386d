// Keys, trust lists and chance for simulated nodes, the same on every machine. The keys are made
// once a process from a fixed seed; what OpenSSL draws afterwards comes from the history's seed.
//
// Signatures are real SM2 signatures. The signer has the points of its nonces computed beforehand,
// and remembers what it signed, so that verifying one of its own costs no curve arithmetic: the
// production code runs to its call of OpenSSL, and there one in kReallyVerified is really verified,
// as is each signature that was not made here. (SM2 in OpenSSL 3.0 costs 0.3 ms; a history checks
// ten thousand.) Confined to a thread.

#ifndef TJ_TESTS_SIM_KEYS_H_
#define TJ_TESTS_SIM_KEYS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "crypto/address_tag.h"
#include "crypto/signer.h"
#include "crypto/trust.h"
#include "node/store/private_parts.h"
#include "protocol/vocab/ids.h"

namespace tj::sim {

inline constexpr uint64_t kReallyVerified = 64;
inline constexpr int kKeysPerNode = 2;

// A node's place in the tree. `parent` is an index into the list, or none at the top.
struct Place {
  NodeCode code;
  std::optional<size_t> parent;
  std::vector<size_t> follows = {};  // farther nodes whose ledgers it follows
  // What the first trust list gives it; the next one lifts it.
  std::optional<uint64_t> records_per_day = std::nullopt;
};

class Keys {
 public:
  static Keys& Instance();
  // From now on OpenSSL's random bytes follow from `seed`.
  static void Seed(uint64_t seed);

  // All codes that a tree may have: province, cities, counties, towns, in this order.
  static const std::vector<NodeCode>& Codes();
  // The node's key of that generation, from 0.
  crypto::Signer& SignerOf(const NodeCode& code, int generation);
  // Whose addressed records are, as `self` knows it. Kept by `name`; the first call draws on
  // chance.
  std::shared_ptr<const crypto::AddressBook> Addresses(uint64_t name,
                                                       const std::vector<Place>& places,
                                                       const NodeCode& self);
  // For digests; all nodes' are the same.
  const store::PrivateKeys& private_keys() const;
  // The first `keys` keys of each. Kept by `name`, which stands for `places`.
  std::shared_ptr<const crypto::TrustStore> Trust(uint64_t name, const std::vector<Place>& places,
                                                  int keys);

 private:
  Keys();
  ~Keys();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// How many signatures were made, remembered and really verified, in all.
struct SignatureCounts {
  uint64_t made = 0;
  uint64_t remembered = 0;
  uint64_t verified = 0;
};
const SignatureCounts& Signatures();

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_KEYS_H_
