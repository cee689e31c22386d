#include "tests/sim/federation.h"

#include <algorithm>
#include <optional>

namespace tj::sim {

Federation::Federation(Loop& loop, const Bugs& bugs, const Tree& tree, uint64_t name)
    : loop_(loop), bugs_(bugs), tree_(tree), name_(name), watch_(loop, tree) {
  for (const Place& place : tree.places()) {
    std::optional<NodeCode> parent;
    if (place.parent) parent = tree.places()[*place.parent].code;
    auto node = std::make_unique<Node>(loop, watch_, bugs, place.code, parent);
    node->signer().key = &Keys::Instance().SignerOf(place.code, 0);
    node->SetTrust(Trust(1));
    node->SetAddresses(Keys::Instance().Addresses(name, tree.places(), place.code));
    watch_.Add(*node);
    nodes_.emplace(place.code, std::move(node));
    if (place.parent) {
      lines_.push_back(
          std::make_unique<Line>(place.code, tree.places()[*place.parent].code, loop.rng.Next()));
    }
  }
}

Federation::~Federation() {
  for (auto& [code, node] : nodes_) node->Crash(true);
}

std::shared_ptr<const crypto::TrustStore> Federation::Trust(int keys) {
  return Keys::Instance().Trust(name_, tree_.places(), keys);
}

void Federation::SetTrust(Node& node, int keys) {
  node.SetTrust(Trust(keys));
  // A changed list makes the streams anew (sync/core).
  for (const auto& line : lines_) {
    if (line->child == node.code()) node.Disconnect(line->parent, false);
    if (line->parent == node.code()) node.Disconnect(line->child, false);
  }
}

void Federation::Start() {
  for (auto& [code, node] : nodes_) node->Start();
  for (const auto& line : lines_) Dial(*line);
  for (const auto& source : halls_) source->Begin();
  for (const auto& source : desks_) source->Begin();
}

void Federation::AddSources(const NodeCode& node, SourcePlan hall, SourcePlan desk) {
  for (const SourcePlan* plan : {&hall, &desk})
    watch_.bounds().Writes(plan->records, plan->bytes_max);
  std::vector<NodeCode> children;
  for (const auto& line : lines_) {
    if (line->parent == node) children.push_back(line->child);
  }
  halls_.push_back(std::make_unique<Source>(loop_, watch_, At(node), Source::Kind::kHall, hall,
                                            std::vector<NodeCode>()));
  desks_.push_back(std::make_unique<Source>(loop_, watch_, At(node), Source::Kind::kDesk, desk,
                                            std::move(children)));
}

void Federation::DialAll() {
  for (const auto& line : lines_) {
    if (line->stream == nullptr) {
      line->back_off.Reset();
      Dial(*line);
    }
  }
}

bool Federation::SourcesDone() const {
  const auto done = [](const auto& source) { return source->done(); };
  return std::all_of(halls_.begin(), halls_.end(), done) &&
         std::all_of(desks_.begin(), desks_.end(), done);
}

void Federation::Dial(Line& line) {
  if (line.dialling || line.severed) return;
  line.dialling = true;
  loop_.After(line.back_off.Next() + 2 * line.state.latency, [this, at = &line] {
    at->dialling = false;
    if (at->severed) return;
    Node& child = At(at->child);
    Node& parent = At(at->parent);
    const bool blocked = at->state.blocked[kChild] || at->state.blocked[kParent];
    if (child.DriverOf(at->parent) != nullptr) return;
    if (!child.up() || !parent.up() || blocked) return Dial(*at);
    at->back_off.Reset();
    auto stream = std::make_shared<Stream>(loop_, at->state);
    at->stream = stream;
    const auto ended = [this, at, stream](const absl::Status&) { Ended(*at, stream); };
    parent.Connect(at->child, stream, kParent, [](const absl::Status&) {});
    child.Connect(at->parent, stream, kChild, ended);
  });
}

void Federation::Ended(Line& line, const std::shared_ptr<Stream>& stream) {
  if (line.stream == stream) line.stream.reset();
  Dial(line);
}

}  // namespace tj::sim
