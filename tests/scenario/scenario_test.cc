// Runs every script of testdata/, each as a test of its own. TJ_REWRITE=1 writes the output that
// there was into the scripts instead; read the difference before committing it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/scenario/commands.h"
#include "tests/scenario/script.h"
#include "tests/scenario/world.h"

namespace tj::scenario {
namespace {

const std::filesystem::path kScripts =
    std::filesystem::path(TJ_SOURCE_DIR) / "tests/scenario/testdata";

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kScripts)) {
    if (entry.path().extension() == ".txt") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string Read(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

class Scenario : public testing::TestWithParam<std::string> {};

TEST_P(Scenario, PrintsWhatItMust) {
  const std::filesystem::path path = kScripts / (GetParam() + ".txt");
  const std::string before = Read(path);
  const CommandTable table = AllCommands();
  World world;
  const std::string after =
      RunScript(before, [&](const Command& command) { return RunCommand(table, world, command); });
  EXPECT_THAT(after, testing::Not(testing::HasSubstr("broken promise")));
  EXPECT_THAT(after, testing::Not(testing::HasSubstr("error: ")));
  const char* rewrite = std::getenv("TJ_REWRITE");
  if (rewrite != nullptr && std::string(rewrite) == "1") {
    std::ofstream(path) << after;
  } else {
    EXPECT_EQ(after, before);
  }
}

INSTANTIATE_TEST_SUITE_P(Scripts, Scenario, testing::ValuesIn(Names()), [](const auto& name) {
  std::string identifier = name.param;
  std::replace(identifier.begin(), identifier.end(), '-', '_');
  return identifier;
});

TEST(Scripts, AreThereInNumber) { EXPECT_GE(Names().size(), 30u); }

}  // namespace
}  // namespace tj::scenario
