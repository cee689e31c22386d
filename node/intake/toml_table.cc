#include "node/intake/toml_table.h"

#include <utility>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/text.h"

namespace tj::intake {

void TomlProblems::Add(size_t line, std::string_view key, std::string_view what) {
  if (status_.ok()) {
    status_ = Error(ErrorCode::kIntakeProfile, Cat(file_, ":", line, ": ", key, ": ", what));
  }
}

std::vector<std::string> TomlTable::Keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, value] : *table_) keys.emplace_back(key.str());
  return keys;
}

void TomlTable::Problem(std::string_view key, std::string_view what) {
  const toml::node* node = table_->get(key);
  const toml::source_region& place = node != nullptr ? node->source() : table_->source();
  problems_->Add(place.begin.line, key, what);
}

const toml::node* TomlTable::Find(std::string_view key, bool required) {
  asked_.emplace(key);
  const toml::node* node = table_->get(key);
  if (node == nullptr && required) Problem(key, "is missing");
  return node;
}

std::string TomlTable::Text(std::string_view key, bool required) {
  const toml::node* node = Find(key, required);
  if (node == nullptr) return {};
  auto text = node->value_exact<std::string>();
  if (!text || text->empty()) {
    Problem(key, "must be a text");
    return {};
  }
  return *std::move(text);
}

std::optional<uint32_t> TomlTable::Number(std::string_view key, uint32_t low, uint32_t high,
                                          bool required) {
  const toml::node* node = Find(key, required);
  if (node == nullptr) return std::nullopt;
  const auto number = node->value_exact<int64_t>();
  if (!number || *number < low || *number > high) {
    Problem(key, Cat("must be a whole number from ", low, " to ", high));
    return std::nullopt;
  }
  return static_cast<uint32_t>(*number);
}

bool TomlTable::Flag(std::string_view key, bool otherwise) {
  const toml::node* node = Find(key, /*required=*/false);
  if (node == nullptr) return otherwise;
  const auto flag = node->value_exact<bool>();
  if (!flag) Problem(key, "must be true or false");
  return flag.value_or(otherwise);
}

std::vector<std::string> TomlTable::Texts(std::string_view key, bool required) {
  const toml::node* node = Find(key, required);
  if (node == nullptr) return {};
  std::vector<std::string> texts;
  const auto add = [&texts](const toml::node& value) {
    const auto text = value.value_exact<std::string>();
    if (!text || text->empty()) return false;
    texts.push_back(*text);
    return true;
  };
  bool good = true;
  if (const toml::array* array = node->as_array()) {
    for (const toml::node& element : *array) good = add(element) && good;
  } else {
    good = add(*node);
  }
  if (good && !texts.empty()) return texts;
  Problem(key, "must be a text or a list of texts");
  return {};
}

uint32_t TomlTable::Word(std::string_view key, std::initializer_list<std::string_view> words,
                         bool required) {
  const std::string text = Text(key, required);
  if (text.empty()) return 0;
  std::string known;
  uint32_t place = 0;
  for (const std::string_view word : words) {
    if (text == word) return place;
    ++place;
    if (!word.empty()) known += Cat(known.empty() ? "" : ", ", word);
  }
  Problem(key, Cat("must be one of ", known));
  return 0;
}

std::optional<TomlTable> TomlTable::Inner(std::string_view key, bool required) {
  const toml::node* node = Find(key, required);
  if (node == nullptr) return std::nullopt;
  const toml::table* table = node->as_table();
  if (table == nullptr) {
    Problem(key, "must be a table");
    return std::nullopt;
  }
  return TomlTable(*table, *problems_);
}

std::vector<TomlTable> TomlTable::Rows(std::string_view key, bool required) {
  const toml::node* node = Find(key, required);
  if (node == nullptr) return {};
  const toml::array* array = node->as_array();
  if (array == nullptr || !array->is_array_of_tables() ||
      array->size() > limits::kProfileRulesMax) {
    Problem(key, Cat("must be a list of 1 to ", limits::kProfileRulesMax, " tables"));
    return {};
  }
  std::vector<TomlTable> rows;
  for (const toml::node& element : *array) rows.emplace_back(*element.as_table(), *problems_);
  return rows;
}

void TomlTable::RefuseUnknown() {
  for (const auto& [key, value] : *table_) {
    if (asked_.contains(key.str())) continue;
    problems_->Add(key.source().begin.line, PrintableExcerpt(key.str()), "is not a known key");
  }
}

}  // namespace tj::intake
