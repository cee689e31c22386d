// Fuzz target for a session of sync/core: its input chooses what a peer sends, honest, lying or
// damaged, and when (tests/scenario/session_storm.h).

#include <cstddef>
#include <cstdint>

#include "tests/scenario/session_storm.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tj::scenario::RunStorm({reinterpret_cast<const char*>(data), size});
  return 0;
}
