// SlowReader: notices a peer that does not read what it is sent: the same message waits too long,
// or too much waits. Told often enough, and of the same transport, it bounds what a stream keeps in
// memory. Value, confined to a driver.

#ifndef TJ_SYNC_LINK_SLOW_READER_H_
#define TJ_SYNC_LINK_SLOW_READER_H_

#include <optional>

#include <absl/status/status.h>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/text.h"
#include "protocol/vocab/time.h"
#include "sync/link/transport.h"

namespace tj::link {

class SlowReader {
 public:
  // SYNC-SLOW when it is one.
  absl::Status Look(const Transport::Backlog& backlog, Instant now) {
    if (backlog.bytes > limits::kSendQueueBytesMax) {
      return Error(ErrorCode::kSyncSlow, Cat(backlog.bytes, " bytes wait to be read"));
    }
    const bool moved = !since_ || backlog.written != written_ || now < *since_;
    if (backlog.bytes == 0 || moved) {
      written_ = backlog.written;
      since_ = now;
      return absl::OkStatus();
    }
    if (now < *since_ + limits::kSlowReaderMax) return absl::OkStatus();
    return Error(ErrorCode::kSyncSlow, Cat("nothing of ", backlog.bytes, " bytes was read for ",
                                           (now - *since_).count() / 1000, " s"));
  }

 private:
  uint64_t written_ = 0;
  std::optional<Instant> since_;  // nothing was waiting then, or something was written
};

}  // namespace tj::link

#endif  // TJ_SYNC_LINK_SLOW_READER_H_
