#include "crypto/lanes/sm3_lanes.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>

#include "crypto/lanes/kernels.h"
#include "crypto/sm3.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"

namespace tj::crypto {
namespace {

using lanes::kBlock;
using lanes::Kernel;
using lanes::kLanesMax;

// A message with its padding; longer ones go through OpenSSL: a lane that works alone is slower.
constexpr size_t kBlocksMax = 128;
// Messages that are put in order by their lengths at a time.
constexpr size_t kBatch = 1024;

constexpr uint32_t kInitial[8] = {0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600,
                                  0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e};
constexpr std::array<uint8_t, kBlock> kNothing{};

const Kernel* KernelOf(Sm3Level level) {
  switch (level) {
    case Sm3Level::kOne:
      return nullptr;
#if defined(__x86_64__)
    case Sm3Level::kSse2:
      return &lanes::kSse2;
    case Sm3Level::kAvx2:
      return &lanes::kAvx2;
    case Sm3Level::kAvx512:
      return &lanes::kAvx512;
#endif
    default:
      return &lanes::kPortable;
  }
}

// For so few messages a smaller register does as much.
const Kernel* KernelFor(Sm3Level level, size_t messages) {
#if defined(__x86_64__)
  if (messages <= 4 && level > Sm3Level::kSse2) return &lanes::kSse2;
  if (messages <= 8 && level > Sm3Level::kAvx2) return &lanes::kAvx2;
#endif
  return KernelOf(level);
}

size_t BlocksOf(size_t bytes) { return (bytes + 8) / kBlock + 1; }

// Where the blocks of one message are: those in its middle where the caller has them; the first
// (because of the prefix) and those with the padding in `edges`.
struct Lane {
  size_t blocks = 0;
  size_t whole = 0;                // blocks below it are whole; but for the first they are in place
  const uint8_t* place = nullptr;  // block 1
  alignas(kBlock) uint8_t edges[3 * kBlock];  // the first; then from `whole` on

  void Set(ByteView prefix, ByteView message) {
    const size_t bytes = prefix.size() + message.size();
    blocks = BlocksOf(bytes);
    whole = std::max<size_t>(bytes / kBlock, 1);
    const size_t first = std::min(message.size(), kBlock - prefix.size());
    std::copy_n(prefix.data(), prefix.size(), edges);
    std::copy_n(message.data(), first, edges + prefix.size());
    // Block 1 begins where the first one ends.
    if (bytes >= kBlock) place = reinterpret_cast<const uint8_t*>(message.data()) + first;
    // What is left after the whole blocks, and the padding: a 1 bit, zeros, the length in bits.
    const size_t rest = bytes % kBlock;
    uint8_t* const rest_at = bytes < kBlock ? edges : edges + kBlock;
    uint8_t* const end = edges + kBlock + (blocks - whole) * kBlock;
    if (bytes >= kBlock) std::copy_n(place + (whole - 1) * kBlock, rest, rest_at);
    uint8_t* const pad = rest_at + rest;
    *pad = 0x80;
    std::memset(pad + 1, 0, static_cast<size_t>(end - pad - 1));
    uint64_t bits = static_cast<uint64_t>(bytes) * 8;
    for (uint8_t* at = end; bits != 0; bits >>= 8) *--at = static_cast<uint8_t>(bits);
  }
  const uint8_t* Block(size_t k) const {
    if (k == 0) return edges;
    return k < whole ? place + (k - 1) * kBlock : edges + (1 + k - whole) * kBlock;
  }
};

// Hashes as many messages as there are lanes, or fewer, in step.
class Group {
 public:
  explicit Group(const Kernel& kernel) : kernel_(kernel) {}

  void Run(ByteView prefix, std::span<const ByteView> messages, std::span<const uint32_t> which,
           std::span<Hash> out) {
    size_t blocks_max = 0;
    size_t whole_min = kBlocksMax;
    for (size_t l = 0; l < which.size(); ++l) {
      lanes_[l].Set(prefix, messages[which[l]]);
      blocks_max = std::max(blocks_max, lanes_[l].blocks);
      whole_min = std::min(whole_min, lanes_[l].whole);
    }
    for (size_t i = 0; i < 8; ++i) {
      std::fill_n(state_.data() + i * kernel_.lanes, kernel_.lanes, kInitial[i]);
    }
    rows_.fill(kNothing.data());
    for (size_t k = 0; k < blocks_max;) {
      const size_t together = k == 1 && whole_min > 1 ? whole_min - 1 : 1;
      for (size_t l = 0; l < which.size(); ++l) {
        rows_[l] = k < lanes_[l].blocks ? lanes_[l].Block(k) : kNothing.data();
      }
      Step(which.size(), together);
      k += together;
      for (size_t l = 0; l < which.size(); ++l) {
        if (lanes_[l].blocks == k) Take(l, out[which[l]]);
      }
    }
  }

 private:
  // Lanes without a message read the same zeros over and over, a block at a time.
  void Step(size_t used, size_t blocks) {
    if (used == kernel_.lanes || blocks == 1) {
      kernel_.compress(state_.data(), rows_.data(), blocks);
      return;
    }
    for (size_t b = 0; b < blocks; ++b) {
      kernel_.compress(state_.data(), rows_.data(), 1);
      for (size_t l = 0; l < used; ++l) rows_[l] += kBlock;
    }
  }
  void Take(size_t lane, Hash& out) const {
    for (size_t i = 0; i < 8; ++i) {
      const uint32_t word = state_[i * kernel_.lanes + lane];
      for (size_t b = 0; b < 4; ++b) {
        out.data[4 * i + b] = static_cast<uint8_t>(word >> (24 - 8 * b));
      }
    }
  }

  const Kernel& kernel_;
  alignas(64) std::array<uint32_t, 8 * kLanesMax> state_;
  std::array<const uint8_t*, kLanesMax> rows_;
  std::array<Lane, kLanesMax> lanes_;
};

// Positions of the messages, shortest first; without those that are too long for lanes.
size_t SortByBlocks(ByteView prefix, std::span<const ByteView> messages,
                    std::array<uint32_t, kBatch>& order) {
  std::array<uint32_t, kBlocksMax + 2> begin{};
  for (const ByteView message : messages) {
    const size_t blocks = BlocksOf(prefix.size() + message.size());
    if (blocks <= kBlocksMax) ++begin[blocks + 1];
  }
  for (size_t i = 1; i < begin.size(); ++i) begin[i] += begin[i - 1];
  for (size_t i = 0; i < messages.size(); ++i) {
    const size_t blocks = BlocksOf(prefix.size() + messages[i].size());
    if (blocks <= kBlocksMax) order[begin[blocks]++] = static_cast<uint32_t>(i);
  }
  return begin[kBlocksMax];
}

void HashBatch(Sm3Level level, ByteView prefix, std::span<const ByteView> messages,
               std::span<Hash> out) {
  std::array<uint32_t, kBatch> order;
  const size_t count = SortByBlocks(prefix, messages, order);
  for (size_t done = 0; done < count;) {
    const Kernel& kernel = *KernelFor(level, count - done);
    Group group(kernel);
    const size_t full = std::max(kernel.lanes, (count - done) / kernel.lanes * kernel.lanes);
    const size_t end = std::min(count, done + full);
    for (; done < end; done += std::min(kernel.lanes, end - done)) {
      group.Run(prefix, messages,
                std::span(order).subspan(done, std::min(kernel.lanes, end - done)), out);
    }
  }
  if (count == messages.size()) return;
  for (size_t i = 0; i < messages.size(); ++i) {
    const bool is_long = BlocksOf(prefix.size() + messages[i].size()) > kBlocksMax;
    if (is_long) out[i] = Sm3Of({prefix, messages[i]});
  }
}

std::atomic<Sm3Level>& InUse() {
  static std::atomic<Sm3Level> level = Sm3Levels().back();
  return level;
}

}  // namespace

std::string_view Sm3LevelName(Sm3Level level) {
  switch (level) {
    case Sm3Level::kOne:
      return "off";
    case Sm3Level::kPortable:
      return "portable";
    case Sm3Level::kSse2:
      return "sse2";
    case Sm3Level::kAvx2:
      return "avx2";
    case Sm3Level::kAvx512:
      return "avx512";
  }
  return "";
}

std::vector<Sm3Level> Sm3Levels() {
  std::vector<Sm3Level> levels{Sm3Level::kOne, Sm3Level::kPortable};
#if defined(__x86_64__)
  levels.push_back(Sm3Level::kSse2);
  if (__builtin_cpu_supports("avx2")) levels.push_back(Sm3Level::kAvx2);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")) {
    levels.push_back(Sm3Level::kAvx512);
  }
#endif
  return levels;
}

absl::StatusOr<Sm3Level> ParseSm3Level(std::string_view text) {
  std::string known;
  for (const Sm3Level level : Sm3Levels()) {
    if (text == Sm3LevelName(level)) return level;
    known += Cat(known.empty() ? "" : ", ", Sm3LevelName(level));
  }
  return Error(ErrorCode::kConfig,
               Cat("\"", PrintableExcerpt(text), "\"; this processor has ", known));
}

void UseSm3Level(Sm3Level level) { InUse() = level; }

absl::Status UseSm3LevelOf(const char* text) {
  if (text == nullptr) return absl::OkStatus();
  const auto level = ParseSm3Level(text);
  if (!level.ok()) return At("TONGJIAN_SM3", level.status());
  UseSm3Level(*level);
  return absl::OkStatus();
}

Sm3Level Sm3LevelInUse() { return InUse(); }

void Sm3Many(ByteView prefix, std::span<const ByteView> messages, std::span<Hash> out) {
  Sm3ManyAt(Sm3LevelInUse(), prefix, messages, out);
}

void Sm3ManyAt(Sm3Level level, ByteView prefix, std::span<const ByteView> messages,
               std::span<Hash> out) {
  TJ_CHECK(messages.size() == out.size() && prefix.size() <= 1);
  if (level == Sm3Level::kOne || messages.size() == 1) {
    for (size_t i = 0; i < messages.size(); ++i) out[i] = Sm3Of({prefix, messages[i]});
    return;
  }
  while (!messages.empty()) {
    const size_t count = std::min(messages.size(), kBatch);
    HashBatch(level, prefix, messages.first(count), out.first(count));
    messages = messages.subspan(count);
    out = out.subspan(count);
  }
}

}  // namespace tj::crypto
