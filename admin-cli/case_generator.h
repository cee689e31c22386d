// CaseGenerator: realistic approval cases from a seed, for trials and quickstart: on time, late,
// supplemented, suspended, extended, withdrawn, refused, still in hand. Everything is made up:
// organisations, items, officers, and above all people (their document numbers begin with 99, which
// no region has). Same arguments, same bytes, on every machine. Confined to a thread.

#ifndef TJ_ADMIN_CLI_CASE_GENERATOR_H_
#define TJ_ADMIN_CLI_CASE_GENERATOR_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "node/rules/calendar.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"
#include "protocol/wire/payload.pb.h"

namespace tj::cli {

struct GeneratorOptions {
  RegionCode region;
  CivilDate first_day;
  CivilDate last_day;  // events after it are left out: those cases are in hand
  uint32_t cases = 100;
  uint64_t seed = 1;
};

class CaseGenerator {
 public:
  explicit CaseGenerator(GeneratorOptions options);
  // All events of all cases, in order of time.
  std::vector<v1::Submission> Generate();

 private:
  struct Draft;  // one case as it grows
  struct Item;

  uint64_t Below(uint64_t n) { return random_() % n; }
  bool Chance(unsigned percent) { return Below(100) < percent; }
  CivilDate WorkingDay(CivilDate day) const;
  CivilDate After(CivilDate day, int64_t working_days) const;
  std::string CaseNumber(CivilDate day, uint32_t sequence) const;
  v1::Submission& Add(Draft& draft, v1::EventType type, CivilDate day,
                      std::vector<v1::Submission>& out);
  void Open(Draft& draft, std::vector<v1::Submission>& out);
  bool Supplement(Draft& draft, std::vector<v1::Submission>& out);
  void Handle(Draft& draft, std::vector<v1::Submission>& out);
  void Pause(Draft& draft, std::vector<v1::Submission>& out);
  void Finish(Draft& draft, std::vector<v1::Submission>& out);
  v1::PersonPart Person();

  const GeneratorOptions options_;
  std::mt19937_64 random_;
  rules::Calendar calendar_;
};

// 23 digits: region 6, unit 3, date 8, sequence 5, check digit by ISO 7064 MOD 11,10 (DOMAIN §B.3).
char CaseNumberCheckDigit(std::string_view first22);

}  // namespace tj::cli

#endif  // TJ_ADMIN_CLI_CASE_GENERATOR_H_
