// A bureau that cheats: real sessions over the real transport, real keys and data of a node that is
// stopped, but orders leave as digests and are not there when they are asked for. Writes what peers
// state, signs nothing new, and runs until its standard input ends. For test_orders.py only.
//
//   withholding_bureau NODE.toml

#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "crypto/leaf_hash.h"
#include "node/app/config.h"
#include "node/app/follow_host.h"
#include "node/app/identity.h"
#include "node/app/ledgers_port.h"
#include "node/app/trust_file.h"
#include "node/store/truth.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "sync/link/link.h"

namespace tj::app {
namespace {

class WithholdingLedgers final : public LedgersPort {
 public:
  using LedgersPort::LedgersPort;

  absl::StatusOr<sync::SegmentChunk> Segment(const LedgerId& ledger, Index at, uint64_t end_max,
                                             size_t bytes_max,
                                             const wire::ColumnFilter& keep) const override {
    const auto all = [](Audience, ByteView) { return true; };
    TJ_ASSIGN_OR_RETURN(sync::SegmentChunk chunk,
                        LedgersPort::Segment(ledger, at, end_max, bytes_max, all));
    TJ_ASSIGN_OR_RETURN(wire::Segment segment, wire::DecodeSegment(chunk.bytes));
    crypto::HashBodies(segment.leaves);
    for (wire::Leaf& leaf : segment.leaves) {
      if (leaf.header.family == Family::kOrder) leaf.body.clear();
    }
    TJ_ASSIGN_OR_RETURN(const Bytes stripped, wire::EncodeSegment(segment.first, segment.leaves,
                                                                  wire::HashColumns::kAll));
    TJ_ASSIGN_OR_RETURN(chunk.bytes, wire::CutSegment(stripped, keep));
    return chunk;
  }

  absl::StatusOr<sync::OpenedLeaf> Open(const LedgerId& ledger, Index index,
                                        uint64_t head_size) const override {
    TJ_ASSIGN_OR_RETURN(sync::OpenedLeaf leaf, LedgersPort::Open(ledger, index, head_size));
    TJ_ASSIGN_OR_RETURN(const wire::Header header, wire::DecodeHeader(leaf.header));
    if (header.family == Family::kOrder) leaf.body.clear();
    return leaf;
  }
};

// The node's own host, with the ledgers above.
class WithholdingHost final : public link::Host {
 public:
  WithholdingHost(FollowHost& host, sync::Ledgers& ledgers) : host_(host), ledgers_(ledgers) {}
  sync::Ledgers& ledgers() override { return ledgers_; }
  crypto::Signer& signer() override { return host_.signer(); }
  const Clock& clock() override { return host_.clock(); }
  std::shared_ptr<const crypto::TrustStore> trust() override { return host_.trust(); }
  std::shared_ptr<const crypto::AddressBook> addresses() override { return host_.addresses(); }
  void Persist(std::vector<sync::PersistOp> ops, std::function<void(absl::Status)> done) override {
    host_.Persist(std::move(ops), std::move(done));
  }
  void OnEvent(const NodeCode& peer, const sync::Event& event) override {
    host_.OnEvent(peer, event);
  }

 private:
  FollowHost& host_;
  sync::Ledgers& ledgers_;
};

absl::Status Run(const std::string& path) {
  const SystemClock clock;
  TJ_ASSIGN_OR_RETURN(const Config config, LoadConfig(path));
  TJ_ASSIGN_OR_RETURN(const Identity identity, LoadIdentity(config));
  TJ_ASSIGN_OR_RETURN(crypto::TrustStore trust, LoadTrustFile(config.trust_file, clock.Now()));
  TJ_ASSIGN_OR_RETURN(crypto::AddressBook addresses, AddressesOf(trust, config.code, identity));
  const LedgerId own{config.code, config.epoch};
  TJ_ASSIGN_OR_RETURN(
      const auto truth,
      store::Truth::Open({.folder = config.data_folder, .own = own, .clock = &clock}));
  FollowHost host(*truth, own, *identity.signer, clock,
                  std::make_shared<const crypto::TrustStore>(std::move(trust)),
                  {.grown = [] {}, .fork = [](const LedgerId&, uint64_t) {}});
  host.UseAddresses(std::make_shared<const crypto::AddressBook>(std::move(addresses)));
  WithholdingLedgers ledgers(*truth, own);
  WithholdingHost cheat(host, ledgers);
  TJ_ASSIGN_OR_RETURN(const auto link, link::Link::Start({.self = config.code,
                                                          .software = "withholding",
                                                          .tls = identity.tls,
                                                          .listen = config.listen},
                                                         cheat));
  std::printf("listening %d\n", link->port());
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
  }
  link->Stop();
  return absl::OkStatus();
}

}  // namespace
}  // namespace tj::app

int main(int argc, char** argv) {
  TJ_CHECK(argc == 2);
  const absl::Status status = tj::app::Run(argv[1]);
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", tj::Describe(status).c_str());
  return 1;
}
