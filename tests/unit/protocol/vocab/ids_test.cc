#include "protocol/vocab/ids.h"

#include <gtest/gtest.h>

#include "protocol/vocab/error.h"
#include "tests/unit/protocol/vocab/shared_data.h"

namespace tj {
namespace {

constexpr std::string_view kCreditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";

TEST(Ids, NodeCodes) {
  for (const char* good : {"370826", "370826001", "370826-003", "370826001-999"}) {
    const auto code = NodeCode::Parse(good);
    ASSERT_TRUE(code.ok()) << good;
    EXPECT_EQ(code->text(), good);
    EXPECT_EQ(code->DnsName(), std::string(good) + ".node.tongjian");
  }
  EXPECT_EQ(NodeCode::Parse("370826-003")->region(), "370826");
  EXPECT_EQ(NodeCode::Parse("370826001")->region(), "370826001");
  for (const char* bad : {"", "37082", "3708261", "37082600", "3708260011", "070826", "37082a",
                          "370826-", "370826-03", "370826-0031", "370826-a03", "370826-003-1",
                          "-003", " 370826", "370826 ", "370826\n", "37０826", "370826–003"}) {
    const auto code = NodeCode::Parse(bad);
    ASSERT_FALSE(code.ok()) << bad;
    EXPECT_EQ(CodeOf(code.status()), ErrorCode::kValueNodeCode);
  }
}

TEST(Ids, LedgerIdsHaveOneSpelling) {
  for (const char* good : {"370826/1", "370826001-003/4294967295"}) {
    const auto ledger = LedgerId::Parse(good);
    ASSERT_TRUE(ledger.ok()) << good;
    EXPECT_EQ(ledger->Text(), good);
  }
  EXPECT_EQ(LedgerId::Parse("370826/7")->epoch, Epoch{7});
  for (const char* bad :
       {"", "370826", "370826/", "/1", "370826/0", "370826/01", "370826/+1", "370826/-1",
        "370826/4294967296", "370826/1 ", "370826/1/1", "370826/x", "37/1", "370826 /1"}) {
    const auto ledger = LedgerId::Parse(bad);
    ASSERT_FALSE(ledger.ok()) << bad;
    EXPECT_EQ(CodeOf(ledger.status()), ErrorCode::kValueLedgerId);
  }
}

TEST(Ids, Regions) {
  EXPECT_TRUE(RegionCode::Parse("370826").ok());
  EXPECT_TRUE(RegionCode::Parse("370826001").ok());
  for (const char* bad : {"", "3708", "3708260", "37082600", "370826001001", "37082X", "070826"}) {
    EXPECT_EQ(CodeOf(RegionCode::Parse(bad).status()), ErrorCode::kValueRegion) << bad;
  }
}

TEST(Ids, EveryCountyOfGbt2260IsARegionAndANode) {
  const auto lines = testing::SharedLines("regions/gbt2260-counties.csv");
  TJ_SKIP_WITHOUT(lines, "regions/gbt2260-counties.csv");
  ASSERT_GT(lines.size(), 2000u);
  size_t of_jining = 0;
  for (size_t i = 1; i < lines.size(); ++i) {  // the first line is the heading
    const std::string code = lines[i].substr(0, lines[i].find(','));
    EXPECT_TRUE(RegionCode::Parse(code).ok()) << code;
    EXPECT_TRUE(NodeCode::Parse(code).ok()) << code;
    of_jining += code.starts_with("3708") ? 1 : 0;
  }
  EXPECT_EQ(of_jining, 11u);
}

TEST(Ids, RealCreditCodesPass) {
  const auto lines = testing::SharedLines("uscc/valid-codes.txt");
  TJ_SKIP_WITHOUT(lines, "uscc/valid-codes.txt");
  EXPECT_EQ(lines.size(), 100u);
  for (const std::string& code : lines) {
    EXPECT_TRUE(CreditCode::Parse(code).ok()) << code;
    // Each other character in each place: the check character catches it.
    for (size_t i = 0; i < code.size(); ++i) {
      for (const char c : kCreditAlphabet) {
        if (c == code[i]) continue;
        std::string wrong = code;
        wrong[i] = c;
        EXPECT_FALSE(CreditCode::Parse(wrong).ok()) << wrong;
      }
    }
  }
}

TEST(Ids, CreditCodeRefusals) {
  ASSERT_TRUE(CreditCode::Parse("11370811MB00000196").ok());
  EXPECT_EQ(CreditCode::CheckCharacter("11370811MB0000019"), '6');
  for (const char* bad :
       {"", "11370811MB0000019", "11370811MB000001966", "11370811mb00000196", "11370811IB00000196",
        "11370811OB00000196", "11370811MB0000019 ", "113708110B00000196"}) {
    EXPECT_EQ(CodeOf(CreditCode::Parse(bad).status()), ErrorCode::kValueCreditCode) << bad;
  }
  for (const char letter : {'I', 'O', 'S', 'V', 'Z'}) {
    EXPECT_EQ(CreditCode::CheckCharacter("1137081" + std::string(10, letter)), '\0');
  }
  EXPECT_EQ(CreditCode::CheckCharacter(""), '\0');
}

// The twelve illustrative items of the domain text, part (h).
TEST(Ids, SampleItemCodes) {
  for (const char* code : {"11370811MB000001964000190001001", "11370812MB0000027F4000190002000",
                           "11370883MB000004304000190003001", "11370826MB0000035K4000190004001",
                           "11370832MB0000078N4000190005002", "11370811MB000001964000790006001",
                           "11370881MB0000051X4000190007000", "11370829MB000008674000190008001",
                           "11370826MB0000035K4000190009000", "11370883MB000004304000790010001",
                           "11370800MB000006XB3370190011001", "11370812MB0000027F5372090012000"}) {
    EXPECT_TRUE(ItemCode::Parse(code).ok()) << code;
    const std::string text = code;
    EXPECT_TRUE(CreditCode::Parse(text.substr(0, 18)).ok()) << code;
    EXPECT_TRUE(ItemCode::Parse(text.substr(19)).ok()) << "the catalogue code alone: " << code;
  }
}

TEST(Ids, ItemCodeRefusals) {
  const std::string good = "11370811MB000001964000190001001";
  std::string wrong_check = good;
  wrong_check[17] = '7';
  std::string wrong_level = good;
  wrong_level[18] = '8';
  std::string zero_level = good;
  zero_level[18] = '0';
  std::string wrong_catalog = good;
  wrong_catalog[25] = 'A';
  for (const std::string& bad :
       {wrong_check, wrong_level, zero_level, wrong_catalog, std::string(), std::string(9, '1'),
        std::string(13, '1'), std::string(23, '1'), std::string(37, '1'),
        std::string("00019000100A"), std::string("000190001o"), std::string("000 90001001")}) {
    EXPECT_EQ(CodeOf(ItemCode::Parse(bad).status()), ErrorCode::kValueItemCode) << bad;
  }
  // Lengths that the printed standard gives are taken with less knowledge of their parts.
  for (const size_t n : {10u, 11u, 24u, 30u, 32u, 36u}) {
    EXPECT_TRUE(ItemCode::Parse(std::string(n, '1')).ok()) << n;
  }
}

TEST(Ids, MessagesRepeatLittleOfABadValue) {
  const auto code = NodeCode::Parse("\x1b[31m" + std::string(1000, 'x'));
  EXPECT_LT(code.status().message().size(), 100u);
  EXPECT_EQ(DetailOf(code.status()).substr(0, 7), "\"?[31mx");
}

}  // namespace
}  // namespace tj
