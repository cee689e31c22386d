// The records that all benchmarks use: case events of about 500 bytes with Chinese text in their
// codes and names, from a seed. Pure.

#ifndef TJ_TESTS_BENCH_BENCH_RECORDS_H_
#define TJ_TESTS_BENCH_BENCH_RECORDS_H_

#include <cstdint>

#include "node/store/append.h"
#include "protocol/wire/payload.pb.h"

namespace tj::bench {

inline constexpr int kEventsPerCase = 8;

// Event `i` of an endless stream: eight events a case, 14 organisations × 12 items, one month.
v1::Submission MakeSubmission(uint64_t i);
// The same as a record ready for the ledger, with a body of about `body_bytes`: no validation, no
// private parts.
store::PreparedRecord MakeRecord(uint64_t i, size_t body_bytes, Audience audience);

}  // namespace tj::bench

#endif  // TJ_TESTS_BENCH_BENCH_RECORDS_H_
