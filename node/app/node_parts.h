// NodeParts: what the answers in this folder read: borrowed parts of a running node. Thread-safe as
// its members are.

#ifndef TJ_NODE_APP_NODE_PARTS_H_
#define TJ_NODE_APP_NODE_PARTS_H_

#include <memory>

#include "node/app/config.h"
#include "node/app/fold_runner.h"
#include "node/app/follow_host.h"
#include "node/app/identity.h"
#include "node/app/opening_book.h"
#include "node/app/owed_watch.h"
#include "node/app/own_ledger.h"
#include "node/app/proof_files.h"
#include "node/app/split_watch.h"
#include "node/intake/intake.h"
#include "node/store/private_parts.h"
#include "node/store/truth.h"
#include "sync/link/link.h"

namespace tj::app {

struct NodeParts {
  const Config& config;
  const LedgerId own;
  const Identity& identity;
  const Clock& clock;
  const Instant started_at;
  store::Truth& truth;
  store::Kv& derived;
  store::PrivateKeys& private_keys;
  const intake::Preparer& preparer;
  FollowHost& host;
  FoldRunner& folds;
  link::Link& link;
  OwnLedger& own_ledger;
  const ProofFiles& proof_files;
  const OwedWatch& owed_watch;
  const SplitWatch& split_watch;
  const OpeningBook& openings;
};

}  // namespace tj::app

#endif  // TJ_NODE_APP_NODE_PARTS_H_
