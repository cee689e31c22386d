// HeadSigner: signs the own ledger on its own beat: once a second while it grows, five times under
// load, and each limits::kHeartbeatInterval when it is quiet. Off the writer's thread, because a
// signature costs as much as a hundred records. One thread of its own, which also does what must be
// done before a signature.
//
//   waiting ── a follower has shown what it holds of us, or the wait is over ──▶ open ──▶ signing
//   any ── Freeze ──▶ frozen ── Thaw ──▶ open
//
// Opening is tried once a beat until it succeeds; nothing is signed before.

#ifndef TJ_NODE_APP_HEAD_SIGNER_H_
#define TJ_NODE_APP_HEAD_SIGNER_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

#include "crypto/signer.h"
#include "node/store/truth.h"

namespace tj::app {

class HeadSigner {
 public:
  // All are called on this object's thread.
  struct Hooks {
    // Before the first signature, and after each Thaw. `after_wait`: no follower has answered.
    std::function<absl::Status(bool after_wait)> open;
    // Once a beat, whether or not anything may be signed.
    std::function<void()> beat;
    // After each new head is stored.
    std::function<void(const crypto::Note&, bool urgent)> published;
  };
  // `truth` and `signer` must outlive it. Empty hooks do nothing. Without a wait it opens at once.
  HeadSigner(store::Truth& truth, crypto::Signer& signer, Duration wait, Hooks hooks);
  ~HeadSigner();  // stops

  // The own ledger has grown, or there is something to be done on a beat; any thread, as all below.
  // `urgent`: the head is to be offered at once.
  void Wake(bool urgent);
  // A follower has shown what it holds of our ledger, and it is ours.
  void Shown();
  // Signs no more: a follower holds a head that we do not have.
  void Freeze();
  // What was lost is back.
  void Thaw();
  void Stop();

 private:
  enum class State : uint8_t { kWaiting, kOpening, kSigning, kFrozen };
  void Run();
  void Open(bool after_wait);
  void Sign(bool urgent);
  bool UnderLoad() const;

  store::Truth& truth_;
  crypto::Signer& signer_;
  const Duration wait_;
  const Hooks hooks_;

  std::mutex mutex_;
  std::condition_variable wake_;
  // All below guarded by mutex_.
  State state_ = State::kWaiting;
  bool after_wait_ = false;
  bool grown_ = true;  // a head over what was there at the start
  bool urgent_ = false;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all above
};

}  // namespace tj::app

#endif  // TJ_NODE_APP_HEAD_SIGNER_H_
