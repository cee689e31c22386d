// The main of every fuzz target outside preset fuzz: runs each seed, then inputs mutated from them,
// so that the ordinary suite exercises the targets with every compiler and sanitizer.
// Deterministic: the generator's seed is fixed, and input n depends on the seeds and n alone. One
// thread.
//
//   fuzz_NAME SEED_FOLDER RUNS MAX_BYTES CRASH_FILE   ends with "N inputs, 0 crashes"
//   fuzz_NAME FILE                                    runs one input, as libFuzzer's binaries do
//
// A crash writes the input to CRASH_FILE, says so, and exits with 77.

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
// Set by the sanitizers' runtime when there is one; called before it ends the process.
extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

namespace {

constexpr int kCrashExit = 77;

// The input being run, for the crash handler. Plain pointers: a handler may touch nothing that
// allocates.
const uint8_t* current_data = nullptr;
size_t current_size = 0;
const char* crash_file = nullptr;

void WriteStderr(const char* text) {
  size_t size = 0;
  while (text[size] != '\0') ++size;
  if (write(STDERR_FILENO, text, size) < 0) _exit(kCrashExit);
}

void SaveInput() {
  if (crash_file == nullptr) return;
  const int fd = open(crash_file, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd < 0 || write(fd, current_data, current_size) != static_cast<ssize_t>(current_size)) {
    WriteStderr("crash: the input could not be saved\n");
    return;
  }
  WriteStderr("crash: the input is in ");
  WriteStderr(crash_file);
  WriteStderr("; run it alone with: fuzz_NAME FILE\n");
}

void OnSignal(int) {
  SaveInput();
  _exit(kCrashExit);
}

void CatchCrashes() {
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(SaveInput);
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  for (int signal_number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
    sigaction(signal_number, &action, nullptr);
  }
}

void RunOne(const std::string& input) {
  // A copy of exactly this size on the heap, so that AddressSanitizer sees a read past its end.
  const std::vector<uint8_t> copy(input.begin(), input.end());
  current_data = copy.data();
  current_size = copy.size();
  LLVMFuzzerTestOneInput(copy.data(), copy.size());
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// SplitMix64 (Steele, Lea and Flood 2014): the same numbers with every library.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // 0 ≤ result < bound; bound is at least 1.
  size_t Below(size_t bound) { return static_cast<size_t>(Next() % bound); }

 private:
  uint64_t state_;
};

// Values that parsers get wrong: limits of widths, separators, signs, digits, UTF-8 lead bytes.
constexpr uint8_t kOddBytes[] = {0x00, 0x01, 0x7f, 0x80, 0xff, 0xc0, 0xe2, 0xf4, '0', '9', '-',
                                 '+',  '.',  ':',  '/',  '=',  '"',  '\\', '{',  '[', '<', '\n'};

uint8_t AnyByte(Random& random) {
  if (random.Below(2) == 0) return kOddBytes[random.Below(std::size(kOddBytes))];
  return static_cast<uint8_t>(random.Next());
}

void MutateOnce(std::string& text, const std::string& other, Random& random) {
  const size_t at = random.Below(text.size() + 1);
  const size_t length = std::min(1 + random.Below(8), text.size() - at);
  switch (random.Below(8)) {
    case 0:  // one bit
      if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << random.Below(8)));
      break;
    case 1:  // one byte
    case 2:
      if (at < text.size()) text[at] = static_cast<char>(AnyByte(random));
      break;
    case 3:  // bytes put in
      text.insert(at, 1 + random.Below(4), static_cast<char>(AnyByte(random)));
      break;
    case 4:  // bytes taken out
      text.erase(at, length);
      break;
    case 5:  // a piece twice
      text.insert(at, text.substr(at, length));
      break;
    case 6:  // cut off
      text.resize(at);
      break;
    default:  // the tail of another seed
      text.resize(at);
      text += other.substr(random.Below(other.size() + 1));
      break;
  }
}

std::string Mutate(const std::vector<std::string>& seeds, uint64_t run, size_t bytes_max) {
  Random random(run);
  std::string text = seeds[random.Below(seeds.size())];
  const size_t rounds = 1 + random.Below(4);
  for (size_t i = 0; i < rounds; ++i) {
    MutateOnce(text, seeds[random.Below(seeds.size())], random);
  }
  if (text.size() > bytes_max) text.resize(bytes_max);
  return text;
}

// In the order of their names: a directory's own order differs between machines.
std::vector<std::string> ReadSeeds(const char* folder) {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> seeds;
  for (const auto& path : paths) seeds.push_back(ReadFile(path));
  return seeds;
}

int RunFolder(char** argv) {
  const std::vector<std::string> seeds = ReadSeeds(argv[1]);
  const uint64_t runs = std::strtoull(argv[2], nullptr, 10);
  const size_t bytes_max = std::strtoull(argv[3], nullptr, 10);
  crash_file = argv[4];
  if (seeds.empty()) {
    std::fprintf(stderr, "error: no seeds in %s\ntry: add a few small valid inputs there\n",
                 argv[1]);
    return 1;
  }
  for (const std::string& seed : seeds) RunOne(seed);
  for (uint64_t run = 0; run < runs; ++run) RunOne(Mutate(seeds, run, bytes_max));
  std::printf("%zu inputs, 0 crashes\n", seeds.size() + static_cast<size_t>(runs));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CatchCrashes();
  if (argc == 2) {
    RunOne(ReadFile(argv[1]));
    return 0;
  }
  if (argc == 5) return RunFolder(argv);
  std::fputs("usage: fuzz_NAME SEED_FOLDER RUNS MAX_BYTES CRASH_FILE | fuzz_NAME FILE\n", stderr);
  return 2;
}
