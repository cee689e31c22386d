// Truth: the node's ledgers on disk, and the one writer over them. Everything that must survive
// goes through here.
//
// Append() and Follow() may be called from any thread; a writer thread gathers what has arrived,
// assigns indices, hashes, and writes one synced batch (group commit). Readers take snapshots. When
// a write fails the database is closed, opened again and its head compared (ARCHITECTURE §4); what
// was in flight is answered with an error, and nothing acknowledged is lost.
//
// Invariant: an answer is given only for what is synced; recorded_at never falls; the HEAD file is
// never ahead of the ledger.

#ifndef TJ_NODE_STORE_TRUTH_H_
#define TJ_NODE_STORE_TRUTH_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/signer.h"
#include "node/store/append.h"
#include "node/store/follow.h"
#include "node/store/kv.h"
#include "node/store/ledger_view.h"
#include "protocol/vocab/time.h"

namespace tj::store {

class HeadPlace;  // head_file.h

struct TruthOptions {
  std::string folder;  // holds ledger/, HEAD, ballast
  LedgerId own;
  const Clock* clock = nullptr;  // must outlive Truth
  // Time since some start that nobody sets: tells a clock that was set forward from time that went
  // by. Null: only steps back are noticed.
  std::function<Duration()> uptime;
  size_t ballast_bytes =
      32 << 20;  // freed first when the disk is full, so that closing and answering still work
  // How a database is opened; tests put faults in. Default: OpenLevelKv(folder/ledger).
  std::function<absl::StatusOr<std::unique_ptr<Kv>>()> open_kv;
  // Where HEAD is kept. Null: in `folder`. Must outlive Truth.
  HeadPlace* head_place = nullptr;
  // False: the writer has no thread, and what is queued happens in Work(), so that a simulation
  // decides when. With an open_kv, a head_place and no ballast, `folder` is not touched.
  bool own_thread = true;
  // An own ledger that is found shorter than HEAD says, or another, is opened all the same, and
  // held with STORE-ROLLBACK, so that it can be taken back from followers. Otherwise Open refuses.
  bool open_when_lost = false;
  // Not OK: the own ledger begins held, with this answer (Hold).
  absl::Status held;
};

// Time since boot, with the time that the machine slept (TruthOptions::uptime).
Duration SystemUptime();

// A consistent state of all ledgers. Thread-safe. Keeps the database open: hold it briefly, because
// after a failed write nothing is accepted until the last snapshot has gone.
class TruthSnapshot {
 public:
  virtual ~TruthSnapshot() = default;
  virtual const KvReader& reader() const = 0;
};

struct TruthStatus {
  bool writable = false;
  absl::Status refusal;      // what requests are told while it is not
  absl::Status last_error;   // OK when nothing has failed since the start
  uint64_t own_size = 0;     // sequenced
  uint64_t signed_size = 0;  // published
  uint64_t queue_records = 0;
  uint64_t queue_bytes = 0;
  uint64_t database_bytes = 0;  // in memory
  uint64_t case_tails = 0;      // cases in mind
  uint64_t reopened = 0;        // times the database was closed after a failed write
  uint64_t commits = 0;         // batches written, ever
  absl::Status held;            // what requests about the own ledger are told while it is held
  uint64_t hold = 0;            // which hold that is: each Hold counts
};

// `urgent`: the commit added urgent records to the own ledger.
using CommitHook = std::function<void(uint64_t own_size, bool urgent)>;

class Truth {
 public:
  // STORE-ROLLBACK when the ledger is shorter than, or different from, what HEAD says was signed;
  // STORE-LOCKED; STORE-VERSION.
  static absl::StatusOr<std::unique_ptr<Truth>> Open(TruthOptions options);
  virtual ~Truth() = default;  // finishes what is queued, then closes

  // The answer comes through `done`: on the writer's thread, or, for what is refused at the door,
  // on this one before the call returns. Refused at the door: STORE-BUSY when the queue is full;
  // STORE-UNAVAILABLE, STORE-FULL or STORE-ROLLBACK while nothing can be written; WIRE-LIMIT for
  // too many records or bytes; a record that is malformed. Later: STORE-CLOCK while the clock is
  // not to be believed; errors of the database. A refused request leaves nothing behind, except
  // when a write failed: then it may have happened all the same, and who sends it again gets
  // duplicates.
  virtual void Append(AppendRequest request, AppendDone done) = 0;
  virtual void Follow(std::vector<FollowOp> ops, FollowDone done) = 0;
  // Blocks until answered; not from the writer's thread. For tests and start-up.
  absl::StatusOr<std::vector<Appended>> AppendAndWait(AppendRequest request);
  absl::StatusOr<std::vector<Appended>> ReleaseAndWait(AppendRequest first, uint64_t hold);
  absl::Status FollowAndWait(std::vector<FollowOp> ops);

  // Signs the own ledger as it stands, unless the newest head is of this size and younger than
  // `age_max`. The HEAD file is renamed and synced, then the note stored, before it is returned.
  // Blocks for a signature (1 ms) and a sync; one caller at a time.
  virtual absl::StatusOr<crypto::Note> SignHead(crypto::Signer& signer, Duration age_max) = 0;

  // From now on Append and SignHead are refused with `why`, until Release; following goes on.
  // Between a start and the moment when it is known that nothing was lost, and after that was
  // found.
  virtual void Hold(absl::Status why) = 0;
  // Ends the hold that Status gave as `hold`, read before what `first` is made from: nothing is
  // appended before `first`. When `first` is refused or cannot be written the ledger stays held,
  // and so it does, without `first`, when it was held anew meanwhile.
  virtual void Release(AppendRequest first, uint64_t hold, AppendDone done) = 0;
  // After the held ledger's lost records were followed back: takes over what is there, when it
  // holds all that is known to have been signed (HEAD, the findings kept); deletes those findings.
  // It stays held. STORE-ROLLBACK when something is still lacking; SYNC-FORK when two histories
  // were signed.
  virtual absl::Status SettleOwn() = 0;

  virtual absl::StatusOr<std::shared_ptr<const TruthSnapshot>> Snapshot() const = 0;
  virtual TruthStatus Status() const = 0;
  // An operator says that the clock is right as it stands: STORE-CLOCK ends.
  virtual void ConfirmClock() = 0;
  // One turn of a writer that has no thread of its own: opens again what was closed, or commits
  // what is queued. False when there was nothing to do.
  virtual bool Work() { return false; }
  // Called on the writer's thread after each commit, whatever was in it, with the own ledger's
  // size: must only post. When this returns, what was called before runs no more.
  virtual void OnCommit(CommitHook hook) = 0;
};

}  // namespace tj::store

#endif  // TJ_NODE_STORE_TRUTH_H_
