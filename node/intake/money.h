// Money from decimal text, exactly: no floating point anywhere. Pure; any thread.

#ifndef TJ_NODE_INTAKE_MONEY_H_
#define TJ_NODE_INTAKE_MONEY_H_

#include <cstdint>
#include <string_view>

#include <absl/status/statusor.h>

namespace tj::intake {

struct Money {
  int64_t fen = 0;
  bool rounded = false;  // a decimal beyond the second was not zero
};

// Yuan as "157.09305", "-12", ".5" or with an exponent ("1.0E7", as XES writers print large
// floats), rounded half away from zero to fen. VALUE-NUMBER when it is no such text, has more than
// 40 characters, or is 10^15 yuan or more.
absl::StatusOr<Money> ParseYuan(std::string_view text);

}  // namespace tj::intake

#endif  // TJ_NODE_INTAKE_MONEY_H_
