// HeadSigner: signs the own ledger on its own beat: at most once a second while it grows, and each
// limits::kHeartbeatInterval when it is quiet. Off the writer's thread, because a signature costs
// as much as a hundred records. One thread of its own.

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
  // All must outlive it. `published` is called on this thread after each new head is stored.
  HeadSigner(store::Truth& truth, crypto::Signer& signer,
             std::function<void(const crypto::Note&, bool urgent)> published);
  ~HeadSigner();  // stops

  // The own ledger has grown; any thread. `urgent`: the head is to be offered at once.
  void Wake(bool urgent);
  // Signs no more: a follower holds a head that we do not have.
  void Freeze();
  void Stop();

 private:
  void Run();

  store::Truth& truth_;
  crypto::Signer& signer_;
  const std::function<void(const crypto::Note&, bool)> published_;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool grown_ = true;  // a head over what was there at the start
  bool urgent_ = false;
  bool frozen_ = false;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all above
};

}  // namespace tj::app

#endif  // TJ_NODE_APP_HEAD_SIGNER_H_
