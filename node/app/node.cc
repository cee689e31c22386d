#include "node/app/node.h"

#include <atomic>
#include <filesystem>
#include <utility>

#include "crypto/sm3.h"
#include "node/app/governing.h"
#include "node/app/head_signer.h"
#include "node/app/log.h"
#include "node/app/node_parts.h"
#include "node/app/node_services.h"
#include "node/app/version.h"
#include "node/control/control_server.h"
#include "node/store/lasting_kv.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::app {
namespace {

namespace fs = std::filesystem;

class NodeImpl final : public Node {
 public:
  NodeImpl(Config config, Identity identity, const Clock& clock)
      : config_(std::move(config)),
        own_{config_.code, config_.epoch},
        identity_(std::move(identity)),
        clock_(clock) {}

  ~NodeImpl() override {
    control_.reset();
    link_raw_ = nullptr;
    if (link_ != nullptr) link_->Stop();
    if (folds_ != nullptr) folds_->Stop();
    if (signer_ != nullptr) signer_->Stop();
    link_.reset();
    // The writer's hook points at folds and signer: it goes before them.
    services_.reset();
    parts_.reset();
    if (truth_ != nullptr) truth_->OnCommit([](uint64_t) {});
    folds_.reset();
    signer_.reset();
    host_.reset();
    truth_.reset();
    derived_.reset();
  }

  absl::Status Begin(crypto::TrustStore trust) {
    TJ_RETURN_IF_ERROR(OpenStores());
    TJ_RETURN_IF_ERROR(AdoptCalendars(*truth_, config_));
    host_ = std::make_unique<FollowHost>(
        *truth_, own_, *identity_.signer, clock_,
        std::make_shared<const crypto::TrustStore>(std::move(trust)),
        FollowHost::Hooks{
            .grown = [this] { folds_->Wake(); },
            .own_rollback = [this](const absl::Status&) { signer_->Freeze(); },
            .fork = [this](const LedgerId& ledger, uint64_t size) { RaiseFork(ledger, size); }});
    folds_ =
        std::make_unique<FoldRunner>(*truth_, *derived_, own_, config_.summary_interval, clock_);
    signer_ = std::make_unique<HeadSigner>(
        *truth_, *identity_.signer,
        [this](const crypto::Note& note, bool urgent) { Published(note, urgent); });
    truth_->OnCommit([this](uint64_t) {
      signer_->Wake(false);
      folds_->Wake();
    });
    TJ_ASSIGN_OR_RETURN(link_, StartLink());
    link_raw_ = link_.get();
    preparer_.emplace(intake::PreparerOptions{.regions = config_.regions,
                                              .upward = config_.upward,
                                              .private_keys = private_keys_.get(),
                                              .clock = &clock_});
    parts_.reset(new NodeParts{config_, own_, identity_, clock_, clock_.Now(), *truth_, *derived_,
                               *private_keys_, *preparer_, *host_, *folds_, *link_});
    services_ = std::make_unique<NodeServices>(*parts_);
    TJ_ASSIGN_OR_RETURN(control_,
                        control::ControlServer::Start(config_.control_socket, *services_));
    return absl::OkStatus();
  }

  Services& services() override { return *services_; }
  int port() const override { return link_->port(); }

 private:
  absl::Status OpenStores() {
    TJ_ASSIGN_OR_RETURN(private_keys_,
                        store::PrivateKeys::Open(config_.data_folder + "/private-keys"));
    TJ_ASSIGN_OR_RETURN(truth_, store::Truth::Open({.folder = config_.data_folder,
                                                    .own = own_,
                                                    .clock = &clock_,
                                                    .uptime = store::SystemUptime}));
    TJ_ASSIGN_OR_RETURN(derived_, store::OpenLastingKv([folder = config_.data_folder + "/derived"] {
                          return store::OpenLevelKv({.folder = folder, .truth = false});
                        }));
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<link::Link>> StartLink() {
    link::LinkOptions options{.self = config_.code,
                              .software = Cat("tongjian/", kVersion),
                              .tls = identity_.tls,
                              .listen = config_.listen,
                              .parent = std::nullopt,
                              .offer_interval = config_.offer_interval};
    // Without an address the parent is reached by bundle files.
    if (config_.parent && !config_.parent->address.empty()) {
      options.parent = link::LinkOptions::Parent{config_.parent->code, config_.parent->address};
    }
    return link::Link::Start(std::move(options), *host_);
  }

  // On the head signer's thread.
  void Published(const crypto::Note& note, bool urgent) {
    Log(LogLevel::kDebug, "head-signed", {{"size", std::to_string(note.head.size)}});
    if (link::Link* link = link_raw_.load()) link->Published(own_, urgent);
  }

  // On a session's strand: the proof is stored; the alarm travels with the ledger.
  void RaiseFork(const LedgerId& ledger, uint64_t size) {
    auto request = ForkAlarm(ledger, size, clock_.Now());
    if (!request.ok()) {
      LogError("fork-alarm-not-made", request.status());
      return;
    }
    truth_->Append(*std::move(request), [this](absl::StatusOr<std::vector<store::Appended>> done) {
      if (!done.ok()) LogError("fork-alarm-not-written", done.status());
      signer_->Wake(/*urgent=*/true);
    });
  }

  // Constant after construction.
  const Config config_;
  const LedgerId own_;
  const Identity identity_;
  const Clock& clock_;

  // In the order of starting.
  std::unique_ptr<store::PrivateKeys> private_keys_;
  std::unique_ptr<store::Truth> truth_;
  std::unique_ptr<store::Kv> derived_;
  std::unique_ptr<FollowHost> host_;
  std::unique_ptr<FoldRunner> folds_;
  std::unique_ptr<HeadSigner> signer_;
  std::unique_ptr<link::Link> link_;
  std::atomic<link::Link*> link_raw_{nullptr};  // for the signer, which starts before the link
  std::optional<intake::Preparer> preparer_;
  std::unique_ptr<NodeParts> parts_;
  std::unique_ptr<NodeServices> services_;
  std::unique_ptr<control::ControlServer> control_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Node>> Node::Start(Config config, Identity identity,
                                                  crypto::TrustStore trust, const Clock& clock) {
  if (!fs::is_directory(config.data_folder)) {
    return Error(ErrorCode::kFile,
                 Cat(config.data_folder, ": no such folder; run tongjianctl init first"));
  }
  auto node = std::make_unique<NodeImpl>(std::move(config), std::move(identity), clock);
  TJ_RETURN_IF_ERROR(node->Begin(std::move(trust)));
  return node;
}

absl::Status InitDataFolder(const Config& config) {
  std::error_code error;
  if (fs::exists(fs::path(config.data_folder) / "ledger", error)) {
    return Error(ErrorCode::kExists, config.data_folder);
  }
  fs::create_directories(config.data_folder, error);
  if (!error) fs::permissions(config.data_folder, fs::perms(0750), error);
  if (error) return Error(ErrorCode::kFile, Cat(config.data_folder, ": ", error.message()));
  TJ_RETURN_IF_ERROR(store::PrivateKeys::Open(config.data_folder + "/private-keys").status());
  const SystemClock clock;
  return store::Truth::Open(
             {.folder = config.data_folder, .own = {config.code, config.epoch}, .clock = &clock})
      .status();
}

}  // namespace tj::app
