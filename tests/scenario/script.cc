#include "tests/scenario/script.h"

#include <algorithm>
#include <charconv>
#include <sstream>

namespace tj::scenario {

Command::Command(std::string_view line) {
  std::istringstream in{std::string(line)};
  in >> name_;
  for (std::string word; in >> word;) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos) {
      words_.push_back(word);
    } else {
      values_[word.substr(0, equals)] = word.substr(equals + 1);
    }
  }
}

bool Command::Has(std::string_view word) const {
  return std::find(words_.begin(), words_.end(), word) != words_.end();
}

std::optional<std::string> Command::Text(std::string_view key) const {
  asked_.emplace(key);
  const auto found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

uint64_t Command::Number(std::string_view key, uint64_t otherwise) const {
  const auto text = Text(key);
  if (!text) return otherwise;
  uint64_t number = 0;
  const char* end = text->data() + text->size();
  const auto [at, error] = std::from_chars(text->data(), end, number);
  return error == std::errc() && at == end ? number : otherwise;
}

std::vector<std::string> Command::Unasked() const {
  std::vector<std::string> unasked;
  for (const auto& [key, value] : values_) {
    if (!asked_.contains(key)) unasked.push_back(key);
  }
  return unasked;
}

std::string RunScript(std::string_view text,
                      const std::function<std::string(const Command&)>& run) {
  std::istringstream in{std::string(text)};
  std::string result;
  std::string output;     // of the commands since the last ----
  bool expected = false;  // within the output of the file as it stands
  for (std::string line; std::getline(in, line);) {
    if (line == "----") {
      result += "----\n" + output;
      output.clear();
      expected = true;
    } else if (expected) {
      if (!line.empty()) continue;
      expected = false;
      result += "\n";
    } else {
      result += line + "\n";
      if (!line.empty() && line.front() != '#') output += run(Command(line));
    }
  }
  return result;
}

}  // namespace tj::scenario
