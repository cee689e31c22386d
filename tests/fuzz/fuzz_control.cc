// Fuzz target for what is asked over the control socket, against a real node of a county with the
// cases of a recording, its databases in a temporary folder. The first byte of the input chooses
// the call, the rest is its request. Whatever is asked is answered, or refused with a code that is
// not INTERNAL, and the data folder stays sound.

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "node/app/config.h"
#include "node/app/data_folder.h"
#include "node/app/identity.h"
#include "node/app/node.h"
#include "node/app/trust_file.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/wire/parse_proto.h"
#include "tests/unit/node/app/test_files.h"

namespace tj::app {
namespace {

constexpr char kCode[] = "370826";
constexpr Duration kStartMax{60'000};

template <typename T>
T Must(absl::StatusOr<T> value) {
  TJ_CHECK(value.ok());
  return *std::move(value);
}

class RunningNode {
 public:
  RunningNode() {
    Config config(*NodeCode::Parse(kCode));
    config.epoch = Epoch{1};
    config.regions = {*RegionCode::Parse(kCode)};
    config.data_folder = folder_.path() + "/data";
    config.control_socket = folder_.path() + "/s";
    config.start_wait = Duration(1);
    config.summary_interval = Duration(1);
    config.demonstration_years = {2025, 2026};
    Parent(config);
    Keys(config);
    TJ_CHECK(InitDataFolder(config).ok());
    Identity identity = Must(LoadIdentity(config));
    crypto::TrustStore trust = Must(LoadTrustFile(config.trust_file, clock_.Now()));
    node_ = Must(Node::Start(std::move(config), std::move(identity), std::move(trust), clock_));
    WaitUntil([](const api::StatusReply& status) { return status.ready(); });
    ImportCases();
    WaitUntil([](const api::StatusReply& status) {
      bool folded = status.summary_rows_due() == 0;
      for (const auto& projection : status.projections()) folded &= projection.behind() == 0;
      return folded && status.own().published() == status.own().sequenced();
    });
  }
  // At exit, when this thread's own hash state is gone: another one stops the node.
  ~RunningNode() {
    std::thread([this] { node_.reset(); }).join();
  }
  Services& services() { return node_->services(); }

 private:
  static void Parent(Config& config) {
    config.parent = Config::Parent{.code = *NodeCode::Parse("370800"), .address = ""};
  }

  void Keys(Config& config) {
    const TestIssuer issuer;
    std::string trust = cli::TrustHeader(issuer.record_root());
    cli::TrustEntry own{.code = kCode, .name = "county", .parent = "370800", .regions = {kCode}};
    const auto issue = [&](crypto::Purpose purpose, const char* name, std::string& certificate,
                           std::string& key) {
      const crypto::Issued issued = issuer.Issue(kCode, purpose);
      certificate = folder_.Write((std::string(name) + ".pem").c_str(), issued.certificate_pem);
      key = folder_.Write((std::string(name) + ".key").c_str(), issued.key_pem);
      return issued.certificate_pem;
    };
    own.signing_pem =
        issue(crypto::Purpose::kRecordSigning, "sign", config.sign_certificate, config.sign_key);
    std::string unused;
    own.encryption_pem =
        issue(crypto::Purpose::kRecordEncryption, "enc", unused, config.encryption_key);
    const std::string tls =
        issue(crypto::Purpose::kTls, "tls", config.tls_certificate, config.tls_key);
    own.tls_key_hex = Must(crypto::Certificate::FromPem(tls)).KeyFingerprint().Hex();
    config.tls_root = folder_.Write("tls-root.pem", issuer.tls_root());
    trust += cli::TrustEntryText(issuer.Entry("370800", "", "city")) + cli::TrustEntryText(own) +
             cli::TrustEntryText(issuer.Entry("370826001", kCode, "town"));
    config.trust_file = folder_.Write("trust.toml", trust);
  }

  void WaitUntil(const std::function<bool(const api::StatusReply&)>& done) {
    const Instant end = clock_.Now() + kStartMax;
    while (!done(Must(services().Status()))) {
      TJ_CHECK(clock_.Now() < end);
      std::this_thread::yield();
    }
  }

  void ImportCases() {
    std::ifstream file(TJ_SOURCE_DIR "/tests/golden/0.1.0/cases.ndjson", std::ios::binary);
    api::ImportChunk chunk;
    chunk.mutable_open()->set_format("ndjson");
    chunk.set_data(std::string{std::istreambuf_iterator<char>(file), {}});
    bool given = false;
    uint64_t accepted = 0;
    TJ_CHECK(services()
                 .Import(
                     [&](api::ImportChunk* next) {
                       if (std::exchange(given, true)) return false;
                       *next = chunk;
                       return true;
                     },
                     [&](const api::ImportReply& reply) {
                       accepted = reply.accepted();
                       return true;
                     })
                 .ok());
    TJ_CHECK(accepted > 100);
  }

  const SystemClock clock_;
  const TestFolder folder_;
  std::unique_ptr<Node> node_;
};

void CheckRefusal(const absl::Status& status) {
  TJ_CHECK(status.ok() || CodeOf(status) != ErrorCode::kInternal);
}

using Call = std::function<void(Services&, ByteView)>;

template <typename Request, typename Reply>
Call Asking(absl::StatusOr<Reply> (Services::*call)(const Request&)) {
  return [call](Services& services, ByteView bytes) {
    Request request;
    if (wire::ParseProto(bytes, request)) CheckRefusal((services.*call)(request).status());
  };
}

// The position is the first byte of the seeds: only add at the end.
const std::vector<Call>& Calls() {
  static const std::vector<Call> calls = {
      Asking(&Services::LedgerHead),
      Asking(&Services::LedgerShow),
      Asking(&Services::LedgerProve),
      Asking(&Services::LedgerOpen),
      Asking(&Services::LedgerOpened),
      Asking(&Services::SpotDraw),
      Asking(&Services::SpotReveal),
      Asking(&Services::SpotList),
      Asking(&Services::AlarmList),
      Asking(&Services::PeerShow),
      Asking(&Services::PeerPing),
      Asking(&Services::OrderIssue),
      Asking(&Services::OrderReply),
      Asking(&Services::OrderList),
      Asking(&Services::QuerySummary),
      Asking(&Services::QueryRanking),
      Asking(&Services::QueryTrend),
      Asking(&Services::CaseList),
      Asking(&Services::CaseShow),
      Asking(&Services::Submit),
      [](Services& services, ByteView bytes) {
        api::BundleExportRequest request;
        if (!wire::ParseProto(bytes, request)) return;
        CheckRefusal(services.BundleExport(request, [](const auto&) { return true; }));
      },
      [](Services& services, ByteView) { TJ_CHECK(Must(services.LedgerFsck()).sound()); },
      [](Services& services, ByteView) { CheckRefusal(services.Doctor().status()); },
  };
  return calls;
}

}  // namespace
}  // namespace tj::app

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static tj::app::RunningNode node;
  if (size == 0) return 0;
  const auto& calls = tj::app::Calls();
  calls[data[0] % calls.size()](node.services(),
                                {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
