// OpeningDesk: gives what an ancestor asks to be opened (ARCHITECTURE §5 "open"), and keeps the
// book of what is opened to whom up with the ledgers. Whoever asks does so by an `opening` record
// of his own ledger; what is given is an `opening` record of ours, sequenced before the book lets
// anything out. Confined to the fold runner's thread.

#ifndef TJ_NODE_APP_OPENING_DESK_H_
#define TJ_NODE_APP_OPENING_DESK_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/trust.h"
#include "node/app/opening_book.h"
#include "node/store/private_parts.h"
#include "node/store/truth.h"
#include "protocol/wire/spot_payload.h"

namespace tj::app {

class OpeningDesk {
 public:
  // All must outlive it.
  OpeningDesk(store::Truth& truth, const store::Kv& derived, LedgerId own, OpeningBook& book)
      : truth_(truth), derived_(derived), own_(std::move(own)), book_(book) {}

  // Reads all openings again: what we gave, what we were given and lack, what we are asked for and
  // have not given. What fails with one of them does not stop the others; the first error is
  // returned.
  absl::Status Round(const crypto::TrustStore& trust);
  // Whether something that was given to us is to be fetched since this was asked last.
  bool TakeWanted() { return std::exchange(wanted_, false); }

  // Writes what is given, in as many records as it takes, and lets it out. INTAKE-CONFLICT, and
  // nothing is let out, when something else was given under that request already.
  absl::Status Give(v1::OpeningGiven given, const std::set<uint64_t>& leaves);

 private:
  absl::Status Answer(const LedgerId& asker, const v1::OpeningAsked& asked);
  absl::Status Fetch(const LedgerId& origin, const v1::OpeningGiven& given);
  // An answer to us: of which ledger, to what, and our number.
  using GivenAnswer = std::tuple<std::string, uint32_t, v1::OpeningPurpose, std::string>;
  static GivenAnswer AnswerOf(const LedgerId& origin, const v1::OpeningGiven& given) {
    return {origin.origin.text(), origin.epoch.value, given.purpose(), given.request()};
  }
  absl::StatusOr<std::set<GivenAnswer>> OwnQuestions() const;

  store::Truth& truth_;
  const store::Kv& derived_;
  const LedgerId own_;
  OpeningBook& book_;
  // One answer: to whom, what for, and the asker's number.
  using Request = std::tuple<std::string, v1::OpeningPurpose, std::string>;
  static Request RequestOf(const v1::OpeningGiven& given) {
    return {given.to(), given.purpose(), given.request()};
  }
  std::set<uint64_t> booked_;                        // our openings that the book has
  std::set<std::pair<LedgerId, uint64_t>> fetched_;  // others' whose leaves are here or wanted
  std::set<Request> given_;
  std::map<GivenAnswer, uint64_t> looked_at_;  // leaves, of answers to our questions
  bool wanted_ = false;                        // something was wanted since TakeWanted
};

// The private parts of a record of ours that are still here, sealed for `reader`.
// CRYPTO-CERTIFICATE when the trust list has no key to seal to; parts whose month's key is gone are
// left out.
absl::StatusOr<Bytes> SealedPartsFor(const store::Truth& truth, const LedgerId& own,
                                     const store::PrivateKeys& keys,
                                     const crypto::TrustStore& trust, const NodeCode& reader,
                                     Index index, const Bytes& body, Instant now);

// Ascending leaves as ranges.
std::vector<wire::LeafRange> RangesOf(const std::set<uint64_t>& leaves);

}  // namespace tj::app

#endif  // TJ_NODE_APP_OPENING_DESK_H_
