// FirstError: for a round over many things, where what fails with one of them must not stop the
// others. The round goes on and returns the first error at its end; further ones are logged.
// Confined to a thread.

#ifndef TJ_NODE_APP_FIRST_ERROR_H_
#define TJ_NODE_APP_FIRST_ERROR_H_

#include <string_view>

#include <absl/status/status.h>

#include "node/app/log.h"
#include "protocol/vocab/error.h"

namespace tj::app {

class FirstError {
 public:
  // `place` is put before the error's detail. OK is passed over.
  void Add(std::string_view place, const absl::Status& status) {
    if (status.ok()) return;
    if (first_.ok()) {
      first_ = At(place, status);
    } else {
      LogError("round-failed", At(place, status));
    }
  }
  const absl::Status& status() const { return first_; }

 private:
  absl::Status first_;
};

}  // namespace tj::app

#endif  // TJ_NODE_APP_FIRST_ERROR_H_
