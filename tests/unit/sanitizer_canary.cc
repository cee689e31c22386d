// The sanitizers' canaries: each build with a sanitizer runs this with the error that the sanitizer
// is for, and its test passes only when the program is stopped for it. So a preset that has quietly
// lost its sanitizer fails.

#include <climits>
#include <cstdio>
#include <cstring>
#include <memory>
#include <thread>

namespace {

int ReadPastTheEnd(int argc) {
  const auto bytes = std::make_unique<char[]>(8);
  // Through a volatile pointer, so that no other check knows the size. argc is 2: one past the end.
  const char* const volatile hidden = bytes.get();
  return hidden[6 + argc];
}

int Overflow(int argc) { return INT_MAX - 1 + argc; }

int Race() {
  int shared = 0;
  std::thread other([&shared] { ++shared; });
  ++shared;
  other.join();
  return shared;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  int result = 0;
  if (std::strcmp(argv[1], "address") == 0) result = ReadPastTheEnd(argc);
  if (std::strcmp(argv[1], "undefined") == 0) result = Overflow(argc);
  if (std::strcmp(argv[1], "thread") == 0) result = Race();
  std::printf("nobody noticed (%d)\n", result);
  return 0;
}
