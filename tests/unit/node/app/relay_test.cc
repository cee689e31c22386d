// Ledgers that are passed on, over real stores: a county's through its city to its province. What
// the city has on disk has no hashes beside bodies that came, and yet the province may get digests
// of them only.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "crypto/leaf_hash.h"
#include "node/store/fsck.h"
#include "tests/unit/node/app/test_peers.h"

namespace tj::app {
namespace {

using crypto::StatementKind;

class RelayTest : public ::testing::Test {
 protected:
  RelayTest() { clock_.Set(Instant{1'795'000'000'000}); }

  static std::shared_ptr<const crypto::TrustStore> MakeTrust() {
    const NodeCode province = *NodeCode::Parse("370000");
    const NodeCode city = *NodeCode::Parse("370800");
    const NodeCode county = *NodeCode::Parse("370826");
    return scenario::Keyring::Instance().Trust({{.code = province, .follows = {county}},
                                                {.code = city, .parent = province},
                                                {.code = county, .parent = city}});
  }
  // `count` records of each audience in turn, of a family that nobody knows.
  void Append(int count) {
    std::vector<store::PreparedRecord> records;
    for (int i = 0; i < count; ++i) {
      for (const Audience audience : kAudiences) {
        auto& record = records.emplace_back(store::TestTick(Cat("record ", made_++), audience));
        record.family = static_cast<Family>(900);
      }
    }
    ASSERT_TRUE(county_.truth->AppendAndWait(store::Records(std::move(records))).ok());
    county_.Sign();
  }
  void Meet(TestPeer& a, TestPeer& b) {
    clock_.Advance(Duration(1000));
    Talk(a, b, clock_.Now());
  }
  static uint64_t Stated(const TestPeer& at, const LedgerId& ledger, const NodeCode& signer,
                         StatementKind kind) {
    const auto snapshot = *at.truth->Snapshot();
    const auto view = store::LedgerView::Open(snapshot->reader(), ledger);
    TJ_CHECK(view.ok());
    const auto note = view->NewestStatement(signer, kind);
    return note.ok() && *note ? (*note)->head.size : 0;
  }
  void ExpectSound(const TestPeer& peer) {
    const auto snapshot = *peer.truth->Snapshot();
    store::FsckOptions options;
    options.own = peer.own;
    options.trust = trust_.get();
    const auto report = store::Fsck(snapshot->reader(), options);
    ASSERT_TRUE(report.ok()) << report.status();
    for (const auto& finding : report->findings) {
      ADD_FAILURE() << peer.own.Text() << " " << finding.place << ": " << finding.problem;
    }
  }

  static constexpr Audience kAudiences[] = {Audience::kLocal, Audience::kParent, Audience::kChain,
                                            Audience::kChildren, Audience::kAll};
  store::SetClock clock_;
  std::shared_ptr<const crypto::TrustStore> trust_ = MakeTrust();
  TestPeer county_{"370826", clock_, trust_};
  TestPeer city_{"370800", clock_, trust_};
  TestPeer province_{"370000", clock_, trust_};
  int made_ = 0;
};

TEST_F(RelayTest, LeavesAndBodiesComeAsTheirAudienceSays) {
  for (const int records : {3, 300}) {  // a piece, and several that are merged
    Append(records);
    Meet(county_, city_);
    Meet(city_, province_);
    const auto origin = county_.Leaves(county_.own);
    const auto at_city = city_.Leaves(county_.own);
    const auto at_province = province_.Leaves(county_.own);
    ASSERT_EQ(at_province.size(), origin.size());
    for (size_t i = 0; i < origin.size(); ++i) {
      const Audience audience = origin[i].header.audience;
      const bool chain = audience == Audience::kChain || audience == Audience::kAll;
      EXPECT_EQ(at_city[i].body.empty(), !chain && audience != Audience::kParent) << i;
      EXPECT_EQ(at_province[i].body.empty(), !chain) << i;
      EXPECT_EQ(crypto::LeafHash(at_province[i].header, at_province[i].body_hash),
                crypto::LeafHash(origin[i].header, origin[i].body_hash));
      EXPECT_EQ(at_province[i].header.family, static_cast<Family>(900));
    }
  }
  ExpectSound(city_);
  ExpectSound(province_);
}

TEST_F(RelayTest, WhatTheProvinceSaysComesToTheCounty) {
  Append(2);
  Meet(county_, city_);
  Meet(city_, province_);
  const uint64_t size = 2 * std::size(kAudiences);
  const NodeCode province = province_.own.origin;
  EXPECT_EQ(Stated(city_, county_.own, province, StatementKind::kHeld), size);
  EXPECT_EQ(Stated(county_, county_.own, province, StatementKind::kHeld), 0u);
  Meet(county_, city_);
  EXPECT_EQ(Stated(county_, county_.own, province, StatementKind::kSeen), size);
  EXPECT_EQ(Stated(county_, county_.own, province, StatementKind::kHeld), size);
  // And the city's word is at the province, beside the head that it came with.
  EXPECT_EQ(Stated(province_, county_.own, city_.own.origin, StatementKind::kSeen), size);
  ExpectSound(county_);
  ExpectSound(province_);
}

}  // namespace
}  // namespace tj::app
