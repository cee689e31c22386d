// ProofFiles: what shows that a ledger's past was changed, as files in data/proofs, so that it can
// be carried to whoever is to judge (`tongjianctl verify FILE`); and the alarms about it. Files and
// alarms are made of the proofs that the truth keeps, whenever they are lacking. Confined to the
// head signer's thread, but for List.

#ifndef TJ_NODE_APP_PROOF_FILES_H_
#define TJ_NODE_APP_PROOF_FILES_H_

#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/trust.h"
#include "node/store/ledger_view.h"
#include "node/store/truth.h"
#include "protocol/vocab/ids.h"

namespace tj::app {

class ProofFiles {
 public:
  // `truth` must outlive it.
  ProofFiles(store::Truth& truth, LedgerId own, const std::string& data_folder)
      : truth_(truth), own_(std::move(own)), folder_(data_folder + "/proofs") {}

  // Writes what is not there yet. Proofs of our own past raise no alarm: a `loss` record tells of
  // it.
  absl::Status Write(const crypto::TrustStore& trust, bool may_append);
  // Writes one proof that the truth does not keep; its file's name.
  absl::StatusOr<std::string> WriteOne(ByteView proof, Instant found_at,
                                       const crypto::TrustStore& trust);
  // Paths of the files about a ledger. Any thread.
  std::vector<std::string> List(const LedgerId& ledger) const;

 private:
  absl::Status WriteOf(const store::LedgerView& view, const crypto::TrustStore& trust,
                       std::vector<store::PreparedRecord>& alarms);

  store::Truth& truth_;
  const LedgerId own_;
  const std::string folder_;
};

}  // namespace tj::app

#endif  // TJ_NODE_APP_PROOF_FILES_H_
