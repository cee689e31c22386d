// TJ_CHECK(condition): an assertion that stays on in release. It means a bug of ours; never use it
// on input, disk or peer. It prints the place and aborts, so that a supervisor restarts the node
// from what is on disk.

#ifndef TJ_PROTOCOL_VOCAB_CHECK_H_
#define TJ_PROTOCOL_VOCAB_CHECK_H_

namespace tj::check_internal {
[[noreturn]] void Fail(const char* condition, const char* file, int line);
}

#define TJ_CHECK(condition)                                                       \
  do {                                                                            \
    if (!(condition)) ::tj::check_internal::Fail(#condition, __FILE__, __LINE__); \
  } while (false)

#endif  // TJ_PROTOCOL_VOCAB_CHECK_H_
