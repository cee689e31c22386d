// What the tests of sync/core share: a bureau 370800, a county 370826 under it, and the county's
// ledger. Header-only; confined to a test.

#ifndef TJ_TESTS_UNIT_SYNC_CORE_LEDGER_FIXTURE_H_
#define TJ_TESTS_UNIT_SYNC_CORE_LEDGER_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>

#include "tests/scenario/keyring.h"
#include "tests/scenario/memory_node.h"

namespace tj::sync {

class LedgerFixture : public testing::Test {
 protected:
  static constexpr Instant kNow{1'795'000'000'000};

  const NodeCode bureau_ = *NodeCode::Parse("370800");
  const NodeCode county_ = *NodeCode::Parse("370826");
  const std::shared_ptr<const crypto::TrustStore> trust_ = scenario::Keyring::Instance().Trust(
      {{.code = bureau_}, {.code = county_, .parent = bureau_}});
  crypto::Signer& bureau_key_ = scenario::Keyring::Instance().SignerOf(bureau_, 1);
  crypto::Signer& county_key_ = scenario::Keyring::Instance().SignerOf(county_, 1);
  scenario::MemoryNode origin_{county_, 8};
  const LedgerId ledger_{county_, Epoch{1}};

  // Appends `n` records and signs.
  crypto::Note Grow(uint64_t n, Instant at = kNow) {
    origin_.Append(n, {}, at);
    return *origin_.Publish(county_key_, at);
  }
};

}  // namespace tj::sync

#endif  // TJ_TESTS_UNIT_SYNC_CORE_LEDGER_FIXTURE_H_
