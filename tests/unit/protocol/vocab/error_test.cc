#include "protocol/vocab/error.h"

#include <algorithm>
#include <set>

#include <absl/strings/cord.h>
#include <gtest/gtest.h>

#include "protocol/vocab/bytes.h"

namespace tj {
namespace {

TEST(ErrorTable, NumbersAscendAndNamesAreUnique) {
  std::set<std::string_view> names;
  int last = 0;
  for (const ErrorInfo& info : ErrorTable()) {
    EXPECT_GT(static_cast<int>(info.code), last) << info.name;
    last = static_cast<int>(info.code);
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_GE(last, 100);
    EXPECT_LE(last, 899);
  }
}

TEST(ErrorTable, EveryRowIsComplete) {
  for (const ErrorInfo& info : ErrorTable()) {
    SCOPED_TRACE(info.name);
    EXPECT_TRUE(info.name[0] >= 'A' && info.name[0] <= 'Z');
    EXPECT_EQ(info.name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"),
              std::string_view::npos);
    EXPECT_NE(info.canonical, absl::StatusCode::kOk);
    EXPECT_GE(info.http, 400);
    EXPECT_LE(info.http, 599);
    for (const std::string_view text : {info.zh, info.en, info.try_zh, info.try_en}) {
      EXPECT_FALSE(text.empty());
      EXPECT_TRUE(IsUtf8Text(text));
    }
    // Chinese is Chinese, English is not: U+4000 to U+9FFF begin with E4 to E9 in UTF-8.
    auto has_cjk = [](std::string_view text) {
      return std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<uint8_t>(c) >= 0xe4 && static_cast<uint8_t>(c) <= 0xe9;
      });
    };
    EXPECT_TRUE(has_cjk(info.zh) && has_cjk(info.try_zh));
    EXPECT_FALSE(has_cjk(info.en));
    EXPECT_FALSE(has_cjk(info.try_en));
    EXPECT_EQ(&InfoOf(info.code), &info);
    EXPECT_EQ(ErrorCodeFromName(info.name), info.code);
  }
  EXPECT_EQ(ErrorCodeFromName("NO-SUCH"), std::nullopt);
  EXPECT_EQ(ErrorCodeFromName(""), std::nullopt);
}

TEST(Error, CarriesItsCodeAndDetail) {
  for (const ErrorInfo& info : ErrorTable()) {
    const absl::Status status = Error(info.code, "row 17");
    EXPECT_EQ(status.code(), info.canonical);
    EXPECT_EQ(CodeOf(status), info.code);
    EXPECT_EQ(DetailOf(status), "row 17");
    EXPECT_EQ(Describe(status), std::string(info.name) + ": " + std::string(info.en) + ": row 17");
  }
  EXPECT_EQ(Describe(Error(ErrorCode::kStoreFull)), "STORE-FULL: disk is full");
  EXPECT_EQ(Describe(absl::OkStatus()), "OK");
}

TEST(Error, ForeignStatusIsInternal) {
  EXPECT_EQ(CodeOf(absl::Status(absl::StatusCode::kAborted, "x")), ErrorCode::kInternal);
  absl::Status odd(absl::StatusCode::kAborted, "x");
  odd.SetPayload("tongjian/error", absl::Cord("9999"));
  EXPECT_EQ(CodeOf(odd), ErrorCode::kInternal);
}

TEST(Error, PlacesGoBeforeTheDetail) {
  const absl::Status status = At("row 17", At("org", Error(ErrorCode::kValueCreditCode, "\"x\"")));
  EXPECT_EQ(CodeOf(status), ErrorCode::kValueCreditCode);
  EXPECT_EQ(DetailOf(status), "row 17: org: \"x\"");
  EXPECT_EQ(DetailOf(At("row 17", Error(ErrorCode::kStoreFull))), "row 17");
  EXPECT_TRUE(At("row 17", absl::OkStatus()).ok());
}

TEST(Error, FromName) {
  EXPECT_EQ(CodeOf(ErrorFromName("SYNC-GAP", "at 5")), ErrorCode::kSyncGap);
  const absl::Status later = ErrorFromName("LATER-CODE", "at 5");
  EXPECT_EQ(CodeOf(later), ErrorCode::kInternal);
  EXPECT_EQ(DetailOf(later), "LATER-CODE at 5");
}

TEST(Error, ExcerptsArePrintableAndShort) {
  EXPECT_EQ(PrintableExcerpt("通监 ok"), "通监 ok");
  EXPECT_EQ(PrintableExcerpt(std::string_view("a\0\n\x1b\x7f\xff", 6)), "a?????");
  EXPECT_EQ(PrintableExcerpt("\xe9\x80"), "?");
  EXPECT_EQ(PrintableExcerpt(std::string(100, 'x')).size(), 60u);
  // Never a part of a character, never beyond.
  for (size_t n = 0; n < 12; ++n) {
    const std::string cut = PrintableExcerpt("通𠮷é", n);
    EXPECT_LE(cut.size(), n);
    EXPECT_TRUE(IsUtf8Text(cut));
  }
  EXPECT_EQ(PrintableExcerpt("通𠮷é", 9), "通𠮷é");
  EXPECT_EQ(PrintableExcerpt("通𠮷é", 8), "通𠮷");
}

}  // namespace
}  // namespace tj
