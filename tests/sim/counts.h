// Counts: how often each fault was made and each state of the protocol was met. Every name is
// listed beforehand, so that what never happens shows as 0. Confined to a thread.

#ifndef TJ_TESTS_SIM_COUNTS_H_
#define TJ_TESTS_SIM_COUNTS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace tj::sim {

class Counts {
 public:
  Counts();  // all known names at 0
  // `name` is "fault …", "state …", "event …", "frame …", "refuse …"; one that is not listed is
  // counted, too, but nobody asks that it be there.
  void Add(std::string_view name, uint64_t n = 1);
  void Merge(const Counts& other);
  uint64_t Of(std::string_view name) const;
  // Sum of those that begin with `prefix`.
  uint64_t Sum(std::string_view prefix) const;
  // A line each: name, tab, count.
  std::string Text() const;
  // Reads what Text() wrote.
  void Take(std::string_view line);
  // Those that were listed beforehand and are 0.
  std::string Never() const;

 private:
  std::map<std::string, uint64_t, std::less<>> counts_;
};

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_COUNTS_H_
