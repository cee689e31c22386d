// SpotDesk: both sides of a spot check (ARCHITECTURE §6). As the county: notes what the parent
// announces, and opens what its draw needs, once it has made sure that the draw is the one that was
// announced; a draw that it refuses is looked at again each minute. As the bureau:
// compares what came, writes result and alarms, at once when all is here and else when the answer's
// time is over. Whoever was away itself blames nobody at once: a bureau that has not run since the
// draw waits for a head that the county signed after the deadline, and a day at most. One check
// that cannot be read holds up no other. Confined to the fold runner's thread.

#ifndef TJ_NODE_APP_SPOT_DESK_H_
#define TJ_NODE_APP_SPOT_DESK_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/trust.h"
#include "node/app/opening_book.h"
#include "node/app/opening_desk.h"
#include "node/store/truth.h"
#include "node/supervise/spot_check.h"
#include "protocol/vocab/time.h"
#include "protocol/wire/payload.h"
#include "protocol/wire/payload.pb.h"

namespace tj::app {

class SpotDesk {
 public:
  // All must outlive it.
  SpotDesk(store::Truth& truth, const store::Kv& derived, LedgerId own, const OpeningBook& book,
           OpeningDesk& openings, const Clock& clock)
      : truth_(truth),
        derived_(derived),
        own_(std::move(own)),
        book_(book),
        openings_(openings),
        clock_(clock),
        started_(clock.Now()) {}

  // `folded_size`: where cases and rows of the own ledger stand.
  absl::Status Round(const crypto::TrustStore& trust, uint64_t folded_size);

 private:
  struct Draw {
    LedgerId by;
    Index index;
    v1::SpotReveal reveal;
  };
  // Writes that announcements have been read, so that a head can be drawn (spot_terms.h).
  absl::Status NoteAnnouncements(const crypto::TrustStore& trust);
  absl::Status Answer(const Draw& draw, uint64_t folded_size, const crypto::TrustStore& trust);
  absl::Status CheckAnnounced(const Draw& draw, const crypto::TrustStore& trust);
  absl::Status Judge(const Draw& draw);
  // Whether what is not here by now is not here by the county's doing.
  absl::StatusOr<bool> TimeIsOver(const Draw& draw, const LedgerId& county, Instant now) const;

  store::Truth& truth_;
  const store::Kv& derived_;
  const LedgerId own_;
  const OpeningBook& book_;
  OpeningDesk& openings_;
  const Clock& clock_;
  const Instant started_;
  // So that what is done is not looked at again: announcements by id, draws by their records, and
  // judged checks by county, epoch and period.
  std::set<std::string> noted_;
  std::map<std::string, Index> looked_;  // for our word about an announcement: below this it is not
  std::set<std::string> answered_;
  std::set<std::string> judged_;
  // Draws that do not follow from their announcement, as far as can be seen: a record may come yet.
  struct Refused {
    std::string why;
    Instant again;
  };
  std::map<std::string, Refused> refused_;
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
