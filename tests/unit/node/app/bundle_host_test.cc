// What bundles do to a node: they neither end its wait after a start nor give up on a busy writer.

#include "node/app/bundle_host.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <latch>
#include <memory>
#include <vector>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "sync/bundle/exporter.h"
#include "sync/bundle/importer.h"
#include "tests/unit/node/app/test_peers.h"

namespace tj::app {
namespace {

using Kind = sync::Event::Kind;

class OneFile final : public bundle::Sink {
 public:
  absl::Status Write(const std::string&, uint64_t offset, ByteView data) override {
    if (bytes.size() < offset + data.size()) bytes.resize(offset + data.size());
    bytes.replace(offset, data.size(), data);
    return absl::OkStatus();
  }
  absl::Status Done(const std::string&, uint64_t) override { return absl::OkStatus(); }
  Bytes bytes;
};

// Stops a writer, with a full queue, until it goes.
class FullQueue {
 public:
  explicit FullQueue(store::Truth& truth) {
    truth.Append(store::Records({store::TestTick("first")}), [this](const auto&) {
      stopped_.count_down();
      go_on_.wait();
    });
    stopped_.wait();
    for (size_t left = limits::kCommitQueueRecordsMax; left > 0;) {
      const size_t count = std::min(left, limits::kCommitRecordsMax);
      left -= count;
      store::AppendRequest request;
      request.records.assign(count, store::TestTick("x"));
      truth.Append(std::move(request), [this, left](const auto& appended) {
        EXPECT_TRUE(appended.ok()) << appended.status();
        if (left == 0) written_.count_down();
      });
    }
  }
  ~FullQueue() {
    go_on_.count_down();
    written_.wait();
  }

 private:
  std::latch stopped_{1};
  std::latch go_on_{1};
  std::latch written_{1};
};

class BundleHostTest : public ::testing::Test {
 protected:
  BundleHostTest() { clock_.Set(Instant{1'795'000'000'000}); }

  static std::shared_ptr<const crypto::TrustStore> MakeTrust() {
    const NodeCode bureau = *NodeCode::Parse("370800");
    return scenario::Keyring::Instance().Trust(
        {{.code = bureau}, {.code = *NodeCode::Parse("370826"), .parent = bureau}});
  }
  FollowHost::Hooks CountyHooks() {
    FollowHost::Hooks hooks;
    hooks.own_event = [this](const NodeCode&, const sync::Event& event) {
      own_events_.push_back(event.kind);
    };
    hooks.pause = [this](Duration pause) {
      paused_ += pause;
      if (on_pause_) on_pause_();
    };
    return hooks;
  }
  bundle::Host HostOf(TestPeer& peer) const {
    return BundleHost(*peer.host, peer.own.origin, peer.signer, clock_);
  }
  Bytes Export(TestPeer& from, const TestPeer& to) {
    clock_.Advance(Duration(1000));
    OneFile file;
    const auto report = bundle::Export(
        HostOf(from), {.to = to.own.origin, .part_bytes_max = UINT64_MAX, .asked = {}}, file,
        [](const bundle::ExportReport&) { return true; });
    EXPECT_TRUE(report.ok()) << report.status();
    return file.bytes;
  }
  absl::Status Import(TestPeer& at, ByteView file) {
    clock_.Advance(Duration(1000));
    const bundle::Host host = HostOf(at);
    bundle::Importer importer(host, scenario::Keyring::Instance().EncryptionOf(at.own.origin));
    const absl::Status fed = importer.Feed(file);
    return fed.ok() ? importer.Finish() : fed;
  }
  bool Told(Kind kind) const {
    return std::find(own_events_.begin(), own_events_.end(), kind) != own_events_.end();
  }

  store::SetClock clock_;
  std::shared_ptr<const crypto::TrustStore> trust_ = MakeTrust();
  std::vector<Kind> own_events_;  // of the county
  Duration paused_{0};
  std::function<void()> on_pause_;
  TestPeer bureau_{"370800", clock_, trust_};
  TestPeer county_{"370826", clock_, trust_, CountyHooks()};
};

// Neither by what the node remembers of the peer, nor by what an old file shows.
TEST_F(BundleHostTest, NoBundleEndsTheWaitAfterAStart) {
  county_.Append("record", 20);
  county_.Sign();
  Talk(county_, bureau_, clock_.Now());
  Talk(county_, bureau_, clock_.Now());
  ASSERT_TRUE(Told(Kind::kOwnShown)) << "a stream tells it";
  const Bytes reply = Export(bureau_, county_);
  own_events_.clear();
  Export(county_, bureau_);
  ASSERT_TRUE(Import(county_, reply).ok());
  EXPECT_FALSE(Told(Kind::kOwnShown));
  EXPECT_FALSE(Told(Kind::kReady));
}

TEST_F(BundleHostTest, AFileStillShowsWhatIsLost) {
  county_.Append("record", 20);
  county_.Sign();
  Talk(county_, bureau_, clock_.Now());
  const Bytes reply = Export(bureau_, county_);
  TestPeer restored("370826", clock_, trust_, CountyHooks());
  EXPECT_EQ(CodeOf(Import(restored, reply)), ErrorCode::kSyncRollback);
  EXPECT_TRUE(Told(Kind::kOwnRollback));
}

// The writer stands still with a full queue until it was asked for the third time.
TEST_F(BundleHostTest, ABusyWriterIsAskedAgain) {
  bureau_.Append("record", 20);
  bureau_.Sign();
  const Bytes file = Export(bureau_, county_);
  auto full = std::make_unique<FullQueue>(*county_.truth);
  int pauses = 0;
  on_pause_ = [&] {
    if (++pauses == 3) full.reset();
  };
  const absl::Status imported = Import(county_, file);
  EXPECT_TRUE(imported.ok()) << imported;
  EXPECT_EQ(pauses, 3);
  EXPECT_EQ(*county_.host->ledgers().Size(bureau_.own), 20u);
}

TEST_F(BundleHostTest, NotForEver) {
  bureau_.Append("record", 20);
  bureau_.Sign();
  const Bytes file = Export(bureau_, county_);
  const FullQueue full(*county_.truth);
  EXPECT_EQ(CodeOf(Import(county_, file)), ErrorCode::kStoreBusy);
  EXPECT_GE(paused_, limits::kBusyWaitMax);
  EXPECT_LE(paused_, limits::kBusyWaitMax + limits::kBusyPauseMax);
}

TEST_F(BundleHostTest, NorWhenTheNodeStops) {
  bureau_.Append("record", 20);
  bureau_.Sign();
  const Bytes file = Export(bureau_, county_);
  const FullQueue full(*county_.truth);
  on_pause_ = [&] { county_.host->Stop(); };
  EXPECT_EQ(CodeOf(Import(county_, file)), ErrorCode::kStoreBusy);
  EXPECT_EQ(paused_, limits::kBusyPauseMin);
}

}  // namespace
}  // namespace tj::app
