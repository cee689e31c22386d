#include "node/intake/line_splitter.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "protocol/vocab/limits.h"

namespace tj::intake {
namespace {

struct Seen {
  uint64_t number;
  std::string text;
  bool too_long;
  bool operator==(const Seen&) const = default;
};

std::vector<Seen> Split(std::string_view file, size_t piece) {
  std::vector<Seen> lines;
  LineSplitter splitter([&](const Line& line) {
    lines.push_back({line.number, std::string(line.text), line.too_long});
    return absl::OkStatus();
  });
  for (size_t at = 0; at < file.size(); at += piece) {
    EXPECT_TRUE(splitter.Feed(file.substr(at, piece)).ok());
  }
  EXPECT_TRUE(splitter.Finish().ok());
  return lines;
}

class LinePieces : public testing::TestWithParam<size_t> {};

TEST_P(LinePieces, BomAndCrAreDroppedAndLinesCounted) {
  const std::vector<Seen> expected = {
      {1, "one", false}, {2, "", false}, {3, "three", false}, {4, "\r\xef\xbb\xbf", false}};
  EXPECT_EQ(Split("\xef\xbb\xbfone\r\n\nthree\n\r\xef\xbb\xbf", GetParam()), expected);
  EXPECT_EQ(Split("\xef\xbb\xbfone\r\n\nthree\n\r\xef\xbb\xbf\n", GetParam()), expected);
  EXPECT_TRUE(Split("", GetParam()).empty());
}

TEST_P(LinePieces, ALineBeyondTheLimitIsCutAndTheNextIsWhole) {
  const std::string full(limits::kInputLineBytesMax, 'x');
  const std::string file = "\xef\xbb\xbf" + full + "\r\n" + full + "y\n" + "z" + full + full;
  const std::vector<Seen> lines = Split(file, std::max<size_t>(GetParam(), 1000));
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_FALSE(lines[0].too_long);
  EXPECT_TRUE(lines[0].text == full);
  EXPECT_TRUE(lines[1].too_long);
  EXPECT_EQ(lines[1].text.size(), limits::kInputLineBytesMax);
  EXPECT_TRUE(lines[2].too_long);
  EXPECT_EQ(lines[2].text[0], 'z');
}

INSTANTIATE_TEST_SUITE_P(Sizes, LinePieces, testing::Values(1, 2, 5, 4096, 64 << 20));

}  // namespace
}  // namespace tj::intake
