// ProofFiles: what shows that a ledger's past was changed, as files in data/proofs, so that it can
// be carried to whoever is to judge (`tongjianctl verify FILE`); and the alarms about it. Files and
// alarms are made of the proofs that the truth keeps, whenever they are lacking. Confined to the
// head signer's thread, but for List.

#ifndef TJ_NODE_APP_PROOF_FILES_H_
#define TJ_NODE_APP_PROOF_FILES_H_

#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/signer.h"
#include "crypto/trust.h"
#include "node/store/ledger_view.h"
#include "node/store/truth.h"
#include "protocol/vocab/ids.h"

namespace tj::app {

class ProofFiles {
 public:
  // `truth` and `signer` must outlive it.
  ProofFiles(store::Truth& truth, LedgerId own, const std::string& data_folder,
             crypto::Signer& signer)
      : truth_(truth), own_(std::move(own)), folder_(data_folder + "/proofs"), signer_(signer) {}

  // Writes what is not there yet: every file and every alarm that can be, whatever becomes of the
  // others. The first error is told; then it is to be tried again. Proofs of our own past raise no
  // alarm: a `loss` record tells of it.
  absl::Status Write(const crypto::TrustStore& trust, bool may_append);
  // Writes one proof that the truth does not keep.
  absl::Status WriteOne(ByteView proof, Instant found_at, const crypto::TrustStore& trust);
  // The name of its file, written or not.
  static std::string NameOf(const LedgerId& ledger, Instant found_at);
  // Paths of the files about a ledger. Any thread.
  std::vector<std::string> List(const LedgerId& ledger) const;

 private:
  // `first` takes the first error.
  absl::Status WriteOf(const store::LedgerView& view, const crypto::TrustStore& trust,
                       std::vector<store::PreparedRecord>& alarms, absl::Status& first);

  store::Truth& truth_;
  const LedgerId own_;
  const std::string folder_;
  crypto::Signer& signer_;
};

}  // namespace tj::app

#endif  // TJ_NODE_APP_PROOF_FILES_H_
