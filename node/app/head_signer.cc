#include "node/app/head_signer.h"

#include <utility>

#include "node/app/log.h"
#include "protocol/vocab/limits.h"

namespace tj::app {

HeadSigner::HeadSigner(store::Truth& truth, crypto::Signer& signer,
                       std::function<void(const crypto::Note&, bool)> published)
    : truth_(truth),
      signer_(signer),
      published_(std::move(published)),
      thread_([this] { Run(); }) {}

HeadSigner::~HeadSigner() { Stop(); }

void HeadSigner::Wake(bool urgent) {
  const std::lock_guard lock(mutex_);
  grown_ = true;
  urgent_ = urgent_ || urgent;
  wake_.notify_all();
}

void HeadSigner::Freeze() {
  const std::lock_guard lock(mutex_);
  frozen_ = true;
}

void HeadSigner::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void HeadSigner::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    wake_.wait_for(lock, limits::kHeartbeatInterval, [this] { return grown_ || stopping_; });
    if (stopping_) return;
    const bool urgent = std::exchange(urgent_, false);
    grown_ = false;
    if (!frozen_) {
      lock.unlock();
      auto note = truth_.SignHead(signer_, limits::kHeartbeatInterval);
      if (note.ok()) {
        published_(*note, urgent);
      } else {
        LogError("head-not-signed", note.status());
      }
      lock.lock();
      if (!note.ok()) grown_ = true;  // tried again on the next beat
    }
    // The beat: what arrives meanwhile goes under one signature.
    wake_.wait_for(lock, limits::kHeadSignInterval, [this] { return stopping_; });
  }
}

}  // namespace tj::app
