#include "node/intake/gzip_input.h"

#include <gtest/gtest.h>

#include <string>

#include "protocol/vocab/error.h"
#include "tests/unit/node/intake/intake_samples.h"

namespace tj::intake {
namespace {

struct Result {
  std::string plain;
  absl::Status status;
  size_t largest = 0;
};

Result Read(std::string_view file, size_t piece) {
  Result result;
  GzipInput input([&](ByteView plain) {
    EXPECT_FALSE(plain.empty());
    result.largest = std::max(result.largest, plain.size());
    result.plain.append(plain);
    return absl::OkStatus();
  });
  for (size_t at = 0; at < file.size() && result.status.ok(); at += piece) {
    result.status = input.Feed(file.substr(at, piece));
  }
  if (result.status.ok()) result.status = input.Finish();
  return result;
}

class GzipPieces : public testing::TestWithParam<size_t> {};

TEST_P(GzipPieces, PlainTextPassesThrough) {
  for (const std::string& text : {std::string(), std::string("x"), std::string("\x1f"),
                                  std::string("\x1fx"), std::string("<log/>")}) {
    const Result result = Read(text, GetParam());
    EXPECT_TRUE(result.status.ok()) << result.status;
    EXPECT_EQ(result.plain, text);
  }
}

TEST_P(GzipPieces, IsInflatedAndSeveralMembersAreOneFile) {
  const std::string text(100'000, 'a');
  const Result result = Read(Gzip(text) + Gzip("") + Gzip("end"), GetParam());
  EXPECT_TRUE(result.status.ok()) << result.status;
  EXPECT_EQ(result.plain, text + "end");
}

TEST_P(GzipPieces, CutShortIsRefused) {
  const std::string whole = Gzip("some text that is long enough to be cut somewhere");
  for (size_t size = 2; size < whole.size(); ++size) {
    const Result result = Read(whole.substr(0, size), GetParam());
    ASSERT_FALSE(result.status.ok()) << size;
    EXPECT_EQ(CodeOf(result.status), ErrorCode::kIntakeFile);
  }
}

TEST_P(GzipPieces, WhatFollowsIsRefused) {
  for (const std::string& tail :
       {std::string("x"), std::string(1, '\0'), std::string("\x1f\x8c")}) {
    const Result result = Read(Gzip("text") + tail, GetParam());
    ASSERT_FALSE(result.status.ok());
    EXPECT_EQ(CodeOf(result.status), ErrorCode::kIntakeFile);
  }
}

TEST_P(GzipPieces, DamageIsRefused) {
  const std::string whole = Gzip("some text, its checksum and its length");
  for (size_t i = 0; i < whole.size(); ++i) {
    // Name, time, operating system: gzip's header says nothing that would be checked there.
    if (i >= 4 && i < 10) continue;
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x15);
    const Result result = Read(damaged, GetParam());
    if (i < 2) {
      EXPECT_EQ(result.plain, damaged);  // no gzip then
    } else {
      ASSERT_FALSE(result.status.ok()) << i;
      EXPECT_EQ(CodeOf(result.status), ErrorCode::kIntakeFile);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, GzipPieces, testing::Values(1, 2, 3, 7, 1 << 20));

TEST(GzipInput, ABombIsHandedOnInSmallPieces) {
  const std::string bomb = Gzip(std::string(50 << 20, '\0'));
  ASSERT_LT(bomb.size(), 100u << 10);
  size_t total = 0;
  size_t largest = 0;
  GzipInput input([&](ByteView plain) {
    total += plain.size();
    largest = std::max(largest, plain.size());
    return absl::OkStatus();
  });
  EXPECT_TRUE(input.Feed(bomb).ok());
  EXPECT_TRUE(input.Finish().ok());
  EXPECT_EQ(total, 50u << 20);
  EXPECT_LE(largest, 64u << 10);
}

TEST(GzipInput, AnErrorOfTheSinkStopsIt) {
  int calls = 0;
  GzipInput input([&](ByteView) {
    ++calls;
    return Error(ErrorCode::kIntakeSyntax, "enough");
  });
  EXPECT_EQ(CodeOf(input.Feed(Gzip(std::string(1 << 20, 'x')))), ErrorCode::kIntakeSyntax);
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace tj::intake
