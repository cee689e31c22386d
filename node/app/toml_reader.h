// TomlReader: reads typed values out of a parsed TOML table, collecting every problem with its
// line. What was never asked for is reported as unknown. For node/app's .cc files; confined to a
// thread.

#ifndef TJ_NODE_APP_TOML_READER_H_
#define TJ_NODE_APP_TOML_READER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <toml++/toml.h>

namespace tj::app {

class TomlReader {
 public:
  // Parses the file; problems() holds the parser's own if it fails.
  explicit TomlReader(const std::string& path);

  // Dotted keys ("node.code"). Absent: nullopt, or a problem with `required`. A value of another
  // type is a problem.
  std::optional<std::string> Text(std::string_view key, bool required = false);
  std::optional<int64_t> Integer(std::string_view key, int64_t low, int64_t high);
  std::optional<bool> Flag(std::string_view key);
  std::vector<std::string> Texts(std::string_view key);
  std::vector<int64_t> Integers(std::string_view key);
  // Local dates of TOML, as "YYYY-MM-DD".
  std::vector<std::string> Dates(std::string_view key);
  // Tables of [[key]]; each is read through Row().
  size_t Rows(std::string_view key);
  TomlReader Row(std::string_view key, size_t index);

  // Something is wrong with the value of `key`, or with the file.
  void Problem(std::string_view key, std::string_view what);
  // Keys never asked for become problems. Call last.
  void RefuseUnknown();
  // "<file>:<line>: <what>", in the order found; empty when all is well.
  const std::vector<std::string>& problems() const { return problems_; }
  // Takes over a row's problems.
  void Absorb(TomlReader&& row);

 private:
  TomlReader() = default;
  const toml::node* Find(std::string_view key);
  std::string Place(const toml::node* node) const;
  bool AskedBelow(std::string_view prefix) const;
  void RefuseUnknownIn(const toml::table& table, const std::string& prefix);

  std::string path_;
  bool parsed_ = false;  // else nothing is missed: the parser's problem says it all
  // Shared by the readers of its rows, which point into it.
  std::shared_ptr<const toml::table> table_ = std::make_shared<const toml::table>();
  std::set<std::string> asked_;
  std::vector<std::string> problems_;
};

}  // namespace tj::app

#endif  // TJ_NODE_APP_TOML_READER_H_
