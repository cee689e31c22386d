#include <algorithm>
#include <memory>

#include <google/protobuf/util/json_util.h>

#include "node/app/node_services.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/wire/payload.pb.h"
#include "protocol/wire/record.h"

namespace tj::app {
namespace {

constexpr uint32_t kAlarmsPerLedger = 100;
constexpr uint32_t kAlarmsPerLedgerMax = 1000;
// Urgent records looked at for them, for other things are urgent, too.
constexpr size_t kLookedAtMax = 10'000;
constexpr size_t kPage = 256;

api::AlarmInfo Describe(const LedgerId& ledger, Index index, const wire::Header& header,
                        ByteView body, bool provisional) {
  api::AlarmInfo info;
  info.set_ledger(ledger.Text());
  info.set_index(index.value);
  info.set_family(std::string(FamilyName(header.family).value_or("")));
  info.set_recorded_at(header.recorded_at.Text());
  info.set_provisional(provisional);
  if (body.empty()) return info;
  const auto parts = wire::DecodeBody(body);
  v1::Alarm alarm;
  if (!parts.ok() || !alarm.ParseFromString(Bytes(parts->payload))) return info;
  info.set_code(alarm.rule_id());
  info.set_subject(alarm.subject());
  info.set_severity(alarm.severity());
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  if (google::protobuf::util::MessageToJsonString(alarm, &json, options).ok()) {
    info.set_payload_json(json);
  }
  return info;
}

// Those that wait for their ledger, the newest first; then those that are part of it.
absl::Status AddAlarms(const store::LedgerView& view, size_t count, api::AlarmListReply& reply) {
  TJ_ASSIGN_OR_RETURN(const auto early, view.ProvisionalLeaves());
  for (auto leaf = early.rbegin(); leaf != early.rend(); ++leaf) {
    TJ_ASSIGN_OR_RETURN(const wire::Header header, wire::DecodeHeader(leaf->header));
    if (header.family != Family::kAlarm) continue;
    *reply.add_alarms() = Describe(view.id(), leaf->index, header, leaf->body, true);
  }
  size_t found = 0;
  Index end{view.size()};
  for (size_t looked_at = 0; found < count && looked_at < kLookedAtMax;) {
    TJ_ASSIGN_OR_RETURN(const auto page, view.NewestUrgentLeaves(end, kPage));
    if (page.empty()) break;
    for (const Index index : page) {
      if (found == count) break;
      TJ_ASSIGN_OR_RETURN(const auto leaves, view.Leaves(index, 1));
      if (leaves[0].header.family != Family::kAlarm) continue;
      *reply.add_alarms() = Describe(view.id(), index, leaves[0].header, leaves[0].body, false);
      ++found;
    }
    end = page.back();
    looked_at += page.size();
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<api::AlarmListReply> NodeServices::AlarmList(const api::AlarmListRequest& request) {
  const uint32_t count = request.count() == 0 ? kAlarmsPerLedger : request.count();
  TJ_ASSIGN_OR_RETURN(const auto snapshot, parts_.truth.Snapshot());
  TJ_ASSIGN_OR_RETURN(const auto ledgers, store::ListLedgers(snapshot->reader()));
  api::AlarmListReply reply;
  for (const LedgerId& ledger : ledgers) {
    TJ_ASSIGN_OR_RETURN(const auto view, store::LedgerView::Open(snapshot->reader(), ledger));
    TJ_RETURN_IF_ERROR(AddAlarms(view, std::min(count, kAlarmsPerLedgerMax), reply));
  }
  // The text of times sorts as the times do.
  std::stable_sort(reply.mutable_alarms()->begin(), reply.mutable_alarms()->end(),
                   [](const api::AlarmInfo& a, const api::AlarmInfo& b) {
                     return a.recorded_at() > b.recorded_at();
                   });
  return reply;
}

}  // namespace tj::app
