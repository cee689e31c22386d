#include "tests/scenario/commands.h"

#include <utility>

#include "protocol/vocab/text.h"

namespace tj::scenario {

CommandTable AllCommands() {
  CommandTable table;
  AddLedgerCommands(table);
  AddNetworkCommands(table);
  AddFaultCommands(table);
  AddForgedFrames(table);
  AddShowCommands(table);
  return table;
}

std::string RunCommand(const CommandTable& table, World& world, const Command& command) {
  const auto found = table.find(command.name());
  if (found == table.end()) return Cat("error: no command ", command.name(), "\n");
  world.log.clear();
  try {
    found->second(world, command);
  } catch (const BadCommand& bad) {
    world.Log(Cat("error: ", bad.why));
  }
  for (const std::string& key : command.Unasked()) world.Log(Cat("error: what is ", key, "=?"));
  return std::exchange(world.log, {});
}

NodeCode NodeOf(const std::string& text) {
  auto code = NodeCode::Parse(text);
  if (!code.ok()) throw BadCommand{Cat("no node code: ", text)};
  return *std::move(code);
}

Node& NodeAt(World& world, const std::string& text) {
  Node* node = world.Find(NodeOf(text));
  if (node == nullptr) throw BadCommand{Cat("no node ", text)};
  return *node;
}

LedgerId LedgerOf(World& world, const Command& command, const NodeCode& otherwise) {
  const auto text = command.Text("ledger");
  if (!text) return NodeAt(world, otherwise.text()).disk.own_id();
  auto ledger = LedgerId::Parse(*text);
  if (!ledger.ok()) throw BadCommand{Cat("no ledger id: ", *text)};
  return *std::move(ledger);
}

Way WayOf(World& world, const Command& command) {
  return {NodeAt(world, command.Word(0)).member.code, NodeAt(world, command.Word(1)).member.code};
}

}  // namespace tj::scenario
