#include "tests/golden/recording.h"

#include <fstream>
#include <iterator>
#include <sstream>

namespace tj::golden {
namespace {

bool WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  return static_cast<bool>(file.flush());
}

bool ReadFile(const std::string& path, std::string& text) {
  std::ifstream file(path, std::ios::binary);
  text.assign(std::istreambuf_iterator<char>(file), {});
  return file.good() || file.eof();
}

}  // namespace

bool Write(const Recording& recording, const std::string& folder) {
  std::ostringstream text;
  for (const RecordedFrame& frame : recording.frames) {
    text << frame.at.ms << (frame.up ? " > " : " < ") << HexEncode(frame.bytes) << ' '
         << frame.description << '\n';
  }
  return WriteFile(folder + "/frames.txt", text.str()) &&
         WriteFile(folder + "/root.pem", recording.root_pem) &&
         WriteFile(folder + "/bureau.pem", recording.bureau_pem) &&
         WriteFile(folder + "/county.pem", recording.county_pem) &&
         WriteFile(folder + "/fork.tjproof", recording.proof);
}

bool Read(const std::string& folder, Recording& recording) {
  std::string text;
  if (!ReadFile(folder + "/frames.txt", text) ||
      !ReadFile(folder + "/root.pem", recording.root_pem) ||
      !ReadFile(folder + "/bureau.pem", recording.bureau_pem) ||
      !ReadFile(folder + "/county.pem", recording.county_pem) ||
      !ReadFile(folder + "/fork.tjproof", recording.proof)) {
    return false;
  }
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    int64_t at = 0;
    std::string way;
    std::string hex;
    if (!(words >> at >> way >> hex) || words.get() != ' ') return false;
    RecordedFrame frame{.at = {at}, .up = way == ">", .bytes = {}, .description = {}};
    auto bytes = HexDecode(hex);
    if (!bytes) return false;
    frame.bytes = *std::move(bytes);
    std::getline(words, frame.description);
    recording.frames.push_back(std::move(frame));
  }
  return true;
}

}  // namespace tj::golden
