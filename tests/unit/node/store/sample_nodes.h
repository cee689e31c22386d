// SampleNodes: a county under a bureau, with keys, certificates and the trust list over them; and
// what they write. The same at each run but for keys and sealed bytes. Confined to a thread.

#ifndef TJ_TESTS_UNIT_NODE_STORE_SAMPLE_NODES_H_
#define TJ_TESTS_UNIT_NODE_STORE_SAMPLE_NODES_H_

#include <memory>
#include <optional>
#include <string>

#include "crypto/note.h"
#include "crypto/signer.h"
#include "crypto/trust.h"
#include "node/store/append.h"
#include "node/store/private_parts.h"
#include "protocol/vocab/ids.h"
#include "protocol/wire/record.h"

namespace tj::store {

class SampleNodes {
 public:
  SampleNodes();

  const NodeCode county = *NodeCode::Parse("370826");
  const NodeCode city = *NodeCode::Parse("370800");
  crypto::Signer& county_signer() { return *county_signer_; }
  crypto::Signer& city_signer() { return *city_signer_; }
  const crypto::TrustStore& trust() const { return *trust_; }

  crypto::Note Head(const crypto::Head& head);  // signed by its origin
  crypto::Note Statement(const crypto::Head& head, crypto::StatementKind kind, const NodeCode& by);
  // Two heads with one size and two roots.
  Bytes ForkProof(const LedgerId& ledger, uint64_t size, Instant at);

 private:
  crypto::Signer& SignerOf(const NodeCode& node);

  std::unique_ptr<crypto::Signer> county_signer_;
  std::unique_ptr<crypto::Signer> city_signer_;
  std::unique_ptr<crypto::TrustStore> trust_;
};

// Record `index` of the county's ledger: each tenth is a summary of the emitter ~summary, the
// others are case events of `hall`, seven a case, some with private parts. `previous` is as the
// writer sets it.
PreparedRecord SampleRecord(PrivateKeys& keys, uint64_t index, Instant at);

// Leaf `index` of the city's ledger, with its body hash, as the county is shown it: for the
// children and for all with the body, for others without. Of `kSampleMissing` the body is owed and
// absent, `kSampleAddressed` is for one node.
inline constexpr uint64_t kSampleMissing = 50;
inline constexpr uint64_t kSampleAddressed = 61;
wire::Leaf SampleCityLeaf(uint64_t index, Instant at);

}  // namespace tj::store

#endif  // TJ_TESTS_UNIT_NODE_STORE_SAMPLE_NODES_H_
