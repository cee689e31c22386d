// SpotDesk: both sides of a spot check (ARCHITECTURE §6). As the county: notes what the parent
// announces, and opens what its draw needs, once it has made sure that the draw is the one that was
// announced; a draw that it refuses is looked at again each minute, and one that is dated ahead of
// our clock when the clock has come there. As the bureau: compares what came, writes result and
// alarms, at once when all is here and else when the answer's time is over and what is missing is
// not missing because this node was away itself. Draws are told apart by their records. Confined to
// the fold runner's thread.

#ifndef TJ_NODE_APP_SPOT_DESK_H_
#define TJ_NODE_APP_SPOT_DESK_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/trust.h"
#include "node/app/opening_book.h"
#include "node/app/opening_desk.h"
#include "node/store/truth.h"
#include "node/supervise/spot_check.h"
#include "node/supervise/spot_terms.h"
#include "protocol/vocab/time.h"
#include "protocol/wire/payload.h"
#include "protocol/wire/payload.pb.h"

namespace tj::app {

class SpotDesk {
 public:
  // All must outlive it. Made when the node starts: what was drawn before that, it may have been
  // away for.
  SpotDesk(store::Truth& truth, const store::Kv& derived, LedgerId own, const OpeningBook& book,
           OpeningDesk& openings, const Clock& clock)
      : truth_(truth),
        derived_(derived),
        own_(std::move(own)),
        book_(book),
        openings_(openings),
        clock_(clock),
        started_size_(truth.Status().own_size),
        started_at_(clock.Now()) {}

  // `folded_size`: where cases and rows of the own ledger stand. What fails with one check does not
  // stop the others; the first error is returned.
  absl::Status Round(const crypto::TrustStore& trust, uint64_t folded_size);

 private:
  // A record: of which ledger, and where.
  using RecordKey = std::pair<LedgerId, uint64_t>;
  struct Draw {
    LedgerId by;
    Index index;
    v1::SpotReveal reveal;
    RecordKey key() const { return {by, index.value}; }
  };
  // Why a check is judged now.
  struct Basis {
    v1::SpotBasis basis = v1::SPOT_BASIS_UNSPECIFIED;
    Instant at;
  };
  // Writes that announcements have been read, so that a head can be drawn (spot_terms.h).
  absl::Status NoteAnnouncements(const crypto::TrustStore& trust);
  absl::Status Note(const supervise::SpotAnnounced& spot, const crypto::TrustStore& trust);
  absl::Status AnswerAll(const std::vector<Draw>& draws, uint64_t folded_size,
                         const crypto::TrustStore& trust);
  absl::Status JudgeAll(const std::vector<Draw>& draws);
  absl::Status Answer(const Draw& draw, uint64_t folded_size, const crypto::TrustStore& trust);
  absl::Status CheckAnnounced(const Draw& draw, const crypto::TrustStore& trust);
  absl::Status Judge(const Draw& draw);
  // nullopt: what lacks may be on its way, because this node was away. `answered`: what was given
  // is on record here, and not all of it has come.
  absl::StatusOr<std::optional<Basis>> BasisOfMiss(const Draw& draw, const LedgerId& county,
                                                   bool answered) const;

  store::Truth& truth_;
  const store::Kv& derived_;
  const LedgerId own_;
  const OpeningBook& book_;
  OpeningDesk& openings_;
  const Clock& clock_;
  const uint64_t started_size_;  // of the own ledger
  const Instant started_at_;
  // What is done is not looked at again.
  std::set<RecordKey> noted_;          // announcements
  std::map<RecordKey, Index> looked_;  // for our word about an announcement: below this it is not
  std::set<RecordKey> answered_;       // draws, as the next two
  std::set<RecordKey> judged_;         // or left aside: they do not count
  std::set<RecordKey> ahead_;          // of our clock, and logged
  // Draws that do not follow from their announcement, as far as can be seen: a record may come yet.
  struct Refused {
    std::string why;
    Instant again;
  };
  std::map<RecordKey, Refused> refused_;
};

// What a county opened for a check so far; complete once no further record belongs to it. However
// much it says that it is, it takes no more memory than the records.
struct SpotOpened {
  uint64_t folded_size = 0;
  std::vector<wire::LeafRange> ranges;  // ascending, apart
  bool complete = false;
  uint64_t count() const;
  bool Holds(uint64_t leaf) const;
};
// nullopt: it has not answered. `county` is its ledger, `to` who drew.
absl::StatusOr<std::optional<SpotOpened>> OpenedFor(const store::KvReader& derived,
                                                    const LedgerId& county, const NodeCode& to,
                                                    const std::string& spot_id);

}  // namespace tj::app

#endif  // TJ_NODE_APP_SPOT_DESK_H_
