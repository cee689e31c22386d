// nodes, node, follows, trust, rekey, quota, versions, append, publish, epoch.

#include "protocol/vocab/family.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/record.h"
#include "tests/scenario/commands.h"

namespace tj::scenario {
namespace {

Audience AudienceOf(const std::string& text) {
  static const std::map<std::string, Audience> kNames{
      {"local", Audience::kLocal}, {"parent", Audience::kParent},
      {"chain", Audience::kChain}, {"children", Audience::kChildren},
      {"all", Audience::kAll},     {"addressed", Audience::kAddressed},
  };
  const auto found = kNames.find(text);
  if (found == kNames.end()) throw BadCommand{Cat("no audience ", text)};
  return found->second;
}

uint16_t FamilyOf(const std::string& text) {
  if (const auto family = FamilyFromName(text)) return static_cast<uint16_t>(*family);
  return static_cast<uint16_t>(std::stoul(text));
}

void RefreshAll(World& world) {
  for (auto& [code, node] : world.nodes()) world.RefreshTrust(node);
}

// nodes TOP CHILD… [block=8] [transport=BYTES]
void Nodes(World& world, const Command& command) {
  world.transport_bytes = command.Number("transport", world.transport_bytes);
  world.block_records = command.Number("block", world.block_records);
  const NodeCode top = NodeOf(command.Word(0));
  world.AddNode(top, std::nullopt);
  for (size_t i = 1; i < command.words().size(); ++i) {
    world.AddNode(NodeOf(command.Word(i)), top);
  }
  RefreshAll(world);
}

// node CODE parent=CODE
void AddNode(World& world, const Command& command) {
  world.AddNode(NodeOf(command.Word(0)), NodeOf(command.Text("parent").value_or("")));
  RefreshAll(world);
}

// follows NODE ORIGIN…: the trust list says that it follows these farther ledgers. Everyone has it;
// streams are to be made anew.
void Follows(World& world, const Command& command) {
  Node& node = NodeAt(world, command.Word(0));
  node.member.follows.clear();
  for (size_t i = 1; i < command.words().size(); ++i) {
    node.member.follows.push_back(NodeOf(command.Word(i)));
  }
  RefreshAll(world);
}

// trust NODE: takes over the trust list in force; its streams are made anew, as the link does.
void Trust(World& world, const Command& command) {
  Node& node = NodeAt(world, command.Word(0));
  world.RefreshTrust(node);
  for (const auto& [code, other] : world.nodes()) {
    world.Cut(node.member.code, code, "trust changed");
  }
}

// rekey NODE: signs with a new key from now on, of which only it knows.
void Rekey(World& world, const Command& command) {
  Node& node = NodeAt(world, command.Word(0));
  ++node.member.keys;
  node.signer.key = &Keyring::Instance().SignerOf(node.member.code, node.member.keys);
  world.RefreshTrust(node);
}

// quota NODE per-day=: what followers take of it a day, on every trust list from now on.
void SetQuota(World& world, const Command& command) {
  NodeAt(world, command.Word(0)).member.records_per_day = command.Number("per-day", 1);
  for (auto& [code, node] : world.nodes()) world.RefreshTrust(node);
}

// versions NODE min=1 max=: of the protocol, from its next stream on.
void SetVersions(World& world, const Command& command) {
  Node& node = NodeAt(world, command.Word(0));
  node.version_min = static_cast<uint32_t>(command.Number("min", 1));
  node.version_max = static_cast<uint32_t>(command.Number("max", 1));
}

// The tag of a record for `to`; without one, a tag that is nobody's.
crypto::AddressTag TagFor(const Node& node, const std::optional<std::string>& to) {
  crypto::AddressTag tag;
  tag.fill(0x5a);
  if (!to) return tag;
  const auto tags = node.addresses->Tags(NodeOf(*to), node.disk.own_id());
  if (tags.empty()) throw BadCommand{Cat("no tag for ", *to)};
  return tags.front();
}

// append NODE n=1 [family=case_event] [audience=parent] [to=CODE] [bytes=40] [urgent]
void Append(World& world, const Command& command) {
  Node& node = NodeAt(world, command.Word(0));
  const uint64_t before = node.disk.own().size();
  MemoryNode::Record record;
  record.family = FamilyOf(command.Text("family").value_or("case_event"));
  record.audience = AudienceOf(command.Text("audience").value_or("parent"));
  record.payload_bytes = command.Number("bytes", 40);
  if (record.audience == Audience::kAddressed) record.tag = TagFor(node, command.Text("to"));
  if (command.Has("urgent")) record.flags = wire::kFlagUrgent;
  node.disk.Append(command.Number("n", 1), record, world.now());
  world.Log(Cat(node.disk.own_id().Text(), ": sequenced ", before, "..", node.disk.own().size()));
}

// publish NODE [urgent]
void Publish(World& world, const Command& command) {
  Node& node = NodeAt(world, command.Word(0));
  const auto head = node.disk.Publish(node.signer, world.now());
  if (!head.ok()) throw BadCommand{DescribeStatus(head.status())};
  world.Log(Cat(node.disk.own_id().Text(), ": published ", head->head.size, " at ",
                Since(head->head.at)));
  world.Published(node.member.code, node.disk.own_id(), command.Has("urgent"));
}

// epoch NODE: a new epoch becomes its own ledger.
void StartEpoch(World& world, const Command& command) {
  Node& node = NodeAt(world, command.Word(0));
  node.disk.StartEpoch();
  world.Log(Cat(node.disk.own_id().Text(), ": begun"));
}

}  // namespace

void AddLedgerCommands(CommandTable& table) {
  table["nodes"] = Nodes;
  table["node"] = AddNode;
  table["follows"] = Follows;
  table["trust"] = Trust;
  table["rekey"] = Rekey;
  table["quota"] = SetQuota;
  table["versions"] = SetVersions;
  table["append"] = Append;
  table["publish"] = Publish;
  table["epoch"] = StartEpoch;
}

}  // namespace tj::scenario
