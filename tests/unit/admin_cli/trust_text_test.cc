#include "admin-cli/trust_text.h"

#include <gtest/gtest.h>

#include "node/app/trust_file.h"
#include "tests/unit/node/app/test_files.h"

namespace tj::cli {
namespace {

TEST(TrustText, TheNodeReadsWhatTheCommandWrites) {
  const app::TestFolder folder;
  const app::TestIssuer issuer;
  const std::string path = folder.Write(
      "trust.toml", TrustHeader(issuer.record_root()) +
                        TrustEntryText(issuer.Entry("370800", "", "济宁市 \"市\\局\"")) +
                        TrustEntryText(issuer.Entry("370826-003", "370800", "微山县")));
  const auto trust = app::LoadTrustFile(path, app::kTestNow);
  ASSERT_TRUE(trust.ok()) << trust.status();
  ASSERT_EQ(trust->nodes().size(), 2u);
  const crypto::TrustedNode* city = trust->Find(*NodeCode::Parse("370800"));
  ASSERT_NE(city, nullptr);
  EXPECT_EQ(city->name, "济宁市 \"市\\局\"");
  EXPECT_FALSE(city->parent);
  const crypto::TrustedNode* county = trust->Find(*NodeCode::Parse("370826-003"));
  ASSERT_NE(county, nullptr);
  EXPECT_EQ(county->parent->text(), "370800");
  ASSERT_EQ(county->regions.size(), 1u);
  EXPECT_EQ(county->regions[0].text(), "370826");
  EXPECT_EQ(county->signing.size(), 1u);
  EXPECT_EQ(county->encryption.size(), 1u);
  EXPECT_EQ(county->tls_keys.size(), 1u);
}

}  // namespace
}  // namespace tj::cli
