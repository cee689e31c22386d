#include "node/app/head_signer.h"

#include <chrono>
#include <utility>

#include "node/app/log.h"
#include "protocol/vocab/limits.h"

namespace tj::app {

HeadSigner::HeadSigner(store::Truth& truth, crypto::Signer& signer, Duration wait, Hooks hooks)
    : truth_(truth), signer_(signer), wait_(wait), hooks_(std::move(hooks)), thread_([this] {
        Run();
      }) {}

HeadSigner::~HeadSigner() { Stop(); }

void HeadSigner::Wake(bool urgent) {
  const std::lock_guard lock(mutex_);
  grown_ = true;
  urgent_ = urgent_ || urgent;
  wake_.notify_all();
}

void HeadSigner::Shown() {
  const std::lock_guard lock(mutex_);
  if (state_ != State::kWaiting) return;
  state_ = State::kOpening;
  wake_.notify_all();
}

void HeadSigner::Freeze() {
  const std::lock_guard lock(mutex_);
  state_ = State::kFrozen;
  grown_ = true;
  wake_.notify_all();
}

void HeadSigner::Thaw() {
  const std::lock_guard lock(mutex_);
  if (state_ == State::kFrozen) state_ = State::kOpening;
  after_wait_ = false;
  grown_ = true;
  wake_.notify_all();
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
  wake_.wait_for(lock, wait_, [this] { return state_ != State::kWaiting || stopping_; });
  if (state_ == State::kWaiting) {
    state_ = State::kOpening;
    after_wait_ = wait_ > Duration(0);
  }
  while (!stopping_) {
    wake_.wait_for(lock, limits::kHeartbeatInterval, [this] { return grown_ || stopping_; });
    if (stopping_) return;
    const State state = state_;
    // It is for the next head, however long there is none.
    const bool urgent = state == State::kSigning && std::exchange(urgent_, false);
    const bool after_wait = after_wait_;
    grown_ = false;
    lock.unlock();
    if (hooks_.beat) hooks_.beat();
    if (state == State::kOpening) Open(after_wait);
    if (state == State::kSigning) Sign(urgent);
    lock.lock();
    // What has just been opened is signed without a pause.
    if (state == State::kOpening && state_ == State::kSigning) continue;
    // The beat: what arrives meanwhile goes under one signature.
    const auto stopping = [this] { return stopping_; };
    if (wake_.wait_for(lock, limits::kHeadSignIntervalMin, stopping) || UnderLoad()) continue;
    wake_.wait_for(lock, limits::kHeadSignInterval - limits::kHeadSignIntervalMin, stopping);
  }
}

bool HeadSigner::UnderLoad() const {
  const store::TruthStatus status = truth_.Status();
  return status.own_size >= status.signed_size + limits::kHeadSignRecords;
}

void HeadSigner::Open(bool after_wait) {
  const absl::Status status = hooks_.open ? hooks_.open(after_wait) : absl::OkStatus();
  if (!status.ok()) LogError("not-opened", status);
  const std::lock_guard lock(mutex_);
  grown_ = true;  // signed now, or tried again on the next beat
  if (status.ok() && state_ == State::kOpening) state_ = State::kSigning;
}

void HeadSigner::Sign(bool urgent) {
  auto note = truth_.SignHead(signer_, limits::kHeartbeatInterval);
  if (note.ok()) {
    if (hooks_.published) hooks_.published(*note, urgent);
    return;
  }
  LogError("head-not-signed", note.status());
  const std::lock_guard lock(mutex_);
  grown_ = true;  // tried again on the next beat
  urgent_ = urgent_ || urgent;
}

}  // namespace tj::app
