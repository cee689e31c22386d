// Frames, writes and events as one line of text each, for scripts: everything that matters and
// nothing that differs from run to run (no hashes, signatures or compressed sizes). Pure.

#ifndef TJ_TESTS_SCENARIO_DESCRIBE_H_
#define TJ_TESTS_SCENARIO_DESCRIBE_H_

#include <string>

#include "protocol/vocab/time.h"
#include "protocol/wire/frame.h"
#include "sync/core/output.h"

namespace tj::scenario {

// When every script begins.
inline constexpr Instant kBegin{1'795'000'000'000};

// "+61.5s" since kBegin.
std::string Since(Instant at);
std::string Describe(const wire::Frame& frame);
std::string Describe(const sync::PersistOp& op);
std::string Describe(const sync::Event& event);
// "SYNC-GAP (detail)".
std::string DescribeStatus(const absl::Status& status);

}  // namespace tj::scenario

#endif  // TJ_TESTS_SCENARIO_DESCRIBE_H_
