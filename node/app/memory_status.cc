#include "node/app/memory_status.h"

#include <fstream>
#include <string>

#include "protocol/vocab/limits.h"
#include "protocol/vocab/memory.h"

namespace tj::app {
namespace {

// Anonymous memory of this process, in bytes; 0 where the kernel does not say.
uint64_t RssAnon() {
  std::ifstream file("/proc/self/status");
  constexpr std::string_view kField = "RssAnon:";
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(kField)) {
      return std::strtoull(line.c_str() + kField.size(), nullptr, 10) * 1024;
    }
  }
  return 0;
}

}  // namespace

control::v1::MemoryStatus MemoryStatusOf(const NodeParts& parts) {
  control::v1::MemoryStatus memory;
  const auto add = [&memory](const char* name, uint64_t used, uint64_t budget) {
    auto& component = *memory.add_components();
    component.set_name(name);
    component.set_used(used);
    component.set_budget(budget);
  };
  const store::TruthStatus truth = parts.truth.Status();
  add("ledger", truth.database_bytes, memory::kTruth);
  add("derived", parts.derived.MemoryBytes(), memory::kDerived);
  add("queue", truth.queue_bytes, limits::kCommitQueueBytesMax);
  add("cases", truth.case_tails * memory::kCaseTailBytes,
      memory::kCaseTails * memory::kCaseTailBytes);
  add("folds", parts.folds.MemoryBytes(), memory::kFolds);
  memory.set_process(RssAnon());
  memory.set_budget(parts.config.parent ? memory::kNode : memory::kTopNode);
  return memory;
}

}  // namespace tj::app
