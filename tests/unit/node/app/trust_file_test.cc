#include "node/app/trust_file.h"

#include <algorithm>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/vocab/error.h"
#include "tests/unit/node/app/test_files.h"

namespace tj::app {
namespace {

using ::testing::HasSubstr;

class TrustFileTest : public ::testing::Test {
 protected:
  absl::Status Load(const std::string& text) {
    return LoadTrustFile(folder_.Write("trust.toml", text), kTestNow).status();
  }
  static std::string Text(const cli::TrustEntry& entry) { return cli::TrustEntryText(entry); }

  const TestFolder folder_;
  const TestIssuer issuer_;
  const cli::TrustEntry city_ = issuer_.Entry("370800", "", "济宁市");
  const std::string head_ = cli::TrustHeader(issuer_.record_root());
};

TEST_F(TrustFileTest, ProblemsHaveFileAndLine) {
  const auto expect = [&](const std::string& text, const char* what) {
    const absl::Status status = Load(text);
    EXPECT_EQ(CodeOf(status), ErrorCode::kTrustFile) << what;
    EXPECT_THAT(std::string(status.message()), HasSubstr(what));
    EXPECT_THAT(std::string(status.message()), HasSubstr("trust.toml:"));
  };
  EXPECT_EQ(Load(head_ + Text(city_)), absl::OkStatus());
  expect(Text(city_), "record_root: is required");
  expect("record_root = \"no certificate\"\n", "record_root: ");
  cli::TrustEntry entry = city_;
  entry.code = "3708";
  expect(head_ + Text(entry), "code: ");
  entry = city_;
  entry.parent = "the province";
  expect(head_ + Text(entry), "parent: ");
  entry = city_;
  entry.regions = {"37"};
  expect(head_ + Text(entry), "regions: ");
  entry = city_;
  entry.tls_key_hex[0] = 'G';
  expect(head_ + Text(entry), "tls_keys: ");
  entry = city_;
  entry.signing_pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  expect(head_ + Text(entry), "signing: ");
  expect(head_ + Text(city_) + "signing_key = \"\"\n", "signing_key");
  expect(head_ + Text(city_) + "[[nodes]]\n", "nodes");
  expect("record_root = ", "trust.toml:1");
}

TEST_F(TrustFileTest, ACertificateMustBeTheNodes) {
  cli::TrustEntry entry = city_;
  entry.signing_pem = issuer_.Issue("370826", crypto::Purpose::kRecordSigning).certificate_pem;
  EXPECT_FALSE(Load(head_ + Text(entry)).ok());
  entry = city_;
  entry.signing_pem = TestIssuer().Issue("370800", crypto::Purpose::kRecordSigning).certificate_pem;
  EXPECT_FALSE(Load(head_ + Text(entry)).ok()) << "another authority's";
}

TEST_F(TrustFileTest, FollowsNamesFartherNodes) {
  const std::string county = Text(issuer_.Entry("370826", "370800", "微山县"));
  const std::string town = Text(issuer_.Entry("370826001", "370826", "夏镇"));
  EXPECT_EQ(Load(head_ + county + town + Text(city_) + "follows = [\"370826001\"]\n"),
            absl::OkStatus());
  const std::string text = head_ + county + town + Text(city_);
  const auto line = 1 + std::count(text.begin(), text.end(), '\n');
  const std::string place = "trust.toml:" + std::to_string(line) + ": follows: ";
  const auto problem = [&](const char* follows) {
    const absl::Status status = Load(text + follows);
    EXPECT_EQ(CodeOf(status), ErrorCode::kTrustFile);
    return std::string(status.message());
  };
  EXPECT_THAT(problem("follows = [\"370826\"]\n"), HasSubstr(place + "follows 370826, which"));
  EXPECT_THAT(problem("follows = [\"370827\"]\n"), HasSubstr(place + "follows 370827, which is"));
  EXPECT_THAT(problem("follows = [\"county\"]\n"), HasSubstr(place + "not a node code (county)"));
}

TEST_F(TrustFileTest, AQuotaIsANumberOfRecordsADay) {
  const auto quota = [&](const std::string& lines) {
    const auto trust =
        LoadTrustFile(folder_.Write("trust.toml", head_ + Text(city_) + lines), kTestNow);
    EXPECT_TRUE(trust.ok()) << trust.status();
    return trust->Find(*NodeCode::Parse("370800"))->records_per_day;
  };
  EXPECT_EQ(quota(""), std::nullopt);
  EXPECT_EQ(quota("quota_records_per_day = 20000\n"), 20'000u);
  const absl::Status none = Load(head_ + Text(city_) + "quota_records_per_day = 0\n");
  EXPECT_EQ(CodeOf(none), ErrorCode::kTrustFile);
  EXPECT_THAT(std::string(none.message()), HasSubstr("quota_records_per_day: "));
}

TEST_F(TrustFileTest, ParentsAreNodes) {
  EXPECT_FALSE(Load(head_ + Text(issuer_.Entry("370826", "370800", "微山县"))).ok());
  EXPECT_FALSE(Load(head_ + Text(city_) + Text(city_)).ok()) << "twice";
}

// The fuzz target begins with files that are sound: `recorded` is a real one.
TEST(TrustFileSeeds, AreAccepted) {
  const Instant at = Instant::BeijingMidnight(CivilDate::Of(2026, 11, 24));
  for (const char* seed : {"recorded", "every_key"}) {
    const auto trust =
        LoadTrustFile(std::string(TJ_SOURCE_DIR "/tests/fuzz/corpus/trust_file/") + seed, at);
    EXPECT_TRUE(trust.ok()) << seed << trust.status();
  }
}

}  // namespace
}  // namespace tj::app
