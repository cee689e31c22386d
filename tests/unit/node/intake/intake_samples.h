// What the tests of node/intake share: a clock that stands, a Preparer over keys in a temporary
// folder, a writer that answers as told, and a submission that is in order.

#ifndef TJ_TESTS_UNIT_NODE_INTAKE_INTAKE_SAMPLES_H_
#define TJ_TESTS_UNIT_NODE_INTAKE_INTAKE_SAMPLES_H_

#include <zlib.h>

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "node/intake/import.h"
#include "node/intake/intake.h"
#include "node/store/private_parts.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/payload.pb.h"
#include "tests/unit/node/store/temp_folder.h"

namespace tj::intake {

inline constexpr Instant kNow{1'790'000'000'000};  // 2026-09-21T14:13:20Z

class StandingClock final : public Clock {
 public:
  Instant Now() const override { return kNow; }
};

// Keys are made anew for every instance, so digests of two instances differ.
class TestPreparer {
 public:
  explicit TestPreparer(Upward upward = Upward::kSummaries)
      : keys_(*store::PrivateKeys::Open(folder_ / "private")),
        preparer_({.regions = {*RegionCode::Parse("370826")},
                   .upward = upward,
                   .private_keys = keys_.get(),
                   .clock = &clock_}) {}
  const Preparer& operator*() const { return preparer_; }
  const Preparer* operator->() const { return &preparer_; }
  store::PrivateKeys& keys() { return *keys_; }

 private:
  store::TempFolder folder_;
  StandingClock clock_;
  std::unique_ptr<store::PrivateKeys> keys_;
  Preparer preparer_;
};

inline v1::Submission GoodSubmission() {
  v1::Submission submission;
  v1::CaseEvent& event = *submission.mutable_event();
  event.set_source("oa");
  event.set_source_event_id("1");
  event.set_case_no("37082600120260921000013");
  event.set_type(v1::APPLY);
  event.set_occurred_at_ms(kNow.ms - 60'000);
  event.set_org("12370800TJ0000001J");
  event.set_item("000199001001");
  event.set_region("370826001");
  event.set_data_ver(1);
  event.set_time_provenance(v1::OBSERVED);
  return submission;
}

// The line of NDJSON for it.
inline std::string GoodLine(const std::string& event_id = "1") {
  return Cat(R"({"event":{"source":"oa","source_event_id":")", event_id,
             R"(","case_no":"37082600120260921000013","type":"APPLY","occurred_at_ms":)",
             kNow.ms - 60'000, R"(,"org":"12370800TJ0000001J","item":"000199001001",)",
             R"("region":"370826","data_ver":1,"time_provenance":"OBSERVED"}})");
}

// A writer with the dedup rule of the store, in memory. Internally locked.
class FakeWriter {
 public:
  AppendBatch Callback() {
    return [this](store::AppendRequest request) { return Append(request); };
  }

  // Errors to give before anything else, in order.
  std::vector<absl::Status> errors;

  size_t size() const {
    const std::lock_guard lock(mutex_);
    return records_.size();
  }
  std::vector<store::PreparedRecord> records() const {
    const std::lock_guard lock(mutex_);
    return records_;
  }
  size_t batch_records_max() const {
    const std::lock_guard lock(mutex_);
    return batch_records_max_;
  }

 private:
  absl::StatusOr<std::vector<store::Appended>> Append(const store::AppendRequest& request) {
    const std::lock_guard lock(mutex_);
    if (!errors.empty()) {
      const absl::Status error = errors.front();
      errors.erase(errors.begin());
      return error;
    }
    batch_records_max_ = std::max(batch_records_max_, request.records.size());
    std::vector<store::Appended> answers;
    for (const store::PreparedRecord& record : request.records) {
      store::DedupKey name = *record.dedup;
      name.content_digest = {};
      const auto [known, added] = index_.emplace(name, records_.size());
      store::Appended& answer = answers.emplace_back();
      answer.index = Index{known->second};
      if (added) {
        records_.push_back(record);
      } else if (records_[known->second].dedup->content_digest == record.dedup->content_digest) {
        answer.outcome = store::Appended::Outcome::kDuplicate;
      } else {
        answer.outcome = store::Appended::Outcome::kConflict;
      }
    }
    return answers;
  }

  mutable std::mutex mutex_;
  std::map<store::DedupKey, size_t> index_;
  std::vector<store::PreparedRecord> records_;
  size_t batch_records_max_ = 0;
};

inline std::string Gzip(std::string_view plain) {
  z_stream stream{};
  TJ_CHECK(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, plain.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  TJ_CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// A small profile: 10 accepts, 20 decides, S* are steps, nothing else is mapped.
inline std::string SmallProfile() {
  return R"(source = "log"
org = "12370800TJ0000001J"
region = "node"
times = "as_written"
[case]
number = "concept:name"
fee = "fee"
[event]
code = ["code", "concept:name"]
time = "time"
officer = "who"
[[item]]
code = "000199001001"
[[terms]]
promise = { count = 20, unit = "working_day" }
roll = "none"
[[rule]]
event = "accept"
pick = "earliest"
match = [{ code = "10" }]
[[rule]]
event = "decide"
outcome = "permit"
match = [{ code = "20", when = { question = ["True", "yes"] } }]
[[rule]]
event = "step"
stage = "handle"
match = [{ code = ["S*", "10"] }]
)";
}

inline std::string XesAttribute(std::string_view key, std::string_view value) {
  return Cat("<string key=\"", key, "\" value=\"", value, "\"/>");
}

inline std::string XesEventText(std::string_view code, std::string_view time,
                                std::string_view more = {}) {
  return Cat("<event>", XesAttribute("code", code), XesAttribute("time", time), more, "</event>\n");
}

inline std::string XesTraceText(std::string_view name, std::string_view content) {
  return Cat("<trace>", XesAttribute("concept:name", name), content, "</trace>\n");
}

inline std::string XesLogText(std::string_view content) {
  return Cat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<log xes.version=\"1.0\">\n", content,
             "</log>\n");
}

}  // namespace tj::intake

#endif  // TJ_TESTS_UNIT_NODE_INTAKE_INTAKE_SAMPLES_H_
