// MemoryHost: what a node lends to its link, over a ledger in memory; and the keys and certificates
// of a small city. With one io thread a host's ledgers are used by that thread alone while its link
// runs, and by the test before and after.

#ifndef TJ_TESTS_UNIT_SYNC_LINK_MEMORY_HOST_H_
#define TJ_TESTS_UNIT_SYNC_LINK_MEMORY_HOST_H_

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/issue.h"
#include "crypto/signer.h"
#include "crypto/trust.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "sync/link/link.h"
#include "tests/scenario/memory_node.h"

namespace tj::link {

// 370800 with the children 370811 and 370826. 370829 has certificates and is on no list.
class TestNodes {
 public:
  TestNodes()
      : record_(Must(crypto::MakeRoot(crypto::KeyKind::kSm2, "record", validity_, ""))),
        tls_(Must(crypto::MakeRoot(crypto::KeyKind::kP256, "tls", validity_, ""))) {
    std::vector<crypto::TrustedNode> listed;
    for (const std::string code : {"370800", "370811", "370826", "370829"}) {
      const NodeCode node = *NodeCode::Parse(code);
      const crypto::Issued signing = Issue(record_, node, crypto::Purpose::kRecordSigning);
      signing_keys_[code] = signing.key_pem;
      tls_pairs_[code] = Issue(tls_, node, crypto::Purpose::kTls);
      if (code == "370829") continue;
      crypto::TrustedNode entry{.code = node, .name = "test"};
      if (code != "370800") entry.parent = *NodeCode::Parse("370800");
      entry.regions.push_back(*RegionCode::Parse(code));
      entry.signing.push_back(Must(crypto::Certificate::FromPem(signing.certificate_pem)));
      entry.tls_keys.push_back(
          Must(crypto::Certificate::FromPem(tls_pairs_[code].certificate_pem)).KeyFingerprint());
      listed.push_back(std::move(entry));
    }
    trust_ = std::make_shared<const crypto::TrustStore>(Must(crypto::TrustStore::Make(
        std::move(listed), {Must(crypto::Certificate::FromPem(record_.certificate_pem))}, {},
        SystemClock().Now())));
  }

  std::shared_ptr<const crypto::TrustStore> trust() const { return trust_; }
  std::unique_ptr<crypto::Signer> SignerOf(const std::string& code) const {
    return std::make_unique<crypto::KeySigner>(
        Must(crypto::Sm2PrivateKey::FromPem(signing_keys_.at(code), "")));
  }
  TlsFiles TlsOf(const std::string& code) const {
    const crypto::Issued& pair = tls_pairs_.at(code);
    return {pair.certificate_pem, pair.key_pem, tls_.certificate_pem};
  }

 private:
  template <typename T>
  static T Must(absl::StatusOr<T> value) {
    TJ_CHECK(value.ok());
    return *std::move(value);
  }
  crypto::Issued Issue(const crypto::Issued& root, const NodeCode& node, crypto::Purpose purpose) {
    return Must(
        crypto::IssueForNode(root.certificate_pem, root.key_pem, "", node, purpose, validity_, ""));
  }

  // TLS looks at the machine's clock.
  const crypto::Validity validity_{SystemClock().Now() - Duration(3'600'000),
                                   SystemClock().Now() + Duration(86'400'000)};
  const crypto::Issued record_;
  const crypto::Issued tls_;
  std::map<std::string, std::string> signing_keys_;
  std::map<std::string, crypto::Issued> tls_pairs_;
  std::shared_ptr<const crypto::TrustStore> trust_;
};

class MemoryHost final : public Host {
 public:
  MemoryHost(const TestNodes& nodes, const std::string& code)
      : node(*NodeCode::Parse(code), 64), trust_(nodes.trust()), signer_(nodes.SignerOf(code)) {}

  sync::Ledgers& ledgers() override { return node; }
  crypto::Signer& signer() override { return *signer_; }
  const Clock& clock() override { return clock_; }
  std::shared_ptr<const crypto::TrustStore> trust() override {
    const std::lock_guard lock(mutex_);
    ++trust_asked_;
    changed_.notify_all();
    return trust_;
  }
  void Persist(std::vector<sync::PersistOp> ops, std::function<void(absl::Status)> done) override {
    if (busy > 0) {
      --busy;
      return done(Error(ErrorCode::kStoreBusy, "records are waiting"));
    }
    node.Apply(ops);
    const std::lock_guard lock(mutex_);
    if (!keeps_answers_) return done(absl::OkStatus());
    kept_ = std::move(done);
    changed_.notify_all();
  }
  void OnEvent(const NodeCode& peer, const sync::Event& event) override {
    const std::lock_guard lock(mutex_);
    events_.emplace_back(peer, event);
    changed_.notify_all();
  }

  bool WaitFor(sync::Event::Kind kind, uint64_t size) {
    return Wait([&] {
      for (const auto& [peer, event] : events_) {
        if (event.kind == kind && event.size >= size) return true;
      }
      return false;
    });
  }
  bool Happened(sync::Event::Kind kind) const {
    const std::lock_guard lock(mutex_);
    for (const auto& [peer, event] : events_) {
      if (event.kind == kind) return true;
    }
    return false;
  }
  // Each time it dials, and each time it looks at a peer's certificate, the link asks for the list.
  bool WaitForTrustAsked(int times) {
    return Wait([&] { return trust_asked_ >= times; });
  }

  // The next batch is written, and its answer waits here.
  void KeepAnswer() {
    const std::lock_guard lock(mutex_);
    keeps_answers_ = true;
  }
  bool WaitForKeptAnswer() {
    return Wait([&] { return kept_ != nullptr; });
  }
  void GiveAnswer() {
    const auto done = [&] {
      const std::lock_guard lock(mutex_);
      keeps_answers_ = false;
      return std::exchange(kept_, nullptr);
    }();
    done(absl::OkStatus());
  }

  scenario::MemoryNode node;
  int busy = 0;  // so many batches are not taken

 private:
  template <typename Condition>
  bool Wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, Duration(60'000), condition);
  }

  const std::shared_ptr<const crypto::TrustStore> trust_;
  const std::unique_ptr<crypto::Signer> signer_;
  const SystemClock clock_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<NodeCode, sync::Event>> events_;
  int trust_asked_ = 0;
  bool keeps_answers_ = false;
  std::function<void(absl::Status)> kept_;
};

}  // namespace tj::link

#endif  // TJ_TESTS_UNIT_SYNC_LINK_MEMORY_HOST_H_
