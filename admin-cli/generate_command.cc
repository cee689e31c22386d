#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include <google/protobuf/util/json_util.h>

#include "admin-cli/case_generator.h"
#include "admin-cli/context.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::cli {
namespace {

struct Options {
  std::vector<std::string> counties;
  std::string out = ".";
  std::string to;
  int days = 60;
  uint32_t cases = 200;
  uint64_t seed = 1;
};

// The day of submission is always past: a node refuses what has not happened yet.
absl::StatusOr<CivilDate> LastDay(const Options& options) {
  if (!options.to.empty()) return CivilDate::Parse(options.to);
  return SystemClock().Now().BeijingDate() - 1;
}

absl::StatusOr<uint64_t> WriteCounty(const Options& options, const RegionCode& region,
                                     CivilDate last_day, size_t index) {
  CaseGenerator generator({.region = region,
                           .first_day = last_day - (options.days - 1),
                           .last_day = last_day,
                           .cases = options.cases,
                           .seed = options.seed * 1'000'003 + index});
  const std::string path = Cat(options.out, "/", region.text(), ".ndjson");
  std::ofstream file(path, std::ios::trunc);
  const std::vector<v1::Submission> submissions = generator.Generate();
  google::protobuf::util::JsonPrintOptions print;
  print.preserve_proto_field_names = true;
  for (const v1::Submission& submission : submissions) {
    std::string json;
    if (!google::protobuf::util::MessageToJsonString(submission, &json, print).ok()) {
      return Error(ErrorCode::kInternal, "a generated event has no JSON");
    }
    file << json << '\n';
  }
  file.close();
  if (!file.good()) return Error(ErrorCode::kFile, Cat(path, ": cannot be written"));
  return submissions.size();
}

absl::Status Generate(const Options& options, Context& context) {
  std::error_code error;
  std::filesystem::create_directories(options.out, error);
  if (error) return Error(ErrorCode::kFile, Cat(options.out, ": ", error.message()));
  TJ_ASSIGN_OR_RETURN(const CivilDate last_day, LastDay(options));
  std::string json;
  for (size_t i = 0; i < options.counties.size(); ++i) {
    TJ_ASSIGN_OR_RETURN(const RegionCode region, RegionCode::Parse(options.counties[i]));
    TJ_ASSIGN_OR_RETURN(const uint64_t events, WriteCounty(options, region, last_day, i));
    if (context.json()) {
      json += Cat(json.empty() ? "" : ",", "{\"county\":\"", region.text(),
                  "\",\"cases\":", options.cases, ",\"events\":", events, "}");
    } else {
      std::printf("%s/%s.ndjson: %u 办件 cases, %llu 事件 events\n", options.out.c_str(),
                  region.text().c_str(), options.cases, static_cast<unsigned long long>(events));
    }
  }
  if (context.json()) std::printf("[%s]\n", json.c_str());
  return absl::OkStatus();
}

}  // namespace

void AddGenerate(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand(
      "generate",
      "生成演示办件 (数据全为虚构) make up cases for trials: one NDJSON file a county\n"
      "例 example: tongjianctl generate --county 370826 --county 370827 --days 60 --cases 500 "
      "--seed 7 --out demo");
  auto options = std::make_shared<Options>();
  command->add_option("--county", options->counties, "区划 region code, repeatable")->required();
  command->add_option("--out", options->out, "输出目录 folder");
  command->add_option("--days", options->days, "天数 days")->check(CLI::Range(1, 3650));
  command->add_option("--to", options->to, "最后一天 last day; default yesterday");
  command->add_option("--cases", options->cases, "每县办件数 cases a county")
      ->check(CLI::Range(1, 90000));
  command->add_option("--seed", options->seed, "随机种子 seed: same seed, same bytes");
  command->callback([options, &context] {
    if (const absl::Status status = Generate(*options, context); !status.ok()) context.Fail(status);
  });
}

}  // namespace tj::cli
