#include "protocol/vocab/check.h"

#include <cstdio>
#include <cstdlib>

namespace tj::check_internal {

void Fail(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "tongjian: internal error: %s does not hold at %s:%d\n", condition, file,
               line);
  std::abort();
}

}  // namespace tj::check_internal
