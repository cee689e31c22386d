// TestPeer: a node in a temporary folder, without network or threads of its own but the writer's,
// and Talk: two of them over one session. For what nodes make of each other's ledgers.

#ifndef TJ_TESTS_UNIT_NODE_APP_TEST_PEERS_H_
#define TJ_TESTS_UNIT_NODE_APP_TEST_PEERS_H_

#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "node/app/follow_host.h"
#include "protocol/vocab/check.h"
#include "sync/core/session.h"
#include "tests/contract/faulty_kv.h"
#include "tests/scenario/keyring.h"
#include "tests/unit/node/store/temp_folder.h"
#include "tests/unit/node/store/truth_support.h"

namespace tj::app {

class TestPeer {
 public:
  TestPeer(const std::string& code, const store::SetClock& clock,
           std::shared_ptr<const crypto::TrustStore> trust, FollowHost::Hooks hooks = {},
           absl::Status held = absl::OkStatus(), store::KvFaults* faults = nullptr)
      : own{*NodeCode::Parse(code), Epoch{1}},
        signer(scenario::Keyring::Instance().SignerOf(own.origin, 1)) {
    store::TruthOptions options = store::TestOptions(folder / "data", clock, own);
    options.open_when_lost = true;
    options.held = std::move(held);
    if (faults != nullptr) {
      options.open_kv = [this, faults]() -> absl::StatusOr<std::unique_ptr<store::Kv>> {
        return std::make_unique<store::FaultyKv>(*disk, *faults);
      };
    }
    truth = store::OpenTruth(std::move(options));
    if (!hooks.grown) hooks.grown = [] {};
    if (!hooks.fork) hooks.fork = [](const LedgerId&, uint64_t) {};
    host = std::make_unique<FollowHost>(*truth, own, signer, clock, std::move(trust),
                                        std::move(hooks));
  }

  // Ticks that everybody may read.
  void Append(const std::string& content, int count = 1) {
    std::vector<store::PreparedRecord> records;
    for (int i = 0; i < count; ++i) records.push_back(store::TestTick(Cat(content, i)));
    TJ_CHECK(truth->AppendAndWait(store::Records(std::move(records))).ok());
  }
  crypto::Note Sign() {
    auto note = truth->SignHead(signer, Duration(0));
    TJ_CHECK(note.ok());
    return *std::move(note);
  }
  std::vector<wire::Leaf> Leaves(const LedgerId& ledger) const {
    return store::AllLeaves(*truth, ledger);
  }

  store::TempFolder folder;
  const std::unique_ptr<store::Kv> disk = store::OpenMemKv();  // of one with faults
  const LedgerId own;
  crypto::Signer& signer;
  std::unique_ptr<store::Truth> truth;
  std::unique_ptr<FollowHost> host;
};

// One stream from hello to silence. `reclaim`: `a` asks for its own ledger.
class Talk {
 public:
  Talk(TestPeer& a, TestPeer& b, Instant now, bool reclaim = false) : now_(now) {
    ends_[0] = {&a, std::make_unique<sync::Session>(Options(a, b, reclaim)), {}};
    ends_[1] = {&b, std::make_unique<sync::Session>(Options(b, a, false)), {}};
    Handle(0, ends_[0].session->Start(now));
    Handle(1, ends_[1].session->Start(now));
    while (!ends_[0].inbox.empty() || !ends_[1].inbox.empty()) {
      for (const int to : {0, 1}) {
        if (ends_[to].inbox.empty()) continue;
        const wire::Frame frame = std::move(ends_[to].inbox.front());
        ends_[to].inbox.pop_front();
        Handle(to, ends_[to].session->Step(frame, now_));
      }
    }
  }

 private:
  struct End {
    TestPeer* peer = nullptr;
    std::unique_ptr<sync::Session> session;
    std::deque<wire::Frame> inbox;
  };

  static sync::SessionOptions Options(TestPeer& self, TestPeer& peer, bool reclaim) {
    sync::SessionOptions options{.self = self.own.origin,
                                 .peer = peer.own.origin,
                                 .software = "test",
                                 .trust = self.host->trust(),
                                 .signer = &self.host->signer(),
                                 .ledgers = &self.host->ledgers()};
    if (reclaim) options.reclaim = self.own;
    return options;
  }

  void Handle(int from, sync::Output output) {
    End& end = ends_[from];
    if (!output.persist.empty()) {
      std::promise<absl::Status> written;
      end.peer->host->Persist(std::move(output.persist), [&written](absl::Status status) {
        written.set_value(std::move(status));
      });
      TJ_CHECK(written.get_future().get().ok());
    }
    for (const wire::Frame& frame : output.then_send) {
      auto received = wire::DecodeFrame(wire::EncodeFrame(frame));
      TJ_CHECK(received.ok());
      ends_[1 - from].inbox.push_back(*std::move(received));
    }
    const NodeCode peer = ends_[1 - from].peer->own.origin;
    for (const sync::Event& event : output.events) end.peer->host->OnEvent(peer, event);
    if (output.more_to_send) Handle(from, end.session->OnWritable(now_));
  }

  const Instant now_;
  End ends_[2];
};

}  // namespace tj::app

#endif  // TJ_TESTS_UNIT_NODE_APP_TEST_PEERS_H_
