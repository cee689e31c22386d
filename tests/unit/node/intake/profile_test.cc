#include "node/intake/profile.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "tests/unit/node/intake/intake_samples.h"

namespace tj::intake {
namespace {

TEST(Profile, SaysWhatItsTextSays) {
  const auto profile = ParseProfile(SmallProfile());
  ASSERT_TRUE(profile.ok()) << profile.status();
  EXPECT_EQ(profile->source, "log");
  EXPECT_EQ(profile->region, "");
  EXPECT_TRUE(profile->as_written);
  EXPECT_EQ(profile->case_number, "concept:name");
  EXPECT_EQ(profile->fee, "fee");
  EXPECT_EQ(profile->event_code, (std::vector<std::string>{"code", "concept:name"}));
  ASSERT_EQ(profile->items.size(), 1u);
  ASSERT_EQ(profile->terms.size(), 1u);
  EXPECT_EQ(profile->terms[0].promise->count, 20u);
  EXPECT_EQ(profile->terms[0].promise->unit, v1::WORKING_DAY);
  EXPECT_EQ(profile->terms[0].roll, v1::ROLL_NONE);
  EXPECT_FALSE(profile->terms[0].stage_guards_off);
  ASSERT_EQ(profile->rules.size(), 3u);
  EXPECT_TRUE(profile->rules[0].earliest);
  EXPECT_EQ(profile->rules[0].pattern.type(), v1::ACCEPT);
  EXPECT_FALSE(profile->rules[1].earliest);
  EXPECT_EQ(profile->rules[1].pattern.decide().outcome(), 1u);
  EXPECT_EQ(profile->rules[1].match[0].when[0].values, (std::vector<std::string>{"True", "yes"}));
  EXPECT_EQ(profile->rules[2].pattern.step().stage(), v1::STAGE_HANDLE);
}

TEST(Profile, ThoseShippedAreInOrder) {
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(
           std::filesystem::path(TJ_SOURCE_DIR) / "deploy" / "profiles")) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    const auto profile = ParseProfile(text);
    EXPECT_TRUE(profile.ok()) << entry.path() << ": " << profile.status();
    ++found;
  }
  EXPECT_GE(found, 3);
}

// The small profile with one piece of its text replaced.
struct Mistake {
  const char* name;
  const char* old_text;
  const char* new_text;
  const char* place;  // how the error's detail begins
};

class ProfileRefuses : public testing::TestWithParam<Mistake> {};

TEST_P(ProfileRefuses, WithTheLine) {
  std::string text = SmallProfile();
  const std::string old_text = GetParam().old_text;
  const size_t at = text.find(old_text);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, old_text.size(), GetParam().new_text);
  const auto profile = ParseProfile(text);
  ASSERT_FALSE(profile.ok());
  EXPECT_EQ(CodeOf(profile.status()), ErrorCode::kIntakeProfile);
  EXPECT_TRUE(DetailOf(profile.status()).starts_with(GetParam().place)) << profile.status();
}

INSTANTIATE_TEST_SUITE_P(
    Mistakes, ProfileRefuses,
    testing::Values(
        Mistake{"Syntax", "fee = \"fee\"", "fee = = 1", "profile:7: "},
        Mistake{"KeyTwice", "fee = \"fee\"", "number = \"fee\"", "profile:7: "},
        Mistake{"UnknownKey", "officer =", "oficer =", "profile:11: oficer: is not a known key"},
        Mistake{"UnknownKeyAtTop", "source =", "extra = 1\nsource =", "profile:1: extra: "},
        Mistake{"UnknownTable", "[[terms]]", "[[term]]", "profile:14: term: "},
        Mistake{"Missing", "times = \"as_written\"\n", "", "profile:1: times: is missing"},
        Mistake{"MissingInTable", "number = \"concept:name\"\n", "",
                "profile:5: number: is missing"},
        Mistake{"WrongType", "source = \"log\"", "source = 5", "profile:1: source: must be a text"},
        Mistake{"Empty", "source = \"log\"", "source = \"\"", "profile:1: source: must be a text"},
        Mistake{"Reserved", "source = \"log\"", "source = \"~log\"", "profile:1: source: "},
        Mistake{"CreditCode", "12370800TJ0000001J", "12370800TJ0000001K", "profile:2: org: "},
        Mistake{"Region", "\"node\"", "\"here\"", "profile:3: region: "},
        Mistake{"Times", "as_written", "local",
                "profile:4: times: must be one of as_written, instant"},
        Mistake{"Item", "000199001001", "1", "profile:13: code: is not an item code"},
        Mistake{"UnreachedItem", "[[terms]]", "[[item]]\ncode = \"000199001002\"\n[[terms]]",
                "profile:14: when: is never reached"},
        Mistake{"Unit", "working_day", "weeks", "profile:15: unit: must be one of"},
        Mistake{"Count", "count = 20", "count = -1", "profile:15: count: must be a whole number"},
        Mistake{"CountTooLarge", "count = 20", "count = 10001", "profile:15: count: "},
        Mistake{"CountText", "count = 20", "count = \"20\"", "profile:15: count: "},
        Mistake{"HalfARange", "count = 20, unit = \"working_day\"", "from = \"a\"",
                "profile:15: until: is missing"},
        Mistake{"Roll", "roll = \"none\"", "roll = \"back\"", "profile:16: roll: "},
        Mistake{"Event", "\"accept\"", "\"acept\"", "profile:18: event: "},
        Mistake{"EventInCapitals", "\"accept\"", "\"ACCEPT\"", "profile:18: event: "},
        Mistake{"EventUnspecified", "\"accept\"", "\"event_type_unspecified\"",
                "profile:18: event: "},
        Mistake{"EventThatALogCannotTell", "\"accept\"", "\"correct\"", "profile:18: event: "},
        Mistake{"Pick", "\"earliest\"", "\"last\"", "profile:19: pick: "},
        Mistake{"DetailOfAnotherType", "pick = \"earliest\"", "stage = \"handle\"",
                "profile:19: stage: is not a known key"},
        Mistake{"NoMatch", "match = [{ code = \"10\" }]", "match = []", "profile:20: match: "},
        Mistake{"MatchNoList", "match = [{ code = \"10\" }]", "match = \"10\"",
                "profile:20: match: "},
        Mistake{"StarInside", "\"S*\"", "\"S*T\"", "profile:28: code: has '*' before its end"},
        Mistake{"EmptyWhen", "{ question = [\"True\", \"yes\"] }", "{}", "profile:24: when: "},
        Mistake{"WhenNoText", "[\"True\", \"yes\"]", "true", "profile:24: question: "},
        Mistake{"WhenMixed", "[\"True\", \"yes\"]", "[\"True\", 1]", "profile:24: question: "},
        Mistake{"Outcome", "\"permit\"", "\"maybe\"", "profile:23: outcome: "},
        Mistake{"Stage", "\"handle\"", "\"middle\"", "profile:27: stage: "}),
    [](const auto& row) { return row.param.name; });

TEST(ProfileLimits, TooLongTooDeepAndEmptyAreRefused) {
  EXPECT_FALSE(ParseProfile("").ok());
  EXPECT_FALSE(ParseProfile(std::string(limits::kProfileBytesMax + 1, '#')).ok());
  EXPECT_FALSE(ParseProfile("a = " + std::string(100'000, '[')).ok());
  EXPECT_FALSE(ParseProfile("source = \"\xff\"").ok());
}

}  // namespace
}  // namespace tj::intake
