#include "sync/bundle/importer.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/bytes_io.h"

namespace tj::bundle {
namespace {

// A stream may write the same ledger meanwhile: then the session is made anew, so often a frame.
constexpr int kSessionsMax = 5;
// Requests for bodies that one reply answers.
constexpr size_t kOpensMax = 1024;

}  // namespace

struct Importer::Impl {
  Impl(const Host& given, const crypto::Sm2PrivateKey& key)
      : host(given), reader(given.self, key) {}

  absl::Status TakeManifest();
  absl::Status TakeFrames(ByteView chunk);
  absl::Status Take(wire::Frame frame);
  absl::Status Step(const wire::Frame& frame);
  absl::Status NewSession();
  absl::Status Handle(sync::Output output);
  void NoteRefusal(const wire::RefuseFrame& refuse);

  const Host& host;
  crypto::BundleReader reader;
  std::optional<sync::Session> session;
  std::vector<wire::Frame> greeting;  // hello and heads, for a session made anew
  ImportReport report;
  absl::Status problem;  // the first ledger that got no further
};

// Who wrote it: nothing inside is looked at before that is known.
absl::Status Importer::Impl::TakeManifest() {
  const crypto::SignedManifest& found = *reader.manifest();
  const crypto::BundleManifest& manifest = found.manifest;
  TJ_RETURN_IF_ERROR(CheckNeighbour(host, manifest.sender));
  TJ_RETURN_IF_ERROR(host.trust->VerifyText(manifest.sender, found.key_id, manifest.made_at,
                                            manifest.Text(), found.der));
  report.manifest = manifest;
  report.asked.made_at = manifest.made_at;
  return NewSession();
}

absl::Status Importer::Impl::NewSession() {
  session.emplace(host.SessionWith(report.manifest->sender));
  TJ_RETURN_IF_ERROR(Handle(session->Start(host.clock->Now())));
  for (const wire::Frame& frame : greeting) {
    TJ_RETURN_IF_ERROR(Handle(session->Step(frame, host.clock->Now())));
  }
  return absl::OkStatus();
}

absl::Status Importer::Impl::TakeFrames(ByteView chunk) {
  wire::Reader frames(chunk);
  while (frames.remaining() > 0) {
    const ByteView bytes = frames.Prefixed(limits::kFrameBytesMax);
    if (!frames.ok()) return Error(ErrorCode::kSyncBundle, "a frame that is cut off");
    TJ_ASSIGN_OR_RETURN(wire::Frame frame, wire::DecodeFrame(bytes));
    TJ_RETURN_IF_ERROR(Take(std::move(frame)));
  }
  return absl::OkStatus();
}

absl::Status Importer::Impl::Take(wire::Frame frame) {
  if (const auto* open = std::get_if<wire::OpenFrame>(&frame)) {
    // Answered in the reply; nothing can be sent from here.
    if (report.asked.opens.size() < kOpensMax) report.asked.opens.push_back(*open);
    return absl::OkStatus();
  }
  const auto* refuse = std::get_if<wire::RefuseFrame>(&frame);
  const bool of_a_stream = std::holds_alternative<wire::CreditFrame>(frame) ||
                           std::holds_alternative<wire::PingFrame>(frame) ||
                           (refuse != nullptr && refuse->ledger.empty());
  if (of_a_stream) return absl::OkStatus();
  TJ_RETURN_IF_ERROR(Step(frame));
  // One that the session does not take would break off the reply as well.
  if (const auto* hello = std::get_if<wire::Hello>(&frame)) report.asked.hello = *hello;
  const bool greets =
      std::holds_alternative<wire::Hello>(frame) || std::holds_alternative<wire::HeadFrame>(frame);
  if (greets && greeting.size() <= limits::kLedgersPerPeerMax) {
    greeting.push_back(std::move(frame));
  }
  return absl::OkStatus();
}

absl::Status Importer::Impl::Step(const wire::Frame& frame) {
  absl::Status status = Handle(session->Step(frame, host.clock->Now()));
  for (int made = 1; made < kSessionsMax && !status.ok(); ++made) {
    if (CodeOf(status) != ErrorCode::kStoreGap) return status;
    status = NewSession();
    if (status.ok()) status = Handle(session->Step(frame, host.clock->Now()));
  }
  return status;
}

absl::Status Importer::Impl::Handle(sync::Output output) {
  uint64_t records = 0;
  uint64_t statements = 0;
  uint64_t opened = 0;
  for (const sync::PersistOp& op : output.persist) {
    if (const auto* segment = std::get_if<sync::PersistSegment>(&op)) records += segment->count;
    const auto* statement = std::get_if<sync::PersistStatement>(&op);
    if (statement != nullptr && statement->signer != host.self) ++statements;
    if (std::holds_alternative<sync::PersistOpened>(op)) ++opened;
  }
  if (!output.persist.empty()) TJ_RETURN_IF_ERROR(host.persist(std::move(output.persist)));
  report.records += records;
  report.statements += statements;
  report.opened += opened;
  for (const sync::Event& event : output.events) {
    host.on_event(report.manifest->sender, event);
    // The sender stopped a ledger of ours: whoever imports should know, not only the log.
    const bool for_good =
        event.kind == sync::Event::Kind::kRefused && !InfoOf(CodeOf(event.status)).retryable;
    if (for_good && problem.ok()) {
      problem =
          At(Cat(report.manifest->sender.text(), " refuses ", event.ledger.Text()), event.status);
    }
  }
  for (const wire::Frame& frame : output.then_send) {
    if (const auto* refuse = std::get_if<wire::RefuseFrame>(&frame)) NoteRefusal(*refuse);
  }
  return output.close;
}

// What the session would tell the sender is told to whoever imports.
void Importer::Impl::NoteRefusal(const wire::RefuseFrame& refuse) {
  if (!problem.ok() || refuse.ledger.empty()) return;
  const absl::Status why = ErrorFromName(refuse.code, refuse.detail);
  if (CodeOf(why) == ErrorCode::kSyncState) return;  // a body that is here by now
  if (CodeOf(why) != ErrorCode::kSyncGap) {
    problem = At(refuse.ledger, why);
    return;
  }
  const crypto::BundleManifest& manifest = *report.manifest;
  const auto range = std::find_if(
      manifest.ranges.begin(), manifest.ranges.end(),
      [&](const crypto::BundleRange& of) { return of.ledger.Text() == refuse.ledger; });
  const bool begins_later = range != manifest.ranges.end() && range->first > refuse.size;
  std::string detail = Cat(refuse.ledger, ": ", refuse.detail, "; ");
  if (begins_later && manifest.part > 1) {
    detail += Cat("part ", manifest.part - 1, " of ", manifest.parts, " comes before it");
  } else if (begins_later) {
    detail += Cat("an earlier bundle of ", manifest.sender.text(),
                  " comes before it; where that is lost, or was imported before a restore from a "
                  "backup, give it the reply and import its own");
  } else {
    detail += Cat("finish the bundle begun before, or give ", manifest.sender.text(),
                  " the reply and import what it exports then");
  }
  problem = Error(ErrorCode::kSyncBundleGap, detail);
}

Importer::Importer(const Host& host, const crypto::Sm2PrivateKey& key)
    : impl_(std::make_unique<Impl>(host, key)) {}
Importer::~Importer() = default;

absl::Status Importer::Feed(ByteView piece) {
  impl_->reader.Feed(piece);
  while (true) {
    auto chunk = impl_->reader.Next();
    impl_->report.preface = impl_->reader.preface();
    if (!chunk.ok()) return chunk.status();
    if (!*chunk) return absl::OkStatus();
    const bool manifest = (*chunk)->kind == crypto::ChunkKind::kManifest;
    TJ_RETURN_IF_ERROR(manifest ? impl_->TakeManifest() : impl_->TakeFrames((*chunk)->plaintext));
  }
}

absl::Status Importer::Finish() {
  TJ_RETURN_IF_ERROR(impl_->reader.Finish());
  return impl_->problem;
}

const ImportReport& Importer::report() const { return impl_->report; }

}  // namespace tj::bundle
