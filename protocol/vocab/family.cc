#include "protocol/vocab/family.h"

#include <array>
#include <utility>

namespace tj {
namespace {

constexpr std::array<std::pair<Family, std::string_view>, 15> kNames = {{
    {Family::kCaseEvent, "case_event"},
    {Family::kSummary, "summary"},
    {Family::kAlarm, "alarm"},
    {Family::kHeads, "heads"},
    {Family::kRestart, "restart"},
    {Family::kAdopt, "adopt"},
    {Family::kWitness, "witness"},
    {Family::kTick, "tick"},
    {Family::kLoss, "loss"},
    {Family::kOrder, "order"},
    {Family::kOrderReply, "order_reply"},
    {Family::kOpening, "opening"},
    {Family::kSpotCommit, "spot_commit"},
    {Family::kSpotReveal, "spot_reveal"},
    {Family::kSpotResult, "spot_result"},
}};

}  // namespace

std::optional<std::string_view> FamilyName(Family family) {
  for (const auto& [value, name] : kNames) {
    if (value == family) return name;
  }
  return std::nullopt;
}

std::optional<Family> FamilyFromName(std::string_view wanted) {
  for (const auto& [value, name] : kNames) {
    if (name == wanted) return value;
  }
  return std::nullopt;
}

bool AudienceIncludes(Audience audience, Relation relation) {
  if (relation == Relation::kSelf) return true;
  switch (audience) {
    case Audience::kUnspecified:
    case Audience::kLocal:
    case Audience::kAddressed:
      return false;
    case Audience::kParent:
      return relation == Relation::kParent;
    case Audience::kChain:
      return relation == Relation::kParent || relation == Relation::kAncestor;
    case Audience::kChildren:
      return relation == Relation::kChild;
    case Audience::kAll:
      return true;
  }
  return false;  // a number outside the enum is refused where headers are parsed
}

}  // namespace tj
