#include "protocol/vocab/family.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "protocol/vocab/text.h"

namespace tj {
namespace {

// Numbers are on disk and on the wire: a change here must fail.
TEST(Family, NumbersAndNamesAreForEver) {
  const std::pair<int, std::string_view> table[] = {
      {1, "case_event"}, {2, "summary"}, {3, "alarm"},       {4, "heads"},
      {5, "restart"},    {6, "adopt"},   {7, "witness"},     {8, "tick"},
      {9, "loss"},       {10, "order"},  {11, "order_reply"}};
  for (const auto& [number, name] : table) {
    EXPECT_EQ(FamilyName(static_cast<Family>(number)), name);
    EXPECT_EQ(FamilyFromName(name), static_cast<Family>(number));
  }
  EXPECT_EQ(FamilyName(Family::kUnspecified), std::nullopt);
  EXPECT_EQ(FamilyName(static_cast<Family>(999)), std::nullopt);
  EXPECT_EQ(FamilyFromName("family-9"), std::nullopt);
  EXPECT_EQ(FamilyFromName(""), std::nullopt);
}

TEST(Family, WhoIsOwedABody) {
  using enum Relation;
  const struct {
    Audience audience;
    std::initializer_list<Relation> readers;
  } table[] = {
      {Audience::kLocal, {kSelf}},
      {Audience::kParent, {kSelf, kParent}},
      {Audience::kChain, {kSelf, kParent, kAncestor}},
      {Audience::kChildren, {kSelf, kChild}},
      {Audience::kAll, {kSelf, kParent, kAncestor, kChild, kOther}},
      {Audience::kAddressed, {kSelf}},  // the tag decides about others
      {Audience::kUnspecified, {kSelf}},
      {static_cast<Audience>(7), {kSelf}},
  };
  for (const auto& row : table) {
    for (const Relation relation : {kSelf, kParent, kAncestor, kChild, kOther}) {
      const bool owed =
          std::find(row.readers.begin(), row.readers.end(), relation) != row.readers.end();
      EXPECT_EQ(AudienceIncludes(row.audience, relation), owed)
          << static_cast<int>(row.audience) << " " << static_cast<int>(relation);
    }
  }
}

TEST(Text, CatJoinsStringsAndIntegers) {
  EXPECT_EQ(Cat(), "");
  EXPECT_EQ(Cat("a", std::string("b"), 'c', 1, -2, uint8_t{3}, ~uint64_t{0}),
            "abc1-2318446744073709551615");
}

}  // namespace
}  // namespace tj
