#include "node/app/own_names.h"

#include <optional>
#include <string>
#include <utility>

#include "node/app/governing.h"
#include "node/case/case_rows.h"
#include "node/case/summary_emitter.h"
#include "node/store/content_digest.h"
#include "protocol/vocab/family.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/wire/payload.h"
#include "protocol/wire/record.h"
#include "protocol/wire/segment.h"

namespace tj::app {
namespace {

std::optional<store::DedupKey> CaseEventName(const wire::BodyView& body,
                                             const store::PrivateKeys& keys) {
  v1::CaseEvent event;
  if (!event.ParseFromArray(body.payload.data(), static_cast<int>(body.payload.size()))) {
    return std::nullopt;
  }
  store::DedupKey name{
      .source = event.source(), .case_no = event.case_no(), .event_id = event.source_event_id()};
  const bool whole = !body.person && !body.text;
  if (whole) name.content_digest = store::SubmittedDigest(keys, body.payload, {}, {});
  return name;
}

std::optional<store::DedupKey> EmittedName(Family family, ByteView payload) {
  std::optional<store::DedupKey> name;
  if (family == Family::kSummary) {
    const auto summary = wire::ParseSummary(payload);
    if (!summary.ok()) return std::nullopt;
    const cases::RowKey row{CivilDate(summary->date()), summary->org(), summary->item()};
    name = store::DedupKey{.source = std::string(cases::kSummaryEmitter),
                           .case_no = cases::RowText(row),
                           .event_id = std::to_string(summary->revision())};
  } else if (family == Family::kAlarm) {
    const auto alarm = wire::ParseAlarm(payload);
    if (!alarm.ok()) return std::nullopt;
    name = AlarmName(*alarm);
  } else if (family == Family::kAdopt) {
    const auto adopt = wire::ParseAdopt(payload);
    if (!adopt.ok() || !adopt->has_calendar()) return std::nullopt;
    name = CalendarName(static_cast<int>(adopt->calendar().year()), payload);
  } else if (family == Family::kOrder) {
    const auto order = wire::ParseOrder(payload);
    if (!order.ok()) return std::nullopt;
    name = OrderName(*order);
  } else if (family == Family::kOrderReply) {
    const auto reply = wire::ParseOrderReply(payload);
    if (!reply.ok()) return std::nullopt;
    name = OrderReplyName(*reply);
  }
  if (!name) return std::nullopt;
  name->content_digest = store::EmittedDigest(name->source, name->case_no, name->event_id, payload);
  return name;
}

}  // namespace

absl::StatusOr<NamedRecords> NamesOf(ByteView segment_bytes, const store::PrivateKeys& keys) {
  TJ_ASSIGN_OR_RETURN(const wire::Segment segment, wire::DecodeSegment(segment_bytes));
  NamedRecords named;
  for (size_t i = 0; i < segment.leaves.size(); ++i) {
    const wire::Leaf& leaf = segment.leaves[i];
    if (leaf.body.empty()) continue;
    const auto body = wire::DecodeBody(leaf.body);
    if (!body.ok()) continue;
    if (body->person || body->text) ++named.parts_lost;
    auto name = leaf.header.family == Family::kCaseEvent
                    ? CaseEventName(*body, keys)
                    : EmittedName(leaf.header.family, body->payload);
    if (name) named.op.names.emplace_back(*std::move(name), Index{segment.first.value + i});
  }
  return named;
}

}  // namespace tj::app
