// tj_bench: runs the benchmarks and writes their results as JSON.
//
//   tj_bench [--records N] [--rounds N] [--out FILE] [NAME …]      names: hash ledger
//   single_process dedup full follow query proof; default all

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "tests/bench/benches.h"

namespace {

// 0 for anything that is not a whole number.
template <typename Number>
Number Parse(const std::string& text) {
  Number number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 6 && std::string(argv[1]) == "--bureau") {
    return tj::bench::BureauMain(argv[2], argv[3], argv[4], Parse<int>(argv[5]));
  }
  tj::bench::Scale scale;
  std::string out;
  std::vector<std::string> names;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool more = i + 1 < argc;
    if (word == "--records" && more) {
      scale.records = Parse<uint64_t>(argv[++i]);
    } else if (word == "--rounds" && more) {
      scale.rounds = Parse<int>(argv[++i]);
    } else if (word == "--out" && more) {
      out = argv[++i];
    } else if (word.starts_with("-")) {
      std::fprintf(stderr, "usage: tj_bench [--records N] [--rounds N] [--out FILE] [NAME …]\n");
      return 2;
    } else {
      names.push_back(word);
    }
  }
  const auto wanted = [&](const char* name) {
    if (names.empty()) return true;
    for (const std::string& given : names) {
      if (given == name) return true;
    }
    return false;
  };
  tj::bench::Results results;
  results.AddEnvironment();
  if (wanted("hash")) tj::bench::HashLeaves(results);
  if (wanted("ledger")) tj::bench::Ledger(scale, results);
  if (wanted("single_process")) tj::bench::Single(scale, results);
  if (wanted("dedup")) tj::bench::DedupGrowth(scale, results);
  if (wanted("full")) tj::bench::IngestFull(scale, results);
  if (wanted("follow")) tj::bench::Follow(scale, results);
  if (wanted("query")) tj::bench::Query(scale, results);
  if (wanted("proof")) tj::bench::Proofs(scale, results);
  if (out.empty()) {
    std::fputs(results.Json().c_str(), stdout);
    return 0;
  }
  std::ofstream file(out, std::ios::trunc);
  file << results.Json();
  file.close();
  return file.good() ? 0 : 1;
}
