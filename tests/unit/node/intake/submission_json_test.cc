#include "node/intake/submission_json.h"

#include <gtest/gtest.h>

#include <string>

#include "protocol/vocab/error.h"
#include "tests/unit/node/intake/intake_samples.h"

namespace tj::intake {
namespace {

TEST(SubmissionJson, BothSpellingsOfNamesAreRead) {
  const auto snake = ParseSubmission(GoodLine());
  ASSERT_TRUE(snake.ok()) << snake.status();
  EXPECT_EQ(snake->event().type(), v1::APPLY);
  EXPECT_EQ(snake->event().occurred_at_ms(), kNow.ms - 60'000);
  const auto camel = ParseSubmission(R"({"event":{"caseNo":"1","occurredAtMs":"5","type":10}})");
  ASSERT_TRUE(camel.ok()) << camel.status();
  EXPECT_EQ(camel->event().case_no(), "1");
  EXPECT_EQ(camel->event().occurred_at_ms(), 5);
  EXPECT_EQ(camel->event().type(), v1::APPLY);
}

struct Bad {
  const char* name;
  std::string line;
  const char* says;
};

class BadJson : public testing::TestWithParam<Bad> {};

TEST_P(BadJson, IsRefusedWithTheFieldAndWithoutItsValue) {
  const auto submission = ParseSubmission(GetParam().line);
  ASSERT_FALSE(submission.ok());
  EXPECT_EQ(CodeOf(submission.status()), ErrorCode::kIntakeSyntax);
  const std::string detail = DetailOf(submission.status());
  EXPECT_TRUE(detail.starts_with(GetParam().says)) << detail;
  EXPECT_EQ(detail.find("Zhang"), std::string::npos) << detail;
  EXPECT_EQ(detail.find('\n'), std::string::npos) << detail;
}

INSTANTIATE_TEST_SUITE_P(
    Lines, BadJson,
    testing::Values(
        Bad{"UnknownField", R"({"event":{"nope":1}})", "event.nope: is not a known field"},
        Bad{"KeyThatLooksLikeAPath", R"({"(erson":1})", "(erson: is not a known field"},
        Bad{"UnknownTop", R"({"nope":1})", "nope: is not a known field"},
        Bad{"UnknownDeep", R"({"event":{"terms":{"promise":{"days":3}}}})",
            "event.terms.promise.days: is not a known field"},
        Bad{"Number", R"({"event":{"occurred_at_ms":"Zhang"}})", "event.occurred_at_ms: "},
        Bad{"Fraction", R"({"event":{"fee":{"amount_fen":1.5}}})", "event.fee.amount_fen: "},
        Bad{"TooLarge", R"({"event":{"data_ver":4294967296}})", "event.data_ver: "},
        Bad{"Text", R"({"person":{"telephone":5}})", "person.telephone: "},
        Bad{"Enum", R"({"event":{"type":"NOPE"}})", "event.type: "},
        Bad{"Bytes", R"({"event":{"info":{"applicant_pid":"!!"}}})", "event.info.applicant_pid: "},
        Bad{"Object", R"({"person":{"applicant_name":{"Zhang":1}}})", "person"},
        Bad{"List", R"({"event":[]})", "event: "},
        Bad{"TwoDetails", R"({"event":{"decide":{},"done":{}}})", "event: "},
        Bad{"Open", R"({"person":{"applicant_name":"Zhang)", ""},
        Bad{"Trailing", R"({} Zhang)", ""}, Bad{"Bare", "Zhang", ""}, Bad{"Array", "[]", ""},
        Bad{"Null", "null", ""},
        Bad{"Latin1", "{\"person\":{\"applicant_name\":\"Zhang \xe9\"}}", "not UTF-8 text"},
        Bad{"Nul", std::string("{\"event\":{}\0}", 13), "not UTF-8 text"}),
    [](const auto& row) { return row.param.name; });

TEST(SubmissionJson, DeepNestingIsRefusedWithoutDeepRecursion) {
  const auto repeat = [](const std::string& text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
  };
  for (const std::string& line : {repeat("[", 1'000'000), repeat("{\"event\":", 100'000),
                                  R"({"event":{"correct":{"fields":)" + repeat("[", 100'000)}) {
    const auto submission = ParseSubmission(line);
    ASSERT_FALSE(submission.ok());
    EXPECT_EQ(CodeOf(submission.status()), ErrorCode::kIntakeSyntax);
  }
}

}  // namespace
}  // namespace tj::intake
