#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/leaf_hash.h"
#include "crypto/sm3.h"
#include "node/intake/intake.h"
#include "node/store/content_digest.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/payload.h"
#include "protocol/wire/record.h"

namespace tj::intake {
namespace {

constexpr char kReservedSource = '~';  // of emitters (node/store/append.h)
constexpr std::string_view kPseudonymPurpose = "tongjian/pid/v1";
constexpr size_t kPseudonymBytes = 16;
// Written in place by the writer (wire::PatchPrevious).
constexpr uint64_t kPreviousUnknown = std::numeric_limits<uint64_t>::max();

// Fields that this build does not know cannot be validated, and might hold names: they would be
// signed and sent all the same.
absl::Status RefuseUnknownFields(v1::Submission& submission) {
  const size_t size = submission.ByteSizeLong();
  submission.DiscardUnknownFields();
  if (submission.ByteSizeLong() == size) return absl::OkStatus();
  return Error(ErrorCode::kIntakeSyntax, "event: has fields that this version does not know");
}

// applicant_pid out of the certificate in the person part. Only where the event states facts about
// the case: facts made up for a later event would replace those of the first.
void GivePseudonym(const store::PrivateKeys& keys, v1::Submission& submission) {
  v1::CaseEvent& event = *submission.mutable_event();
  const v1::PersonPart& person = submission.person();
  if (person.certificate_no().empty() || !event.info().applicant_pid().empty()) return;
  if (!event.has_info() && event.type() != v1::APPLY) return;
  const Hash hash =
      keys.Peppered(kPseudonymPurpose, {person.certificate_type(), person.certificate_no()});
  event.mutable_info()->set_applicant_pid(std::string(hash.view().substr(0, kPseudonymBytes)));
}

absl::Status CheckScope(const std::vector<RegionCode>& regions, std::string_view region) {
  const bool ours = std::any_of(regions.begin(), regions.end(), [&](const RegionCode& own) {
    return region.starts_with(own.text());
  });
  if (ours) return absl::OkStatus();
  return Error(ErrorCode::kIntakeScope, Cat("region: ", PrintableExcerpt(region)));
}

absl::Status CheckTime(int64_t occurred_at_ms, Instant now) {
  const Instant occurred{occurred_at_ms};
  if (occurred <= now + limits::kClaimedSkewMax) return absl::OkStatus();
  return Error(ErrorCode::kIntakeFuture,
               Cat("occurred_at_ms: ", occurred.Text(), ", and it is ", now.Text()));
}

// A private part: committed to in the body, sealed beside it. Nothing at all when it is empty.
struct Part {
  std::optional<Hash> commitment;
  std::optional<store::SealedPart> sealed;
};

absl::StatusOr<Part> MakePart(store::PrivateKeys& keys, wire::PrivateKind kind,
                              const Bytes& content, Instant now) {
  Part part;
  if (content.empty()) return part;
  const Bytes salt = crypto::RandomBytes(wire::kSaltBytes);
  part.commitment = crypto::PrivateCommitment(kind, salt, content);
  // The month in which it came, not the one it claims: a key that retention destroyed must not be
  // made again by a late event.
  TJ_ASSIGN_OR_RETURN(part.sealed, keys.SealPart(kind, salt, content, now));
  return part;
}

}  // namespace

absl::StatusOr<store::PreparedRecord> Preparer::Prepare(v1::Submission submission,
                                                        bool historical) const {
  if (!submission.has_event()) return Error(ErrorCode::kValueMissing, "event: missing");
  TJ_RETURN_IF_ERROR(RefuseUnknownFields(submission));
  v1::CaseEvent& event = *submission.mutable_event();
  if (event.source().starts_with(kReservedSource)) {
    return Error(ErrorCode::kValueText, "source: '~' is for the node's own records");
  }
  store::PrivateKeys& keys = *options_.private_keys;
  const Instant now = options_.clock->Now();
  event.set_historical(historical);
  event.set_previous(kPreviousUnknown);
  TJ_RETURN_IF_ERROR(wire::ValidatePersonPart(submission.person()));
  TJ_RETURN_IF_ERROR(wire::ValidateTextPart(submission.text()));
  GivePseudonym(keys, submission);
  TJ_RETURN_IF_ERROR(wire::ValidateCaseEvent(event));
  TJ_RETURN_IF_ERROR(CheckScope(options_.regions, event.region()));
  TJ_RETURN_IF_ERROR(CheckTime(event.occurred_at_ms(), now));

  const Bytes payload = event.SerializeAsString();
  const Bytes person = submission.person().SerializeAsString();
  const Bytes text = submission.text().SerializeAsString();
  TJ_ASSIGN_OR_RETURN(Part person_part, MakePart(keys, wire::PrivateKind::kPerson, person, now));
  TJ_ASSIGN_OR_RETURN(Part text_part, MakePart(keys, wire::PrivateKind::kText, text, now));

  store::PreparedRecord record;
  record.family = Family::kCaseEvent;
  record.audience = options_.upward == Upward::kHeaders ? Audience::kParent : Audience::kLocal;
  TJ_ASSIGN_OR_RETURN(record.body, wire::EncodeBody(crypto::RandomBytes(wire::kSaltBytes), payload,
                                                    person_part.commitment, text_part.commitment));
  record.dedup = store::DedupKey{event.source(), event.case_no(), event.source_event_id(),
                                 store::SubmittedDigest(keys, payload, person, text)};
  for (Part* part : {&person_part, &text_part}) {
    if (part->sealed) record.parts.push_back(*std::move(part->sealed));
  }
  return record;
}

}  // namespace tj::intake
