// A bureau of another time, with the keys and the port of one that is stopped: it speaks versions
// that nobody here knows, its clock is a minute ahead, and whoever opens a stream hears nonsense.
// Runs until its standard input ends. For test_peer.py only.
//
//   future_bureau NODE.toml

#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "node/app/config.h"
#include "node/app/identity.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "sync/link/accepted_streams.h"
#include "sync/link/channel.h"

namespace tj::app {
namespace {

constexpr uint32_t kVersions = wire::kProtocolVersion + 1;
constexpr Duration kAhead{60'000};

absl::StatusOr<link::TransportEvents> Babble(const std::shared_ptr<link::Transport>& stream) {
  return link::TransportEvents{.opened = [](const std::string&) {},
                               .message =
                                   [weak = std::weak_ptr(stream)](const Bytes&) {
                                     if (const auto open = weak.lock()) open->Send("\xff\xff");
                                   },
                               .drained = [] {},
                               .closed = [](const absl::Status&) {}};
}

std::vector<wire::Frame> Answer(const NodeCode& self, const Bytes& question) {
  const auto frame = wire::DecodeFrame(question);
  const auto* ping = frame.ok() ? std::get_if<wire::PingFrame>(&*frame) : nullptr;
  if (ping == nullptr) return {};
  return {wire::Hello{.node = self,
                      .version_min = kVersions,
                      .version_max = kVersions + 1,
                      .software = "tongjian/9"},
          wire::PingFrame{.nonce = ping->nonce, .reply = true, .at = SystemClock().Now() + kAhead}};
}

absl::Status Run(const std::string& path) {
  TJ_ASSIGN_OR_RETURN(const Config config, LoadConfig(path));
  TJ_ASSIGN_OR_RETURN(const Identity identity, LoadIdentity(config));
  const auto service =
      link::MakeFollowService([](const std::shared_ptr<link::Transport>& stream, const std::string&,
                                 const std::string&) { return Babble(stream); },
                              [&config](const std::string&, const Bytes& question,
                                        const auto& done) { done(Answer(config.code, question)); });
  int port = 0;
  const auto server = link::StartServer(identity.tls, config.listen, *service, port);
  if (server == nullptr) return Error(ErrorCode::kSyncLink, config.listen);
  std::printf("listening %d\n", port);
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
  }
  server->Shutdown(std::chrono::system_clock::time_point());
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
