#include "node/app/opening_book.h"

#include <gtest/gtest.h>

namespace tj::app {
namespace {

const NodeCode kBureau = *NodeCode::Parse("370800");
const NodeCode kSibling = *NodeCode::Parse("370827");
const LedgerId kCounty{*NodeCode::Parse("370826"), Epoch{1}};

TEST(OpeningBookTest, WhatIsGivenIsGivenToOneNodeAlone) {
  OpeningBook book;
  book.Give(kBureau, {{3, 5}, {9, 10}}, /*private_parts=*/false);
  for (const uint64_t leaf : {3, 4, 9}) {
    EXPECT_EQ(book.GivenTo(kBureau, Index{leaf}), std::optional(false)) << leaf;
    EXPECT_EQ(book.GivenTo(kSibling, Index{leaf}), std::nullopt);
  }
  for (const uint64_t leaf : {0, 2, 5, 8, 10}) {
    EXPECT_EQ(book.GivenTo(kBureau, Index{leaf}), std::nullopt) << leaf;
  }
}

TEST(OpeningBookTest, PrivatePartsGoWithWhatWasGivenWithThem) {
  OpeningBook book;
  book.Give(kBureau, {{3, 5}}, /*private_parts=*/false);
  book.Give(kBureau, {{4, 6}}, /*private_parts=*/true);
  EXPECT_EQ(book.GivenTo(kBureau, Index{3}), std::optional(false));
  EXPECT_EQ(book.GivenTo(kBureau, Index{4}), std::optional(true));
  EXPECT_EQ(book.GivenTo(kBureau, Index{5}), std::optional(true));
}

TEST(OpeningBookTest, WhatCameIsNotWantedAnyMore) {
  OpeningBook book;
  book.Want(kCounty, {2, 7, 9});
  EXPECT_EQ(book.Wanted(kCounty, Index{3}, 10), (std::vector<Index>{{7}, {9}}));
  EXPECT_EQ(book.Wanted(kCounty, Index{0}, 1), (std::vector<Index>{{2}}));
  book.Came(kCounty, Index{7}, "sealed");
  book.Came(kCounty, Index{9}, {});
  EXPECT_EQ(book.Wanted(kCounty, Index{0}, 10), (std::vector<Index>{{2}}));
  EXPECT_EQ(book.PartsOf(kCounty, Index{7}), std::optional<Bytes>("sealed"));
  EXPECT_EQ(book.PartsOf(kCounty, Index{9}), std::nullopt);
  EXPECT_TRUE(book.Wanted({kSibling, Epoch{1}}, Index{0}, 10).empty());
}

TEST(OpeningBookTest, WantedOnesAreCountedWithinRanges) {
  OpeningBook book;
  book.Want(kCounty, {2, 7, 9, 30});
  const std::vector<wire::LeafRange> ranges = {{0, 3}, {7, 10}, {20, 30}};
  EXPECT_EQ(book.WantedWithin(kCounty, ranges), 3u);
  EXPECT_EQ(book.WantedWithin({kSibling, Epoch{1}}, ranges), 0u);
}

TEST(OpeningBookTest, WhenPartsAreManyTheOldestAreDropped) {
  OpeningBook book;
  for (uint64_t leaf = 0; leaf < OpeningBook::kPartsMax; ++leaf) {
    book.Came(kCounty, Index{leaf}, "first");
  }
  book.Came(kCounty, Index{0}, "again");  // one that is kept makes no more of them
  EXPECT_EQ(book.PartsOf(kCounty, Index{1}), std::optional<Bytes>("first"));
  book.Came(kCounty, Index{OpeningBook::kPartsMax}, "one more");
  EXPECT_EQ(book.PartsOf(kCounty, Index{0}), std::nullopt);
  EXPECT_EQ(book.PartsOf(kCounty, Index{1}), std::optional<Bytes>("first"));
  EXPECT_EQ(book.PartsOf(kCounty, Index{OpeningBook::kPartsMax}), std::optional<Bytes>("one more"));
}

}  // namespace
}  // namespace tj::app
