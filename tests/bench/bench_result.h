// Results of benchmarks: name, value, unit and the particulars, written as the JSON array that
// build/bench.json is (ARCHITECTURE §10). One thread.

#ifndef TJ_TESTS_BENCH_BENCH_RESULT_H_
#define TJ_TESTS_BENCH_BENCH_RESULT_H_

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace tj::bench {

class Results {
 public:
  using Detail = std::vector<std::pair<std::string, double>>;
  void Add(std::string name, double value, std::string unit, Detail detail = {});
  // The machine: model, cores, memory, kernel; first in the array.
  void AddEnvironment();
  std::string Json() const;

 private:
  std::vector<std::string> rows_;
};

// Wall and CPU seconds of this process since it was made.
class Stopwatch {
 public:
  Stopwatch();
  double Wall() const;
  double Cpu() const;

 private:
  std::chrono::steady_clock::time_point wall_;
  double cpu_ = 0;
};

// CPU seconds (user and system) of another process so far, from /proc; 0 when it is gone.
double CpuOf(int pid);
// RssAnon in bytes.
double RssAnonOf(int pid);
// The q-th quantile (0..1) of `values`, which is sorted in place; 0 when empty.
double Quantile(std::vector<double>& values, double q);

}  // namespace tj::bench

#endif  // TJ_TESTS_BENCH_BENCH_RESULT_H_
