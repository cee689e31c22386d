// The canary of the fuzz harness: a target with a planted bug behind three bytes that no seed has.
// Its test passes only when the harness finds the bug, which shows that mutated inputs are run and
// that a crash is seen.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  // One byte after another, so that coverage leads libFuzzer there; the replay needs luck for two
  // bytes only.
  if (data[0] != 'T') return 0;
  if ((data[1] & 0xf0) != 0xa0) return 0;
  if ((data[2] & 0x80) != 0x80) return 0;
  std::fputs("fuzz canary: the planted bug was reached\n", stderr);
  std::abort();
}
