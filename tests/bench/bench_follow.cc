// follow_bodies, follow_summaries, follow_cpu, wire_bytes, drain: a county in this process, the
// bureau a process of its own (this program again, with --bureau), mutual TLS, both ends durable.
// The ledger path and the exchange; no validation and no folds at either end.

#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>

#include "crypto/issue.h"
#include "crypto/trust.h"
#include "node/app/follow_host.h"
#include "node/app/head_signer.h"
#include "node/store/truth.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/text.h"
#include "sync/link/link.h"
#include "tests/bench/bench_records.h"
#include "tests/bench/benches.h"
#include "tests/bench/scratch.h"

namespace tj::bench {
namespace {

constexpr size_t kRecordsPerRequest = 1000;
constexpr char kBureau[] = "370800";
constexpr char kCounty[] = "370826";

void Put(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string Get(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Keys and certificates of both nodes under fresh roots, as files that both processes read.
void MakePki(const std::string& folder) {
  const Instant now = SystemClock().Now();
  const crypto::Validity validity{now - Duration(3'600'000), now + Duration(86'400'000)};
  const auto record_root = crypto::MakeRoot(crypto::KeyKind::kSm2, "record root", validity, "");
  const auto tls_root = crypto::MakeRoot(crypto::KeyKind::kP256, "tls root", validity, "");
  TJ_CHECK(record_root.ok() && tls_root.ok());
  Put(folder + "/record-root.pem", record_root->certificate_pem);
  Put(folder + "/tls-root.pem", tls_root->certificate_pem);
  for (const char* code : {kBureau, kCounty}) {
    const NodeCode node = *NodeCode::Parse(code);
    const auto sign = crypto::IssueForNode(record_root->certificate_pem, record_root->key_pem, "",
                                           node, crypto::Purpose::kRecordSigning, validity, "");
    const auto tls = crypto::IssueForNode(tls_root->certificate_pem, tls_root->key_pem, "", node,
                                          crypto::Purpose::kTls, validity, "");
    TJ_CHECK(sign.ok() && tls.ok());
    const std::string stem = Cat(folder, "/", code);
    Put(stem + "-sign.pem", sign->certificate_pem);
    Put(stem + "-sign.key", sign->key_pem);
    Put(stem + "-tls.pem", tls->certificate_pem);
    Put(stem + "-tls.key", tls->key_pem);
  }
}

crypto::TrustStore LoadTrust(const std::string& folder) {
  std::vector<crypto::TrustedNode> nodes;
  for (const char* code : {kBureau, kCounty}) {
    const std::string stem = Cat(folder, "/", code);
    crypto::TrustedNode node{.code = *NodeCode::Parse(code)};
    if (code == kCounty) node.parent = *NodeCode::Parse(kBureau);
    node.signing.push_back(*crypto::Certificate::FromPem(Get(stem + "-sign.pem")));
    node.tls_keys.push_back(crypto::Certificate::FromPem(Get(stem + "-tls.pem"))->KeyFingerprint());
    nodes.push_back(std::move(node));
  }
  auto trust = crypto::TrustStore::Make(
      std::move(nodes), {*crypto::Certificate::FromPem(Get(folder + "/record-root.pem"))}, {},
      SystemClock().Now());
  TJ_CHECK(trust.ok());
  return *std::move(trust);
}

// The parts of a node that follow and are followed.
class Peer {
 public:
  Peer(const std::string& pki, const char* code, const std::string& data, const std::string& listen,
       int parent_port)
      : own_{*NodeCode::Parse(code), {1}},
        signer_(*crypto::Sm2PrivateKey::FromPem(Get(Cat(pki, "/", code, "-sign.key")), "")) {
    std::filesystem::create_directories(data);
    auto truth = store::Truth::Open({.folder = data, .own = own_, .clock = &clock_});
    TJ_CHECK(truth.ok());
    truth_ = *std::move(truth);
    host_ = std::make_unique<app::FollowHost>(
        *truth_, own_, signer_, clock_, std::make_shared<const crypto::TrustStore>(LoadTrust(pki)),
        app::FollowHost::Hooks{[] {}, [](const absl::Status&) {},
                               [](const LedgerId&, uint64_t) {}});
    link::LinkOptions options{.self = own_.origin, .software = "bench"};
    const std::string stem = Cat(pki, "/", code);
    options.tls = {Get(stem + "-tls.pem"), Get(stem + "-tls.key"), Get(pki + "/tls-root.pem")};
    options.listen = listen;
    if (parent_port != 0) {
      options.parent =
          link::LinkOptions::Parent{*NodeCode::Parse(kBureau), Cat("127.0.0.1:", parent_port)};
    }
    auto link = link::Link::Start(std::move(options), *host_);
    TJ_CHECK(link.ok());
    link_ = *std::move(link);
    heads_ = std::make_unique<app::HeadSigner>(
        *truth_, signer_, Duration(0),
        app::HeadSigner::Hooks{
            .open = {}, .beat = {}, .published = [this](const crypto::Note&, bool urgent) {
              link_->Published(own_, urgent);
            }});
    truth_->OnCommit([this](uint64_t, bool) { heads_->Wake(false); });
  }
  ~Peer() {
    truth_->OnCommit({});
    heads_->Stop();
    link_->Stop();
  }

  store::Truth& truth() { return *truth_; }
  link::Link& link() { return *link_; }
  // What the bureau has stated to hold of our ledger.
  uint64_t Held() const {
    const auto snapshot = truth_->Snapshot();
    TJ_CHECK(snapshot.ok());
    const auto view = store::LedgerView::Open((*snapshot)->reader(), own_);
    TJ_CHECK(view.ok());
    const auto held =
        view->NewestStatement(*NodeCode::Parse(kBureau), crypto::StatementKind::kHeld);
    TJ_CHECK(held.ok());
    return *held ? (*held)->head.size : 0;
  }

 private:
  const SystemClock clock_;
  const LedgerId own_;
  crypto::KeySigner signer_;
  std::unique_ptr<store::Truth> truth_;
  std::unique_ptr<app::FollowHost> host_;
  std::unique_ptr<link::Link> link_;
  std::unique_ptr<app::HeadSigner> heads_;
};

// Waits without spinning: nothing tells this process of a statement but the store.
void WaitHeld(const Peer& county, uint64_t size) {
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock(mutex);
  while (county.Held() < size) never.wait_for(lock, std::chrono::milliseconds(5));
}

// The bureau's process: this program with --bureau; tells its port through a file.
class BureauProcess {
 public:
  BureauProcess(const std::string& pki, const std::string& data, int port)
      : port_file_(data + ".port") {
    std::filesystem::remove(port_file_);
    pid_ = fork();
    TJ_CHECK(pid_ >= 0);
    if (pid_ == 0) {
      const std::string port_text = std::to_string(port);
      execl("/proc/self/exe", "bench", "--bureau", pki.c_str(), data.c_str(), port_file_.c_str(),
            port_text.c_str(), nullptr);
      _exit(127);
    }
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock(mutex);
    while (Get(port_file_).find('\n') == std::string::npos) {
      TJ_CHECK(waitpid(pid_, nullptr, WNOHANG) == 0);
      never.wait_for(lock, std::chrono::milliseconds(5));
    }
    port_ = std::stoi(Get(port_file_));
  }
  ~BureauProcess() {
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
  }
  int port() const { return port_; }
  int pid() const { return pid_; }

 private:
  const std::string port_file_;
  pid_t pid_ = 0;
  int port_ = 0;
};

// Bytes that this host's TCP has sent to `port` and back, by the kernel's count.
double SocketBytes(int port) {
  FILE* ss = popen(Cat("ss -tinH state established '( dport = :", port, " )'").c_str(), "r");
  if (ss == nullptr) return 0;
  std::string text;
  char buffer[4096];
  while (const size_t n = fread(buffer, 1, sizeof buffer, ss)) text.append(buffer, n);
  pclose(ss);
  double bytes = 0;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    for (const char* name : {"bytes_sent:", "bytes_received:"}) {
      if (word.starts_with(name)) bytes += std::stod(word.substr(std::string(name).size()));
    }
  }
  return bytes;
}

void AppendAll(Peer& county, uint64_t first, uint64_t count, Audience audience) {
  std::vector<store::AppendRequest> requests;
  for (uint64_t i = first; i < first + count; ++i) {
    if ((i - first) % kRecordsPerRequest == 0) requests.emplace_back();
    requests.back().records.push_back(MakeRecord(i, 500, audience));
  }
  std::atomic<size_t> next{0};
  std::vector<std::thread> streams;
  for (int s = 0; s < 2; ++s) {
    streams.emplace_back([&] {
      for (size_t i = next++; i < requests.size(); i = next++) {
        TJ_CHECK(county.truth().AppendAndWait(std::move(requests[i])).ok());
      }
    });
  }
  for (std::thread& stream : streams) stream.join();
}

struct Run {
  double rate = 0;
  double cpu_per_100k = 0;
  double wire_bytes = 0;
  double county_rss = 0;
  double bureau_rss = 0;
};

Run FollowOnce(uint64_t records, Audience audience) {
  const Scratch scratch;
  MakePki(scratch.path());
  BureauProcess bureau(scratch.path(), scratch.path() + "/bureau", 0);
  Peer county(scratch.path(), kCounty, scratch.path() + "/county", "", bureau.port());
  // The records are the client's work: made before the clock starts.
  const double bureau_cpu = CpuOf(bureau.pid());
  std::vector<store::AppendRequest> warm;
  AppendAll(county, 1'000'000'000, 1000, audience);
  WaitHeld(county, 1000);
  const double wire = SocketBytes(bureau.port());
  const Stopwatch watch;
  AppendAll(county, 0, records, audience);
  WaitHeld(county, 1000 + records);
  const auto n = static_cast<double>(records);
  return {.rate = n / watch.Wall(),
          .cpu_per_100k = (watch.Cpu() + CpuOf(bureau.pid()) - bureau_cpu) * 1e5 / n,
          .wire_bytes = (SocketBytes(bureau.port()) - wire) / n,
          .county_rss = RssAnonOf(getpid()),
          .bureau_rss = RssAnonOf(bureau.pid())};
}

// The bureau is away while the county works on; then it comes back.
double DrainOnce(uint64_t records) {
  const Scratch scratch;
  MakePki(scratch.path());
  int port = 0;
  {
    BureauProcess bureau(scratch.path(), scratch.path() + "/bureau", 0);
    port = bureau.port();
  }
  Peer county(scratch.path(), kCounty, scratch.path() + "/county", "", port);
  AppendAll(county, 0, records, Audience::kParent);
  BureauProcess bureau(scratch.path(), scratch.path() + "/bureau", port);
  // From the first leaf that arrives: how soon the county dials again is a matter of its back-off.
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock(mutex);
  const auto sent = [&county] {
    const auto peers = county.link().Peers();
    return peers.empty() ? uint64_t{0} : peers.front().bytes_out;
  };
  while (sent() < 100'000) never.wait_for(lock, std::chrono::milliseconds(1));
  const Stopwatch watch;
  WaitHeld(county, records);
  return static_cast<double>(records) / watch.Wall();
}

}  // namespace

int BureauMain(const std::string& pki, const std::string& data, const std::string& port_file,
               int port) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Peer bureau(pki, kBureau, data, Cat("127.0.0.1:", port), 0);
  Put(port_file, Cat(bureau.link().port(), "\n"));
  int signal = 0;
  sigwait(&signals, &signal);
  return 0;
}

void Follow(const Scale& scale, Results& results) {
  std::vector<double> rates;
  std::vector<double> cpu;
  Run last;
  for (int round = 0; round < scale.rounds; ++round) {
    last = FollowOnce(scale.records, Audience::kParent);
    rates.push_back(last.rate);
    cpu.push_back(last.cpu_per_100k);
  }
  results.Add("follow_bodies", Quantile(rates, 0.5), "records/s",
              {{"min", Quantile(rates, 0)},
               {"max", Quantile(rates, 1)},
               {"county_rss_anon", last.county_rss},
               {"bureau_rss_anon", last.bureau_rss}});
  results.Add("follow_cpu", Quantile(cpu, 0.5), "s/100k",
              {{"min", Quantile(cpu, 0)}, {"max", Quantile(cpu, 1)}});
  results.Add("wire_bytes", last.wire_bytes, "B");
  const Run digests = FollowOnce(scale.records, Audience::kLocal);
  results.Add("follow_summaries", digests.rate, "records/s",
              {{"wire_bytes", digests.wire_bytes}, {"cpu_s_per_100k", digests.cpu_per_100k}});
  results.Add("drain", DrainOnce(scale.records), "records/s");
}

}  // namespace tj::bench
