// SiblingWords: how far each sibling has said that it saw one ledger of our parent, by its words in
// the parent's `heads` records. A parent that shows two histories can leave the words out that
// would betray it: then the siblings seem silent for ever. One sibling that has said nothing about
// records of more than a day ago is away, or kept from being heard; a person has to ask it.
// Confined to one thread.

#ifndef TJ_NODE_APP_SIBLING_WORDS_H_
#define TJ_NODE_APP_SIBLING_WORDS_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <absl/status/status.h>

#include "crypto/note.h"
#include "crypto/trust.h"
#include "node/store/ledger_view.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"

namespace tj::app {

class SiblingWords {
 public:
  // A sibling that has not been heard of since.
  struct Silence {
    NodeCode sibling;
    uint64_t heard = 0;  // leaves that its newest word covers
    Instant since;       // when the first leaf beyond them was recorded
  };
  // Against the time of the ledger's newest head: while the parent is away nobody is silent.
  static constexpr Duration kSilence{24 * 3'600'000};
  // Words whose signatures one Judge checks.
  static constexpr size_t kCheckedPerJudge = 64;

  // What a `heads` record said; words of others than `siblings` are passed over. Nothing is checked
  // here: of each sibling the last word counts, whatever it covers.
  void Hear(const crypto::Note& word, const std::vector<NodeCode>& siblings);
  // Checks what was heard since, and looks who is silent. Store errors.
  absl::Status Judge(const store::LedgerView& view, const crypto::TrustStore& trust,
                     const std::vector<NodeCode>& siblings);
  // Whether words wait to be checked.
  bool behind() const { return !unchecked_.empty(); }
  // As of the last Judge, in the order of codes.
  const std::vector<Silence>& silent() const { return silent_; }

  // What was heard and checked, to be kept over a restart. False where the bytes are not that.
  Bytes Encode() const;
  bool Decode(ByteView bytes);

 private:
  struct Heard {
    uint64_t size = 0;
    bool looked = false;  // `since` is of the first leaf beyond `size`
    Instant since;
  };
  std::map<NodeCode, crypto::Note> unchecked_;
  std::map<NodeCode, Heard> heard_;
  std::vector<Silence> silent_;
};

}  // namespace tj::app

#endif  // TJ_NODE_APP_SIBLING_WORDS_H_
