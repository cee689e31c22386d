#include "node/app/record_info.h"

#include "crypto/leaf_hash.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/payload.pb.h"

namespace tj::app {
namespace {

std::string_view AudienceName(Audience audience) {
  switch (audience) {
    case Audience::kUnspecified:
      return "unspecified";
    case Audience::kLocal:
      return "local";
    case Audience::kParent:
      return "parent";
    case Audience::kChain:
      return "chain";
    case Audience::kChildren:
      return "children";
    case Audience::kAll:
      return "all";
    case Audience::kAddressed:
      return "addressed";
  }
  return "unspecified";
}

// Empty for a family that this build does not know.
std::string PayloadJson(Family family, ByteView payload) {
  switch (family) {
    case Family::kCaseEvent:
      return MessageJson<v1::CaseEvent>(payload);
    case Family::kSummary:
      return MessageJson<v1::Summary>(payload);
    case Family::kAlarm:
      return MessageJson<v1::Alarm>(payload);
    case Family::kHeads:
      return MessageJson<v1::Heads>(payload);
    case Family::kRestart:
      return MessageJson<v1::Restart>(payload);
    case Family::kAdopt:
      return MessageJson<v1::Adopt>(payload);
    case Family::kWitness:
      return MessageJson<v1::Witness>(payload);
    case Family::kTick:
      return MessageJson<v1::Tick>(payload);
    case Family::kLoss:
      return MessageJson<v1::Loss>(payload);
    case Family::kOrder:
      return MessageJson<v1::SuperviseOrder>(payload);
    case Family::kOrderReply:
      return MessageJson<v1::OrderReply>(payload);
    case Family::kOpening:
      return MessageJson<v1::Opening>(payload);
    case Family::kSpotCommit:
      return MessageJson<v1::SpotCommit>(payload);
    case Family::kSpotReveal:
      return MessageJson<v1::SpotReveal>(payload);
    case Family::kSpotResult:
      return MessageJson<v1::SpotResult>(payload);
    case Family::kUnspecified:
      break;
  }
  return {};
}

}  // namespace

api::RecordInfo RecordOf(Index index, const wire::Leaf& leaf) {
  api::RecordInfo info;
  info.set_index(index.value);
  const auto name = FamilyName(leaf.header.family);
  info.set_family(name ? std::string(*name) : Cat("family-", static_cast<int>(leaf.header.family)));
  info.set_audience(std::string(AudienceName(leaf.header.audience)));
  info.set_recorded_at(leaf.header.recorded_at.Text());
  info.set_leaf(crypto::LeafHash(leaf.header, leaf.body_hash).Hex());
  info.set_body_hash(leaf.body_hash.Hex());
  info.set_body_here(!leaf.body.empty());
  if (!leaf.body.empty()) {
    const auto body = wire::DecodeBody(leaf.body);
    if (body.ok()) info.set_payload_json(PayloadJson(leaf.header.family, body->payload));
  }
  return info;
}

}  // namespace tj::app
