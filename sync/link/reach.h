// Reach: whether anything listens at an address, apart from who it is: name, then TCP.

#ifndef TJ_SYNC_LINK_REACH_H_
#define TJ_SYNC_LINK_REACH_H_

#include <string>

#include <absl/status/statusor.h>

#include "protocol/vocab/time.h"

namespace tj::link {

// "host:port" or "[v6]:port": connects and hangs up; what was connected to ("10.1.2.3:7443").
// SYNC-LINK that says which of the two failed. Blocks for at most `timeout`.
absl::StatusOr<std::string> Reach(const std::string& address, Duration timeout);

}  // namespace tj::link

#endif  // TJ_SYNC_LINK_REACH_H_
