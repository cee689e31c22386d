// The commands of scenario scripts, over a World. README.md lists them. Confined to a thread.

#ifndef TJ_TESTS_SCENARIO_COMMANDS_H_
#define TJ_TESTS_SCENARIO_COMMANDS_H_

#include <functional>
#include <map>
#include <string>

#include "tests/scenario/script.h"
#include "tests/scenario/world.h"

namespace tj::scenario {

using CommandFunction = std::function<void(World&, const Command&)>;
using CommandTable = std::map<std::string, CommandFunction, std::less<>>;

// Each in its own file; they write to the world's log.
void AddLedgerCommands(CommandTable& table);   // who there is, what they record and publish
void AddNetworkCommands(CommandTable& table);  // streams, frames under way, time
void AddFaultCommands(CommandTable& table);    // damage, lies and crashes
void AddForgedFrames(CommandTable& table);     // frames that no honest session sends
void AddShowCommands(CommandTable& table);     // what nodes hold

CommandTable AllCommands();
// What the command printed, with problems as "error: …".
std::string RunCommand(const CommandTable& table, World& world, const Command& command);

// Arguments. Unknown names abort the script with a line that says which.
NodeCode NodeOf(const std::string& text);
Node& NodeAt(World& world, const std::string& text);
LedgerId LedgerOf(World& world, const Command& command, const NodeCode& otherwise);
// "FROM TO" as the first two words.
Way WayOf(World& world, const Command& command);

// Thrown by the above only, caught by RunCommand.
struct BadCommand {
  std::string why;
};

}  // namespace tj::scenario

#endif  // TJ_TESTS_SCENARIO_COMMANDS_H_
