// Scenario scripts: text files of commands with the output they must have (after etcd's rafttest).
//
//   # a comment
//   command word key=value
//   another command
//   ----
//   what they print
//   <empty line>
//
// Running a script gives its text back with the output that there was: equal when it holds, and the
// new text when TJ_REWRITE=1. Pure, but for `run`.

#ifndef TJ_TESTS_SCENARIO_SCRIPT_H_
#define TJ_TESTS_SCENARIO_SCRIPT_H_

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tj::scenario {

class Command {
 public:
  // "deliver from=370826 to=370800 n=2".
  explicit Command(std::string_view line);

  const std::string& name() const { return name_; }
  const std::vector<std::string>& words() const { return words_; }
  // A word by place, empty if there is none.
  std::string Word(size_t at) const { return at < words_.size() ? words_[at] : std::string(); }
  bool Has(std::string_view word) const;
  // The value of a key; asking marks it as understood.
  std::optional<std::string> Text(std::string_view key) const;
  uint64_t Number(std::string_view key, uint64_t otherwise) const;
  // Keys that nobody asked for: a misspelled script.
  std::vector<std::string> Unasked() const;

 private:
  std::string name_;
  std::vector<std::string> words_;
  std::map<std::string, std::string, std::less<>> values_;
  mutable std::set<std::string, std::less<>> asked_;
};

// Runs every command line of `text` through `run`, which returns its output.
std::string RunScript(std::string_view text, const std::function<std::string(const Command&)>& run);

}  // namespace tj::scenario

#endif  // TJ_TESTS_SCENARIO_SCRIPT_H_
