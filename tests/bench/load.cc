// tj_load: business systems of a node, handing in events over the intake stream of its control
// socket; tells when each message was answered. With --rate messages leave at their appointed
// times and latency counts from those, answered or not (open loop: no coordinated omission).
// Without, a client sends its next message when the last one is answered. JSON on standard output.

#include <atomic>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "admin-cli/client.h"
#include "protocol/vocab/check.h"
#include "tests/bench/bench_records.h"
#include "tests/bench/bench_result.h"

namespace tj::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr char kUsage[] =
    "usage: tj_load --socket PATH [--clients N] [--batch N] [--records N] [--rate PER_SECOND]\n"
    "               [--first-case N] [--window N] [--pid N …] [--sequenced FILE]\n"
    "example: tj_load --socket /run/tongjian/control.sock --clients 32 --records 100000\n";

struct Options {
  std::string socket;
  uint64_t clients = 1;
  uint64_t batch = 1;          // events a message
  uint64_t records = 1000;     // in all
  double rate = 0;             // events a second, of all clients; 0: closed loop
  uint64_t first_case = 0;     // so that a second run goes on with other cases
  uint64_t window = 0;         // a sample after every so many records
  std::vector<uint64_t> pids;  // whose CPU and memory the samples tell
  std::string sequenced;       // file: a line "index milliseconds" for each event, Unix time
};

// What one client sends, in order: case after case, so that no event overtakes one of its case.
uint64_t EventOf(uint64_t client, uint64_t clients, uint64_t first_case, uint64_t k) {
  const uint64_t which_case = first_case + client + clients * (k / kEventsPerCase);
  return which_case * kEventsPerCase + k % kEventsPerCase;
}

class Load {
 public:
  explicit Load(Options options) : options_(std::move(options)), file_(options_.sequenced) {}

  void Run() {
    start_ = Clock::now();
    Sample();
    std::vector<std::thread> threads;
    for (uint64_t c = 0; c < options_.clients; ++c) threads.emplace_back([this, c] { RunOne(c); });
    for (std::thread& thread : threads) thread.join();
    seconds_ = Since(start_);
    Sample();
  }

  void Print() {
    std::printf("{\"records\":%llu,\"seconds\":%.3f,\"rate\":%.1f,\"answer_ms\":%s,\"samples\":[",
                static_cast<unsigned long long>(answered_.load()), seconds_,
                static_cast<double>(answered_) / seconds_, Quantiles(latencies_).c_str());
    for (size_t i = 0; i < samples_.size(); ++i) {
      std::printf("%s%s", i == 0 ? "" : ",", samples_[i].c_str());
    }
    std::printf("]}\n");
  }

 private:
  struct Message {
    Clock::time_point due;
    uint64_t events;
  };

  static double Since(Clock::time_point when) {
    return std::chrono::duration<double>(Clock::now() - when).count();
  }

  static std::string Quantiles(std::vector<double>& ms) {
    char text[160];
    std::snprintf(
        text, sizeof text, "{\"p50\":%.3f,\"p99\":%.3f,\"p999\":%.3f,\"max\":%.3f,\"n\":%zu}",
        Quantile(ms, 0.5), Quantile(ms, 0.99), Quantile(ms, 0.999), Quantile(ms, 1), ms.size());
    return text;
  }

  // `mutex_` is not held.
  void Sample() {
    const std::lock_guard lock(mutex_);
    std::string sample = "{\"records\":" + std::to_string(answered_.load()) +
                         ",\"seconds\":" + std::to_string(Since(start_)) +
                         ",\"answer_ms\":" + Quantiles(window_latencies_) + ",\"processes\":[";
    window_latencies_.clear();
    for (size_t i = 0; i < options_.pids.size(); ++i) {
      const int pid = static_cast<int>(options_.pids[i]);
      sample += (i == 0 ? "{\"cpu\":" : ",{\"cpu\":") + std::to_string(CpuOf(pid)) +
                ",\"rss_anon\":" + std::to_string(RssAnonOf(pid)) + "}";
    }
    samples_.push_back(sample + "]}");
    if (options_.window == 0 || samples_.size() % 10 != 0) return;
    std::fprintf(stderr, "  %llu records after %.0f s\n",
                 static_cast<unsigned long long>(answered_.load()), Since(start_));
  }

  void Answered(const Message& message, const control::v1::SubmitReply& reply) {
    TJ_CHECK(static_cast<uint64_t>(reply.results_size()) == message.events);
    const double ms = Since(message.due) * 1000;
    const auto due_at = std::chrono::system_clock::now() -
                        std::chrono::microseconds(static_cast<int64_t>(ms * 1000));
    bool sample = false;
    {
      const std::lock_guard lock(mutex_);
      latencies_.push_back(ms);
      window_latencies_.push_back(ms);
      const uint64_t before = answered_;
      answered_ += message.events;
      sample = options_.window > 0 && before / options_.window != answered_ / options_.window &&
               answered_ < options_.records;
      for (const control::v1::SubmitResult& result : reply.results()) {
        // A load that is refused would measure refusals.
        TJ_CHECK(result.outcome() == "sequenced");
        if (!file_.is_open()) continue;
        file_ << result.index() << ' '
              << std::chrono::duration_cast<std::chrono::milliseconds>(due_at.time_since_epoch())
                     .count()
              << '\n';
      }
    }
    if (sample) Sample();
  }

  using Stream = grpc::ClientReaderWriter<control::v1::SubmitRequest, control::v1::SubmitReply>;

  void RunOne(uint64_t c) {
    cli::Client client(options_.socket);
    grpc::ClientContext context;
    const auto stream = client.stub().Submit(&context);
    const uint64_t records =
        options_.records / options_.clients + (c < options_.records % options_.clients ? 1 : 0);
    options_.rate > 0 ? Open(c, records, *stream) : Closed(c, records, *stream);
    stream->WritesDone();
    TJ_CHECK(stream->Finish().ok());
  }

  // The client's events from number `k` on, at most one message of them.
  control::v1::SubmitRequest Next(uint64_t c, uint64_t records, uint64_t& k) const {
    control::v1::SubmitRequest request;
    for (uint64_t i = 0; i < options_.batch && k < records; ++i, ++k) {
      *request.add_submissions() =
          MakeSubmission(EventOf(c, options_.clients, options_.first_case, k));
    }
    return request;
  }

  void Closed(uint64_t c, uint64_t records, Stream& stream) {
    control::v1::SubmitReply reply;
    for (uint64_t k = 0; k < records;) {
      const control::v1::SubmitRequest request = Next(c, records, k);
      const Message message{Clock::now(), static_cast<uint64_t>(request.submissions_size())};
      TJ_CHECK(stream.Write(request) && stream.Read(&reply));
      Answered(message, reply);
    }
  }

  void Open(uint64_t c, uint64_t records, Stream& stream) {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Message> waiting;  // guarded by mutex
    bool ended = false;           // guarded by mutex
    std::thread reader([&] {
      control::v1::SubmitReply reply;
      for (;;) {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return ended || !waiting.empty(); });
        if (waiting.empty()) return;
        const Message message = waiting.front();
        waiting.pop_front();
        lock.unlock();
        TJ_CHECK(stream.Read(&reply));
        Answered(message, reply);
      }
    });
    // Clients are spread over the interval between two messages of one.
    const double clients = static_cast<double>(options_.clients);
    const double interval = static_cast<double>(options_.batch) * clients / options_.rate;
    auto due = start_ + Offset(interval * static_cast<double>(c) / clients);
    for (uint64_t k = 0; k < records; due += Offset(interval)) {
      const control::v1::SubmitRequest request = Next(c, records, k);
      {
        std::unique_lock lock(mutex);
        changed.wait_until(lock, due, [&] { return Clock::now() >= due; });
        waiting.push_back({due, static_cast<uint64_t>(request.submissions_size())});
        changed.notify_all();
      }
      TJ_CHECK(stream.Write(request));
    }
    {
      const std::lock_guard lock(mutex);
      ended = true;
      changed.notify_all();
    }
    reader.join();
  }

  static Clock::duration Offset(double seconds) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  }

  const Options options_;
  Clock::time_point start_;
  double seconds_ = 0;
  std::atomic<uint64_t> answered_{0};
  std::mutex mutex_;
  std::ofstream file_;                    // guarded by mutex_
  std::vector<double> latencies_;         // guarded by mutex_
  std::vector<double> window_latencies_;  // guarded by mutex_
  std::vector<std::string> samples_;      // guarded by mutex_
};

// 0 for anything that is not a number.
template <typename Number>
Number Parse(const std::string& text) {
  Number number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace
}  // namespace tj::bench

int main(int argc, char** argv) {
  tj::bench::Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    const std::string value = i + 1 < argc ? argv[i + 1] : "";
    const auto number = tj::bench::Parse<uint64_t>(value);
    if (name == "--socket") {
      options.socket = value;
    } else if (name == "--clients") {
      options.clients = number;
    } else if (name == "--batch") {
      options.batch = number;
    } else if (name == "--records") {
      options.records = number;
    } else if (name == "--rate") {
      options.rate = tj::bench::Parse<double>(value);
    } else if (name == "--first-case") {
      options.first_case = number;
    } else if (name == "--window") {
      options.window = number;
    } else if (name == "--pid") {
      options.pids.push_back(number);
    } else if (name == "--sequenced") {
      options.sequenced = value;
    } else {
      options.socket.clear();
      break;
    }
  }
  if (options.socket.empty() || options.clients == 0 || options.batch == 0) {
    std::fputs(tj::bench::kUsage, stderr);
    return 2;
  }
  tj::bench::Load load(std::move(options));
  load.Run();
  load.Print();
  return 0;
}
