#include "sync/bundle/exporter.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>
#include <variant>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/segment.h"

namespace tj::bundle {
namespace {

// One export: a session on one side, files on the other.
class Exporter {
 public:
  Exporter(const Host& host, const ExportOptions& options, Sink& sink,
           const std::function<bool(const ExportReport&)>& progress)
      : host_(host),
        options_(options),
        sink_(sink),
        progress_(progress),
        session_(host.SessionWith(options.to)) {}

  absl::StatusOr<ExportReport> Run() {
    TJ_ASSIGN_OR_RETURN(reader_, EncryptionKeyOf(*host_.trust, options_.to, host_.clock->Now()));
    report_.made_at = host_.clock->Now();
    TJ_RETURN_IF_ERROR(Greet());
    TJ_RETURN_IF_ERROR(BeginPart());
    for (const Bytes& frame : first_words_) TJ_RETURN_IF_ERROR(part_->Add(frame));
    TJ_RETURN_IF_ERROR(WriteBulk());
    TJ_RETURN_IF_ERROR(part_->End());
    done_.push_back({std::move(part_), Written()});
    TJ_RETURN_IF_ERROR(SealParts());
    return report_;
  }

 private:
  // There may be a hundred thousand of them: each keeps what is in it, not where all ledgers stand.
  struct Part {
    std::unique_ptr<PartWriter> writer;
    std::vector<crypto::BundleRange> written;
  };

  // What the session answers to a greeting made of what we know: every part begins with the hello
  // and the heads, the first one has all of it.
  absl::Status Greet() {
    const Instant now = host_.clock->Now();
    TJ_ASSIGN_OR_RETURN(const wire::Hello peer, HelloOf(host_, options_.to, options_.asked));
    TJ_RETURN_IF_ERROR(Greeting(session_.Start(now)));
    TJ_RETURN_IF_ERROR(Greeting(session_.Step(peer, now)));
    for (const wire::OpenFrame& open : options_.asked.opens) {
      TJ_RETURN_IF_ERROR(Greeting(session_.Step(open, now)));
    }
    for (const auto& progress : session_.Progress()) {
      if (!progress.publishing || progress.stopped || progress.announced == 0) continue;
      // Who is ahead of our newest head, or says so, gets nothing from there on.
      const uint64_t position = std::min(progress.position, progress.announced);
      ranges_.emplace(progress.ledger, crypto::BundleRange{.ledger = progress.ledger,
                                                           .first = position,
                                                           .end = position,
                                                           .head_size = progress.announced});
      report_.records_total += progress.announced - position;
    }
    first_ranges_ = ranges_;
    return absl::OkStatus();
  }

  absl::Status Greeting(sync::Output output) {
    TJ_RETURN_IF_ERROR(Done(output));
    for (const wire::Frame& frame : output.then_send) {
      if (std::holds_alternative<wire::CreditFrame>(frame)) continue;
      const bool every_part = std::holds_alternative<wire::Hello>(frame) ||
                              std::holds_alternative<wire::HeadFrame>(frame);
      first_words_.push_back(wire::EncodeFrame(frame));
      if (every_part) every_part_.push_back(first_words_.back());
    }
    return absl::OkStatus();
  }

  // Writes what must be on disk before a frame leaves.
  absl::Status Done(sync::Output& output) {
    if (!output.persist.empty()) TJ_RETURN_IF_ERROR(host_.persist(std::move(output.persist)));
    for (const sync::Event& event : output.events) host_.on_event(options_.to, event);
    return output.close;
  }

  absl::Status BeginPart() {
    ++report_.parts;
    if (report_.parts > limits::kBundlePartsMax) {
      return Error(ErrorCode::kWireLimit, Cat("more than ", limits::kBundlePartsMax, " parts"));
    }
    TJ_ASSIGN_OR_RETURN(part_, PartWriter::Begin(sink_, host_.self, options_.to, report_.made_at,
                                                 report_.parts, *reader_, ranges_.size()));
    has_bulk_ = false;
    return absl::OkStatus();
  }

  absl::Status NextPart() {
    TJ_RETURN_IF_ERROR(part_->End());
    report_.bytes += part_->bytes();
    done_.push_back({std::move(part_), Written()});
    for (auto& [ledger, range] : ranges_) range.first = range.end;
    TJ_RETURN_IF_ERROR(BeginPart());
    for (const Bytes& frame : every_part_) TJ_RETURN_IF_ERROR(part_->Add(frame));
    return absl::OkStatus();
  }

  absl::Status WriteBulk() {
    while (true) {
      const Instant now = host_.clock->Now();
      sync::Output credit = session_.Step(wire::CreditFrame{limits::kCreditBytesMax}, now);
      TJ_RETURN_IF_ERROR(Done(credit));
      sync::Output output = session_.OnWritable(now);
      TJ_RETURN_IF_ERROR(Done(output));
      if (output.then_send.empty() && !output.more_to_send) return absl::OkStatus();
      for (const wire::Frame& frame : output.then_send) TJ_RETURN_IF_ERROR(Write(frame));
      ExportReport so_far = report_;
      so_far.bytes += part_->bytes();
      if (!progress_(so_far)) return Error(ErrorCode::kControl, "the caller has gone");
    }
  }

  absl::Status Write(const wire::Frame& frame) {
    const Bytes encoded = wire::EncodeFrame(frame);
    if (has_bulk_ && part_->SizeWith(encoded.size()) > options_.part_bytes_max) {
      TJ_RETURN_IF_ERROR(NextPart());
    }
    has_bulk_ = true;
    if (const auto* segment = std::get_if<wire::SegmentFrame>(&frame)) {
      TJ_RETURN_IF_ERROR(Count(*segment));
    } else if (std::holds_alternative<wire::OpenedFrame>(frame)) {
      ++report_.opened;
    }
    return part_->Add(encoded);
  }

  absl::Status Count(const wire::SegmentFrame& frame) {
    TJ_ASSIGN_OR_RETURN(const wire::SegmentRange segment, wire::PeekSegment(frame.segment));
    const auto found = ranges_.find(frame.ledger);
    if (found == ranges_.end()) return Error(ErrorCode::kInternal, "leaves without a head");
    crypto::BundleRange& range = found->second;
    const uint64_t end = segment.first.value + segment.count;
    report_.records += end - range.end;
    if (range.first == range.end) range.first = segment.first.value;
    range.end = end;
    return absl::OkStatus();
  }

  std::vector<crypto::BundleRange> Written() const {
    std::vector<crypto::BundleRange> written;
    for (const auto& [ledger, range] : ranges_) {
      if (range.first != range.end) written.push_back(range);
    }
    return written;
  }

  absl::Status SealParts() {
    Hash previous;
    report_.bytes = 0;
    ranges_ = std::move(first_ranges_);
    for (Part& part : done_) {
      for (auto& [ledger, range] : ranges_) range.first = range.end;
      for (const crypto::BundleRange& range : part.written) ranges_.at(range.ledger) = range;
      TJ_ASSIGN_OR_RETURN(previous,
                          part.writer->Seal(report_.parts, previous, ranges_, *host_.sealer));
      report_.bytes += part.writer->bytes();
      part.writer.reset();
    }
    return absl::OkStatus();
  }

  const Host& host_;
  const ExportOptions& options_;
  Sink& sink_;
  const std::function<bool(const ExportReport&)>& progress_;
  sync::Session session_;
  std::optional<crypto::Sm2PublicKey> reader_;
  std::vector<Bytes> first_words_;
  std::vector<Bytes> every_part_;
  std::map<LedgerId, crypto::BundleRange> first_ranges_;  // before the first part
  std::map<LedgerId, crypto::BundleRange> ranges_;        // of the part being written or sealed
  std::unique_ptr<PartWriter> part_;
  bool has_bulk_ = false;
  std::vector<Part> done_;
  ExportReport report_;
};

}  // namespace

absl::StatusOr<ExportReport> Export(const Host& host, const ExportOptions& options, Sink& sink,
                                    const std::function<bool(const ExportReport&)>& progress) {
  TJ_RETURN_IF_ERROR(CheckNeighbour(host, options.to));
  return Exporter(host, options, sink, progress).Run();
}

}  // namespace tj::bundle
