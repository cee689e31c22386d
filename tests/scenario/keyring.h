// Keyring: keys and certificates of the nodes of a script, made once per process, and trust lists
// from them. Nothing that a script prints depends on them. Confined to a thread.

#ifndef TJ_TESTS_SCENARIO_KEYRING_H_
#define TJ_TESTS_SCENARIO_KEYRING_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "crypto/address_tag.h"
#include "crypto/certificate.h"
#include "crypto/signer.h"
#include "crypto/trust.h"
#include "protocol/vocab/ids.h"

namespace tj::scenario {

struct Member {
  NodeCode code;
  std::optional<NodeCode> parent;
  int keys = 1;  // certificates so far; the last one's key signs
  std::vector<NodeCode> follows = {};
  std::optional<uint64_t> records_per_day = {};
};

class Keyring {
 public:
  static Keyring& Instance();

  // The node's key of that generation, from 1.
  crypto::Signer& SignerOf(const NodeCode& code, int generation);
  // The node's encryption key, whose certificate every trust list has.
  const crypto::Sm2PrivateKey& EncryptionOf(const NodeCode& code);
  // Whose addressed records are, as `self` knows it.
  std::shared_ptr<const crypto::AddressBook> Addresses(const crypto::TrustStore& trust,
                                                       const NodeCode& self);
  std::shared_ptr<const crypto::TrustStore> Trust(const std::vector<Member>& members);

 private:
  struct Key {
    crypto::Certificate certificate;
    std::unique_ptr<crypto::Signer> signer;
  };
  struct Encryption {
    crypto::Certificate certificate;
    crypto::Sm2PrivateKey key;
  };
  Keyring();
  Encryption& GetEncryption(const NodeCode& code);
  Key& Get(const NodeCode& code, int generation);

  std::string root_pem_;
  std::string root_key_pem_;
  std::map<std::pair<NodeCode, int>, Key> keys_;
  std::map<NodeCode, Encryption> encryption_;
};

}  // namespace tj::scenario

#endif  // TJ_TESTS_SCENARIO_KEYRING_H_
