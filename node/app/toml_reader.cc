#include "node/app/toml_reader.h"

#include <algorithm>
#include <utility>

#include "protocol/vocab/text.h"

namespace tj::app {

TomlReader::TomlReader(const std::string& path) : path_(path) {
  try {
    table_ = std::make_shared<const toml::table>(toml::parse_file(path));
    parsed_ = true;
  } catch (const toml::parse_error& error) {
    // A file that cannot be read at all has no line.
    const auto line = error.source().begin.line;
    problems_.push_back(line == 0 ? Cat(path, ": ", error.description())
                                  : Cat(path, ":", line, ": ", error.description()));
  }
}

const toml::node* TomlReader::Find(std::string_view key) {
  asked_.insert(std::string(key));
  return table_->at_path(key).node();
}

std::string TomlReader::Place(const toml::node* node) const {
  const auto line = node != nullptr ? node->source().begin.line : table_->source().begin.line;
  return Cat(path_, ":", line);
}

void TomlReader::Problem(std::string_view key, std::string_view what) {
  problems_.push_back(Cat(Place(table_->at_path(key).node()), ": ", key, ": ", what));
}

std::optional<std::string> TomlReader::Text(std::string_view key, bool required) {
  const toml::node* node = Find(key);
  if (node == nullptr) {
    if (required && parsed_) Problem(key, "is required");
    return std::nullopt;
  }
  auto value = node->value_exact<std::string>();
  if (!value) Problem(key, "must be a string");
  return value;
}

std::optional<int64_t> TomlReader::Integer(std::string_view key, int64_t low, int64_t high) {
  const toml::node* node = Find(key);
  if (node == nullptr) return std::nullopt;
  const auto value = node->value_exact<int64_t>();
  if (!value || *value < low || *value > high) {
    Problem(key, Cat("must be a whole number from ", low, " to ", high));
    return std::nullopt;
  }
  return value;
}

std::optional<bool> TomlReader::Flag(std::string_view key) {
  const toml::node* node = Find(key);
  if (node == nullptr) return std::nullopt;
  const auto value = node->value_exact<bool>();
  if (!value) Problem(key, "must be true or false");
  return value;
}

std::vector<std::string> TomlReader::Texts(std::string_view key) {
  std::vector<std::string> values;
  const toml::node* node = Find(key);
  if (node == nullptr) return values;
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    Problem(key, "must be a list of strings");
    return values;
  }
  for (const toml::node& element : *array) {
    if (auto value = element.value_exact<std::string>()) {
      values.push_back(*std::move(value));
    } else {
      problems_.push_back(Cat(Place(&element), ": ", key, ": must be a list of strings"));
    }
  }
  return values;
}

std::vector<int64_t> TomlReader::Integers(std::string_view key) {
  std::vector<int64_t> values;
  const toml::node* node = Find(key);
  if (node == nullptr) return values;
  const toml::array* array = node->as_array();
  if (array == nullptr || !array->is_homogeneous<int64_t>()) {
    if (array == nullptr || !array->empty()) Problem(key, "must be a list of whole numbers");
    return values;
  }
  for (const toml::node& element : *array) values.push_back(*element.value_exact<int64_t>());
  return values;
}

std::vector<std::string> TomlReader::Dates(std::string_view key) {
  std::vector<std::string> values;
  const toml::node* node = Find(key);
  if (node == nullptr) return values;
  const toml::array* array = node->as_array();
  if (array == nullptr || (!array->empty() && !array->is_homogeneous<toml::date>())) {
    Problem(key, "must be a list of dates");
    return values;
  }
  for (const toml::node& element : *array) {
    const toml::date date = *element.value_exact<toml::date>();
    const auto two = [](int n) { return Cat(n < 10 ? "0" : "", n); };
    values.push_back(Cat(date.year, "-", two(date.month), "-", two(date.day)));
  }
  return values;
}

size_t TomlReader::Rows(std::string_view key) {
  const toml::node* node = Find(key);
  if (node == nullptr) return 0;
  const toml::array* array = node->as_array();
  if (array == nullptr || (!array->empty() && !array->is_array_of_tables())) {
    Problem(key, "must be tables written as [[" + std::string(key) + "]]");
    return 0;
  }
  return array->size();
}

TomlReader TomlReader::Row(std::string_view key, size_t index) {
  TomlReader row;
  row.path_ = path_;
  row.parsed_ = true;
  // Not a copy: that would have no lines.
  row.table_ = {table_, table_->at_path(key).as_array()->get(index)->as_table()};
  return row;
}

void TomlReader::Absorb(TomlReader&& row) {
  for (std::string& problem : row.problems_) problems_.push_back(std::move(problem));
}

bool TomlReader::AskedBelow(std::string_view prefix) const {
  return std::any_of(asked_.begin(), asked_.end(),
                     [&](const std::string& key) { return key.starts_with(prefix); });
}

void TomlReader::RefuseUnknown() { RefuseUnknownIn(*table_, ""); }

void TomlReader::RefuseUnknownIn(const toml::table& table, const std::string& prefix) {
  for (const auto& [key, node] : table) {
    const std::string path = prefix + std::string(key.str());
    if (asked_.contains(path)) continue;
    const toml::table* inner = node.as_table();
    // An empty section says nothing, but its name may be a slip all the same.
    if (inner != nullptr && (!inner->empty() || AskedBelow(path + "."))) {
      RefuseUnknownIn(*inner, path + ".");
      continue;
    }
    problems_.push_back(Cat(Place(&node), ": ", path, ": is not a known key"));
  }
}

}  // namespace tj::app
