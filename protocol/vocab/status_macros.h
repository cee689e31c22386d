// Early return on error, as everywhere in this code base: functions that can fail return
// absl::Status or StatusOr.

#ifndef TJ_PROTOCOL_VOCAB_STATUS_MACROS_H_
#define TJ_PROTOCOL_VOCAB_STATUS_MACROS_H_

#include <utility>

#define TJ_RETURN_IF_ERROR(expression)                                    \
  do {                                                                    \
    if (auto tj_status = (expression); !tj_status.ok()) return tj_status; \
  } while (false)

#define TJ_CONCAT_INNER(a, b) a##b
#define TJ_CONCAT(a, b) TJ_CONCAT_INNER(a, b)

// TJ_ASSIGN_OR_RETURN(auto x, F()); the expression yields a StatusOr.
#define TJ_ASSIGN_OR_RETURN(target, expression) \
  TJ_ASSIGN_OR_RETURN_IMPL(TJ_CONCAT(tj_statusor_, __LINE__), target, expression)
#define TJ_ASSIGN_OR_RETURN_IMPL(holder, target, expression) \
  auto holder = (expression);                                \
  if (!holder.ok()) return std::move(holder).status();       \
  target = *std::move(holder)

#endif  // TJ_PROTOCOL_VOCAB_STATUS_MACROS_H_
