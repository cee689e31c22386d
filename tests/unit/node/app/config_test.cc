#include "node/app/config.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/vocab/error.h"
#include "tests/unit/node/app/test_files.h"

namespace tj::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSmallest[] = R"([node]
code = "370826"
data = "data"
[keys]
sign_certificate = "sign.pem"
sign_key = "sign.key"
tls_certificate = "tls.pem"
tls_key = "tls.key"
tls_root = "tls-root.pem"
[trust]
file = "../trust.toml"
)";
constexpr int kLines = 11;

class ConfigTest : public ::testing::Test {
 protected:
  absl::StatusOr<Config> Load(const std::string& text) {
    return LoadConfig(folder_.Write("node.toml", text));
  }
  // What is said of the smallest file with `more` after it.
  std::string Problems(const std::string& more) { return ProblemsOf(kSmallest + more); }
  std::string ProblemsOf(const std::string& text) {
    const auto config = Load(text);
    EXPECT_EQ(CodeOf(config.status()), ErrorCode::kConfig) << text;
    return std::string(config.status().message());
  }
  // "<file>:<line>: <key>: "
  std::string At(int line, const char* key) {
    return folder_.path() + "/node.toml:" + std::to_string(line) + ": " + key + ": ";
  }
  const TestFolder folder_;
};

TEST_F(ConfigTest, TheSmallestFileHasDefaults) {
  const auto config = Load(kSmallest);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->code.text(), "370826");
  EXPECT_EQ(config->name, "370826");
  EXPECT_EQ(config->epoch.value, 1u);
  ASSERT_EQ(config->regions.size(), 1u);
  EXPECT_EQ(config->regions[0].text(), "370826");
  EXPECT_EQ(config->data_folder, folder_.path() + "/data");
  EXPECT_EQ(config->sign_key, folder_.path() + "/sign.key");
  EXPECT_EQ(config->trust_file,
            folder_.path().substr(0, folder_.path().rfind('/')) + "/trust.toml");
  EXPECT_EQ(config->control_socket, folder_.path() + "/data/control.sock");
  EXPECT_EQ(config->passphrase_file, "");
  EXPECT_EQ(config->encryption_key, "");
  EXPECT_EQ(config->listen, "");
  EXPECT_FALSE(config->parent);
  EXPECT_EQ(config->upward, intake::Upward::kSummaries);
  EXPECT_EQ(config->summary_interval, Duration(60'000));
  EXPECT_EQ(config->offer_interval, Duration(60'000));
  EXPECT_EQ(config->log_level, "info");
  EXPECT_EQ(config->log_format, "text");
}

TEST_F(ConfigTest, EveryKeyIsRead) {
  std::string text = kSmallest;
  text.insert(text.find("data = "),
              "name = \"微山县\"\nepoch = 3\nregions = [\"370826\", \"370826001\"]\n");
  text.insert(text.find("[trust]"),
              "passphrase_file = \"/etc/pass\"\nencryption_key = \"enc.key\"\n");
  text += R"([listen]
address = "0.0.0.0:7370"
[parent]
code = "370800"
address = "10.0.0.1:7370"
[control]
socket = "/run/tj.sock"
[publish]
upward = "headers"
offer_interval_seconds = 7
[summary]
interval_seconds = 5
[calendars]
files = ["2026.toml", "/etc/2027.toml"]
demonstration_years = [2028]
[log]
level = "debug"
format = "json"
)";
  const auto config = Load(text);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->name, "微山县");
  EXPECT_EQ(config->epoch.value, 3u);
  EXPECT_EQ(config->regions.size(), 2u);
  EXPECT_EQ(config->passphrase_file, "/etc/pass");
  EXPECT_EQ(config->encryption_key, folder_.path() + "/enc.key");
  EXPECT_EQ(config->listen, "0.0.0.0:7370");
  ASSERT_TRUE(config->parent);
  EXPECT_EQ(config->parent->code.text(), "370800");
  EXPECT_EQ(config->parent->address, "10.0.0.1:7370");
  EXPECT_EQ(config->control_socket, "/run/tj.sock");
  EXPECT_EQ(config->upward, intake::Upward::kHeaders);
  EXPECT_EQ(config->summary_interval, Duration(5000));
  EXPECT_EQ(config->offer_interval, Duration(7000));
  EXPECT_EQ(config->calendar_files,
            (std::vector<std::string>{folder_.path() + "/2026.toml", "/etc/2027.toml"}));
  EXPECT_EQ(config->demonstration_years, std::vector<int>{2028});
  EXPECT_EQ(config->log_level, "debug");
  EXPECT_EQ(config->log_format, "json");
}

TEST_F(ConfigTest, EachProblemIsToldWithItsLine) {
  const int line = kLines + 2;
  const struct {
    const char* section;
    const char* value;
    const char* key;
  } cases[] = {
      {"[publish]", "upward = \"everything\"", "publish.upward"},
      {"[publish]", "upward = 1", "publish.upward"},
      {"[publish]", "offer_interval_seconds = 0", "publish.offer_interval_seconds"},
      {"[publish]", "offer_interval_seconds = 3601", "publish.offer_interval_seconds"},
      {"[summary]", "interval_seconds = 0", "summary.interval_seconds"},
      {"[summary]", "interval_seconds = 901", "summary.interval_seconds"},
      {"[summary]", "interval_seconds = \"60\"", "summary.interval_seconds"},
      {"[summary]", "interval_seconds = 1.5", "summary.interval_seconds"},
      {"[calendars]", "demonstration_years = [1989]", "calendars.demonstration_years"},
      {"[calendars]", "files = \"2026.toml\"", "calendars.files"},
      {"[log]", "level = \"loud\"", "log.level"},
      {"[log]", "format = \"xml\"", "log.format"},
      {"[parent]", "address = \"10.0.0.1:1\"", "parent.address"},
      {"[parent]", "code = \"37080\"", "parent.code"},
      {"[listen]", "address = 7370", "listen.address"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(Problems(std::string(c.section) + "\n" + c.value + "\n"),
                HasSubstr(At(line, c.key)))
        << c.value;
  }
}

// A parent that no network leads to is reached by bundle files.
TEST_F(ConfigTest, AParentNeedsNoAddress) {
  const auto config = Load(std::string(kSmallest) + "[parent]\ncode = \"370800\"\n");
  ASSERT_TRUE(config.ok()) << config.status();
  ASSERT_TRUE(config->parent);
  EXPECT_EQ(config->parent->address, "");
  EXPECT_THAT(Problems("[parent]\ncode = \"370800\"\naddress = \"\"\n"),
              HasSubstr("parent.address: must not be empty"));
}

TEST_F(ConfigTest, AKeyThatNobodyKnowsIsASlip) {
  EXPECT_THAT(Problems("[log]\nlevle = \"debug\"\n"), HasSubstr(":13: "));
  EXPECT_THAT(Problems("[log]\nlevle = \"debug\"\n"), HasSubstr("log.levle"));
  EXPECT_THAT(Problems("[logs]\nlevel = \"debug\"\n"), HasSubstr("logs"));
}

TEST_F(ConfigTest, AllProblemsAreToldAtOnce) {
  const std::string problems = ProblemsOf(R"([node]
code = "county"
epoch = 0
[publish]
upward = "all"
)");
  for (const char* key : {"node.code", "node.epoch", "publish.upward", "node.data: is required",
                          "keys.sign_certificate: is required", "keys.sign_key: is required",
                          "keys.tls_certificate: is required", "keys.tls_key: is required",
                          "keys.tls_root: is required", "trust.file: is required"}) {
    EXPECT_THAT(problems, HasSubstr(key));
  }
  EXPECT_THAT(ProblemsOf(""), HasSubstr("node.code: is required"));
}

TEST_F(ConfigTest, WhatIsNoTomlIsToldWithItsLineOnly) {
  const std::string problems = Problems("[log\n");
  EXPECT_THAT(problems, HasSubstr("node.toml:12: "));
  EXPECT_THAT(problems, Not(HasSubstr("is required")));
  EXPECT_EQ(CodeOf(LoadConfig(folder_.path() + "/absent.toml").status()), ErrorCode::kConfig);
}

TEST_F(ConfigTest, ACalendarFile) {
  const auto load = [&](const std::string& text) {
    return LoadCalendar(folder_.Write("2026.toml", text));
  };
  const auto good = load(
      "year = 2026\nversion = 2\nsource = \"…\"\ndays_off = [2026-01-01]\n"
      "days_worked = [2026-01-04]\n");
  ASSERT_TRUE(good.ok()) << good.status();
  EXPECT_EQ(good->year, 2026);
  EXPECT_EQ(good->version, 2u);
  EXPECT_FALSE(good->demonstration);
  EXPECT_EQ(good->days_off, std::vector<CivilDate>{CivilDate::Of(2026, 1, 1)});
  EXPECT_EQ(good->days_worked, std::vector<CivilDate>{CivilDate::Of(2026, 1, 4)});
  for (const char* text :
       {"version = 1\n", "year = 2026\nversion = 0\n", "year = 2026\ndays_off = [\"2026-01-01\"]\n",
        "year = 2026\ndays_off = [2027-01-01]\n", "year = 2026\ndays_worked = [2026-01-05]\n",
        "year = 2026\nhollidays = []\n", "year = 2026\ndays_off = [2026-01-02, 2026-01-01]\n",
        "year = \n"}) {
    const auto calendar = load(text);
    EXPECT_EQ(CodeOf(calendar.status()), ErrorCode::kRulesCalendar) << text;
    EXPECT_THAT(std::string(calendar.status().message()), HasSubstr("2026.toml")) << text;
  }
  for (const char* shipped : {"2025.toml", "2026.toml"}) {
    const auto calendar = LoadCalendar(std::string(TJ_SOURCE_DIR) + "/deploy/calendars/" + shipped);
    EXPECT_TRUE(calendar.ok()) << calendar.status();
  }
}

}  // namespace
}  // namespace tj::app
