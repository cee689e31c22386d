#include "node/app/node.h"

#include <atomic>
#include <chrono>
#include <utility>

#include "crypto/sm3.h"
#include "node/app/data_folder.h"
#include "node/app/first_error.h"
#include "node/app/governing.h"
#include "node/app/head_signer.h"
#include "node/app/heads_writer.h"
#include "node/app/log.h"
#include "node/app/node_parts.h"
#include "node/app/node_services.h"
#include "node/app/opening_desk.h"
#include "node/app/owed_watch.h"
#include "node/app/own_ledger.h"
#include "node/app/proof_files.h"
#include "node/app/split_watch.h"
#include "node/app/spot_desk.h"
#include "node/app/version.h"
#include "node/control/control_server.h"
#include "node/store/lasting_kv.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/memory.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::app {
namespace {

// After a proof file that could not be written, until the next try.
constexpr std::chrono::seconds kProofsRetry{10};

class NodeImpl final : public Node {
 public:
  NodeImpl(Config config, Identity identity, const Clock& clock)
      : config_(std::move(config)),
        own_{config_.code, config_.epoch},
        identity_(std::move(identity)),
        clock_(clock) {}

  ~NodeImpl() override {
    if (host_ != nullptr) host_->Stop();  // who waits in a call of control
    control_.reset();
    link_raw_ = nullptr;
    if (link_ != nullptr) link_->Stop();
    if (folds_ != nullptr) folds_->Stop();
    if (signer_ != nullptr) signer_->Stop();
    link_.reset();
    // The writer's hook points at folds and signer: it goes before them.
    services_.reset();
    parts_.reset();
    if (truth_ != nullptr) truth_->OnCommit({});
    folds_.reset();
    signer_.reset();
    host_.reset();
    owed_watch_.reset();
    split_watch_.reset();
    heads_writer_.reset();
    proof_files_.reset();
    own_ledger_.reset();
    truth_.reset();
    derived_.reset();
  }

  absl::Status Begin(crypto::TrustStore trust) {
    TJ_ASSIGN_OR_RETURN(crypto::AddressBook addresses, AddressesOf(trust, config_.code, identity_));
    if (trust.Find(config_.code) != nullptr && !trust.GoesOn(own_)) {
      return Error(ErrorCode::kConfig,
                   Cat("node.epoch is ", own_.epoch.value,
                       ", the trust file names another one for ", config_.code.text()));
    }
    TJ_RETURN_IF_ERROR(OpenStores());
    OwnLedger::Hooks own_hooks{.shown = [this] { signer_->Shown(); },
                               .frozen = [this] { FreezeSigner(); },
                               .returned = [this] { signer_->Thaw(); },
                               .streams = [this] { RestartStreams(); }};
    own_ledger_ = std::make_unique<OwnLedger>(*truth_, config_, *private_keys_, clock_.Now(),
                                              std::move(own_hooks));
    own_ledger_->Begin();
    host_ = std::make_unique<FollowHost>(
        *truth_, own_, *identity_.signer, clock_,
        std::make_shared<const crypto::TrustStore>(std::move(trust)),
        FollowHost::Hooks{
            .grown = [this] { folds_->Wake(); },
            .own_rollback = {},
            .fork = [this](const LedgerId&, uint64_t) { ProofsFound(); },
            .passed_on =
                [this](const LedgerId& ledger) {
                  if (link::Link* link = link_raw_.load()) link->Published(ledger, false);
                },
            .streams = [this] { RestartStreams(); },
            .own_event = [this](const NodeCode& peer,
                                const sync::Event& event) { own_ledger_->OnEvent(peer, event); },
            .lost = [this] { return own_ledger_->lost(); },
            .names = [this](ByteView segment) { return own_ledger_->Names(segment); },
            .reclaim = [this](const NodeCode& peer) { return own_ledger_->Reclaim(peer); },
            .opened_to = [this](const NodeCode& reader, Index index,
                                const Bytes& body) { return OpenedTo(reader, index, body); },
            .given = [this](const LedgerId& ledger, Index from,
                            size_t max) { return book_.Wanted(ledger, from, max); },
            .opened_came = [this](const LedgerId& ledger, Index index,
                                  Bytes parts) { Came(ledger, index, std::move(parts)); }});
    host_->UseAddresses(std::make_shared<const crypto::AddressBook>(std::move(addresses)));
    heads_writer_ = std::make_unique<HeadsWriter>(*truth_, own_, config_.heads_interval, clock_);
    split_watch_ = std::make_unique<SplitWatch>(*truth_, own_);
    owed_watch_ = std::make_unique<OwedWatch>(*truth_, own_, config_.owed_alarm, clock_);
    proof_files_ =
        std::make_unique<ProofFiles>(*truth_, own_, config_.data_folder, *identity_.signer);
    opening_desk_.emplace(*truth_, *derived_, own_, book_);
    spot_desk_.emplace(*truth_, *derived_, own_, book_, *opening_desk_, clock_);
    folds_ = std::make_unique<FoldRunner>(*truth_, *derived_, own_, config_.summary_interval,
                                          clock_, [this](uint64_t folded_size, uint64_t changes) {
                                            return AfterFolds(folded_size, changes);
                                          });
    signer_ = std::make_unique<HeadSigner>(
        *truth_, *identity_.signer, StartWait(),
        HeadSigner::Hooks{.open = [this](bool after_wait) { return own_ledger_->Open(after_wait); },
                          .beat = [this] { OnBeat(); },
                          .published = [this](const crypto::Note& note,
                                              bool urgent) { Published(note, urgent); }});
    if (own_ledger_->lost()) signer_->Freeze();
    truth_->OnCommit([this](uint64_t, bool urgent) {
      signer_->Wake(urgent);
      folds_->Wake();
    });
    TJ_ASSIGN_OR_RETURN(link_, StartLink());
    link_raw_ = link_.get();
    preparer_.emplace(intake::PreparerOptions{.regions = config_.regions,
                                              .upward = config_.upward,
                                              .private_keys = private_keys_.get(),
                                              .clock = &clock_});
    parts_.reset(new NodeParts{config_, own_, identity_, clock_, clock_.Now(), *truth_, *derived_,
                               *private_keys_, *preparer_, *host_, *folds_, *link_, *own_ledger_,
                               *proof_files_, *owed_watch_, *split_watch_, book_});
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
    TJ_ASSIGN_OR_RETURN(
        truth_,
        store::Truth::Open({.folder = config_.data_folder,
                            .own = own_,
                            .clock = &clock_,
                            .uptime = store::SystemUptime,
                            .open_when_lost = true,
                            .held = Error(ErrorCode::kNotReady, "waiting for a follower")}));
    TJ_ASSIGN_OR_RETURN(
        derived_, store::OpenLastingKv([folder = config_.data_folder + "/derived"] {
          return store::OpenLevelKv({.folder = folder,
                                     .truth = false,
                                     .write_buffer_bytes = memory::kDerivedWriteBuffer,
                                     .block_cache_bytes = memory::kDerivedBlockCache});
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

  // On the fold runner's thread. The rest of a ledger that is lost is not to be judged or opened.
  absl::Status AfterFolds(uint64_t folded_size, uint64_t changes) {
    if (!truth_->Status().held.ok()) return absl::OkStatus();
    const auto trust = host_->trust();
    FirstError errors;
    if (changes != openings_read_) {
      const absl::Status read = opening_desk_->Round(*trust);
      if (read.ok()) openings_read_ = changes;
      errors.Add("openings", read);
      link::Link* const link = link_raw_.load();
      if (opening_desk_->TakeWanted() && link != nullptr) link->Published(own_, /*urgent=*/false);
    }
    errors.Add("spot checks", spot_desk_->Round(*trust, folded_size));
    return errors.status();
  }

  // A session asks whether a leaf of ours is opened to its peer, and for what goes with it.
  absl::StatusOr<std::optional<Bytes>> OpenedTo(const NodeCode& reader, Index index,
                                                const Bytes& body) const {
    const std::optional<bool> given = book_.GivenTo(reader, index);
    if (!given || !*given) return given ? std::optional<Bytes>(Bytes()) : std::nullopt;
    auto parts = SealedPartsFor(*truth_, own_, *private_keys_, *host_->trust(), reader, index, body,
                                clock_.Now());
    if (parts.ok()) return std::optional<Bytes>(*std::move(parts));
    LogError("private-parts-not-opened", parts.status(), {{"to", reader.text()}});
    return std::optional<Bytes>(Bytes());
  }

  void Came(const LedgerId& ledger, Index index, Bytes parts) {
    book_.Came(ledger, index, std::move(parts));
    if (book_.Wanted(ledger, Index{0}, 1).empty()) folds_->Wake();
  }

  // How long this node waits for a follower before it signs: not at all where nobody can have
  // followed it.
  Duration StartWait() {
    const bool followed = config_.parent || !host_->trust()->ChildrenOf(config_.code).empty();
    return followed ? config_.start_wait : Duration(0);
  }

  // What is lost may be known before there is a signer.
  void FreezeSigner() {
    if (signer_ != nullptr) signer_->Freeze();
  }

  void RestartStreams() {
    if (link::Link* link = link_raw_.load()) {
      link->Restart(Error(ErrorCode::kNotReady, "a ledger is recovered, or frozen"));
    }
  }

  // A proof is stored: the file and the alarm are made on the signer's next beat.
  void ProofsFound() {
    proofs_due_ = true;
    signer_->Wake(/*urgent=*/true);
  }

  // On the head signer's thread.
  void OnBeat() {
    const auto state = own_ledger_->view().state;
    if (state == OwnLedger::State::kLost && !std::exchange(lost_told_, true)) proofs_due_ = true;
    const bool open = state == OwnLedger::State::kOpen;
    if (open) lost_told_ = false;
    WriteProofs(open);
    if (!open) return;
    const auto written = heads_writer_->WriteIfDue(*host_->trust());
    if (!written.ok()) LogError("heads-not-written", written.status());
    LookForSplit();
    const absl::Status looked = owed_watch_->Look();
    if (!looked.ok()) LogError("owed-not-looked-for", looked);
  }

  void WriteProofs(bool may_append) {
    const auto now = std::chrono::steady_clock::now();
    if (now < proofs_not_before_ || !proofs_due_.exchange(false)) return;
    const absl::Status status = proof_files_->Write(*host_->trust(), may_append);
    if (!status.ok()) {
      LogError("proofs-not-written", status);
      proofs_not_before_ = now + kProofsRetry;
    }
    if (!status.ok() || !may_append) proofs_due_ = true;
  }

  // What a sibling was shown of our parent's ledger is not what we were shown.
  void LookForSplit() {
    const auto findings = split_watch_->Look(host_->trust());
    if (!findings.ok()) return LogError("split-not-looked-for", findings.status());
    if (split_watch_->behind()) signer_->Wake(/*urgent=*/false);  // goes on at the next beat
    for (const SplitWatch::Finding& finding : *findings) {
      const absl::Status status = TellSplit(finding);
      if (!status.ok()) LogError("split-not-told", status);
    }
    if (findings->empty()) return;
    signer_->Wake(/*urgent=*/true);  // for the alarms
    const bool frozen = std::any_of(findings->begin(), findings->end(),
                                    [](const auto& finding) { return finding.proof.has_value(); });
    if (frozen) RestartStreams();
  }

  // The alarm before the ledger is frozen: until then the words that show it are looked for again
  // after a crash. Frozen it is in any case; what could not be told now is told as SEC-FORK.
  absl::Status TellSplit(const SplitWatch::Finding& finding) {
    const Instant now = clock_.Now();
    if (!finding.proof) {
      TJ_RETURN_IF_ERROR(
          Alarm(EarlyHeadAlarm(finding.shown.head, finding.record, finding.witness, now)));
      split_watch_->Told(finding.ledger);
      return absl::OkStatus();
    }
    const Bytes proof = crypto::EncodeForkProof(*finding.proof);
    const absl::Status told = RecordSplit(finding, proof, now);
    TJ_RETURN_IF_ERROR(truth_->FollowAndWait({store::ForkProof{finding.ledger, now, proof}}));
    proofs_due_ = true;
    return told;
  }

  absl::Status RecordSplit(const SplitWatch::Finding& finding, ByteView proof, Instant now) {
    const absl::Status written = proof_files_->WriteOne(proof, now, *host_->trust());
    if (!written.ok()) LogError("proof-not-kept", written);  // it is tried again with all others
    return Alarm(
        SplitAlarm(*finding.proof, finding.witness, now, ProofFiles::NameOf(finding.ledger, now)));
  }

  absl::Status Alarm(const v1::Alarm& alarm) {
    store::AppendRequest request;
    TJ_ASSIGN_OR_RETURN(request.records.emplace_back(), AlarmRecord(alarm, Audience::kAll));
    return truth_->AppendAndWait(std::move(request)).status();
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
  std::unique_ptr<OwnLedger> own_ledger_;
  std::unique_ptr<FollowHost> host_;
  std::unique_ptr<ProofFiles> proof_files_;
  std::atomic<bool> proofs_due_{true};  // something may lack a file or an alarm
  // Head signer's thread only.
  std::chrono::steady_clock::time_point proofs_not_before_;
  bool lost_told_ = false;
  std::unique_ptr<HeadsWriter> heads_writer_;
  std::unique_ptr<SplitWatch> split_watch_;
  std::unique_ptr<OwedWatch> owed_watch_;
  OpeningBook book_;
  std::optional<OpeningDesk> opening_desk_;  // fold runner's thread only, as the next two
  std::optional<SpotDesk> spot_desk_;
  uint64_t openings_read_ = UINT64_MAX;
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
  TJ_RETURN_IF_ERROR(CheckDataFolder(config));
  auto node = std::make_unique<NodeImpl>(std::move(config), std::move(identity), clock);
  TJ_RETURN_IF_ERROR(node->Begin(std::move(trust)));
  return node;
}

}  // namespace tj::app
