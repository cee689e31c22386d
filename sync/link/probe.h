// Probe: a question beside the stream, for `peer ping`: is there a node at that address, does it
// let us in, how late is it there, which versions does it speak, what does it hold of us. A call of
// /tj.v1.Follow/Probe: one ping frame there; back a hello, or a refusal that says why the asker
// would not be let in, and the ping's answer. It changes nothing, so that it may be asked at any
// time.

#ifndef TJ_SYNC_LINK_PROBE_H_
#define TJ_SYNC_LINK_PROBE_H_

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <grpcpp/channel.h>
#include <grpcpp/generic/async_generic_service.h>

#include "protocol/vocab/bytes.h"
#include "protocol/vocab/time.h"
#include "protocol/wire/frame.h"

namespace tj::link {

inline constexpr char kProbeMethod[] = "/tj.v1.Follow/Probe";

// --- who asks ---

struct ProbeAnswer {
  absl::Status status;      // of the call; OK without an answer below: an older node
  std::string certificate;  // PEM, when TLS got so far
  Instant asked_at;
  Instant answered_at;
  std::optional<wire::Hello> hello;
  std::optional<wire::RefuseFrame> refuse;
  std::optional<wire::PingFrame> ping;
};
// Blocks for at most `timeout`; not on gRPC's threads.
ProbeAnswer AskProbe(const std::shared_ptr<grpc::Channel>& channel, const Clock& clock,
                     Duration timeout);

// --- who is asked ---

// Called on one of gRPC's threads; `done` with the frames to answer, from any thread, once.
using AnswerProbe = std::function<void(std::string certificate_pem, Bytes question,
                                       std::function<void(std::vector<wire::Frame>)> done)>;
struct OpenProbe;
// The last few calls: the oldest has to go when there is another. Thread-safe.
class OpenProbes {
 public:
  // For a service's CreateReactor; deletes itself.
  grpc::ServerGenericBidiReactor* Open(std::string certificate_pem, const AnswerProbe& answer);

 private:
  std::mutex mutex_;
  std::deque<std::shared_ptr<OpenProbe>> open_;  // or over
};

}  // namespace tj::link

#endif  // TJ_SYNC_LINK_PROBE_H_
