// TomlTable: reads typed values out of one table of a parsed TOML text, strictly: each key is asked
// for, and what was never asked for is unknown. The first problem is kept, with its line. For the
// .cc files of node/intake; confined to a thread. The parsed text must outlive it.

#ifndef TJ_NODE_INTAKE_TOML_TABLE_H_
#define TJ_NODE_INTAKE_TOML_TABLE_H_

#include <toml++/toml.h>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>

namespace tj::intake {

class TomlProblems {
 public:
  explicit TomlProblems(std::string_view file) : file_(file) {}
  void Add(size_t line, std::string_view key, std::string_view what);
  // INTAKE-PROFILE, "file:12: key: what", of the first problem; OK without one.
  const absl::Status& status() const { return status_; }

 private:
  const std::string file_;
  absl::Status status_;
};

class TomlTable {
 public:
  TomlTable(const toml::table& table, TomlProblems& problems)
      : table_(&table), problems_(&problems) {}

  bool Has(std::string_view key) const { return table_->contains(key); }
  std::vector<std::string> Keys() const;
  // Something is wrong with the value of `key`, or with its absence.
  void Problem(std::string_view key, std::string_view what);

  // Absent: empty, and a problem if required. Never empty when given.
  std::string Text(std::string_view key, bool required = false);
  std::optional<uint32_t> Number(std::string_view key, uint32_t low, uint32_t high,
                                 bool required = false);
  bool Flag(std::string_view key, bool otherwise);
  // A text, or a list of texts that is not empty.
  std::vector<std::string> Texts(std::string_view key, bool required = false);
  // A word of a list, as its place in it; 0 when absent or wrong. Empty places are no words.
  uint32_t Word(std::string_view key, std::initializer_list<std::string_view> words,
                bool required = false);
  std::optional<TomlTable> Inner(std::string_view key, bool required = false);
  std::vector<TomlTable> Rows(std::string_view key, bool required = false);

  // To be called when all keys were asked for.
  void RefuseUnknown();

 private:
  const toml::node* Find(std::string_view key, bool required);

  const toml::table* table_;
  TomlProblems* problems_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace tj::intake

#endif  // TJ_NODE_INTAKE_TOML_TABLE_H_
