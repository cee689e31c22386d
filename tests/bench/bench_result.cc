#include "tests/bench/bench_result.h"

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <thread>

namespace tj::bench {
namespace {

std::string Number(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

double OwnCpu() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// The rest of the line of `path` that begins with `key`.
std::string LineOf(const char* path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(key)) return line.substr(line.find(':') + 1);
  }
  return {};
}

}  // namespace

void Results::Add(std::string name, double value, std::string unit, Detail detail) {
  std::string row = "{\"name\":\"" + name + "\",\"value\":" + Number(value) + ",\"unit\":\"" +
                    unit + "\",\"detail\":{";
  for (size_t i = 0; i < detail.size(); ++i) {
    row += (i == 0 ? "\"" : ",\"") + detail[i].first + "\":" + Number(detail[i].second);
  }
  rows_.push_back(row + "}}");
  std::fprintf(stderr, "%-18s %14s %s\n", name.c_str(), Number(value).c_str(), unit.c_str());
}

void Results::AddEnvironment() {
  utsname system{};
  uname(&system);
  std::string model = LineOf("/proc/cpuinfo", "model name");
  model.erase(0, model.find_first_not_of(' '));
  rows_.push_back(
      "{\"name\":\"environment\",\"value\":" + std::to_string(std::thread::hardware_concurrency()) +
      ",\"unit\":\"cores\",\"detail\":{\"cpu\":\"" + model + "\",\"kernel\":\"" + system.release +
      "\",\"memory_kb\":\"" + LineOf("/proc/meminfo", "MemTotal") + "\"}}");
}

std::string Results::Json() const {
  std::string json = "[\n";
  for (size_t i = 0; i < rows_.size(); ++i)
    json += rows_[i] + (i + 1 < rows_.size() ? ",\n" : "\n");
  return json + "]\n";
}

Stopwatch::Stopwatch() : wall_(std::chrono::steady_clock::now()), cpu_(OwnCpu()) {}
double Stopwatch::Wall() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - wall_).count();
}
double Stopwatch::Cpu() const { return OwnCpu() - cpu_; }

double CpuOf(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const size_t after_name = text.rfind(')');
  if (after_name == std::string::npos) return 0;
  std::istringstream fields(text.substr(after_name + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double RssAnonOf(int pid) {
  const std::string text = LineOf(("/proc/" + std::to_string(pid) + "/status").c_str(), "RssAnon");
  return text.empty() ? 0 : std::stod(text) * 1024;
}

double Quantile(std::vector<double>& values, double q) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(q * static_cast<double>(values.size() - 1))];
}

}  // namespace tj::bench
