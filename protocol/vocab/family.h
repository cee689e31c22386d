// What a record is (family) and who may read its body (audience). Numbers are on the wire and on
// disk for ever.

#ifndef TJ_PROTOCOL_VOCAB_FAMILY_H_
#define TJ_PROTOCOL_VOCAB_FAMILY_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace tj {

// DO NOT CHANGE a number: it is in every record header. A family unknown to a build is stored,
// relayed and cosigned all the same; only projections skip it.
enum class Family : uint16_t {
  kUnspecified = 0,  // refused
  kCaseEvent = 1,    // 办件事件, since 1
  kSummary = 2,      // 日汇总, since 1
  kAlarm = 3,        // 告警, since 1
  kHeads = 4,        // heads that the node has signed `seen` for, since 1
  kRestart = 5,      // the node started, since 1
  kAdopt = 6,        // governing data taken over, since 1
  kWitness = 7,      // witness times of own records, since 1
  kTick = 8,         // time passed without traffic, since 1
  kLoss = 9,         // bodies of this ledger that nobody holds any more, since 1
  kOrder = 10,       // 督办单, since 1
  kOrderReply = 11,  // 督办回复, since 1
  kOpening = 12,     // 调取: bodies of this ledger went to a node that asked for them, since 1
  kSpotCommit = 13,  // 抽查: a spot check is announced, since 1
  kSpotReveal = 14,  // its draw, since 1
  kSpotResult = 15,  // what came of it, since 1
};

// English name as in the .proto files ("case_event"); "family-<n>" is never produced here: nullopt
// when unknown.
std::optional<std::string_view> FamilyName(Family family);
std::optional<Family> FamilyFromName(std::string_view name);

// DO NOT CHANGE a number. Whose eyes a body is for, relative to the ledger's origin.
enum class Audience : uint8_t {
  kUnspecified = 0,  // refused
  kLocal = 1,        // nobody but the origin
  kParent = 2,       // the node directly above
  kChain = 3,        // all nodes above
  kChildren = 4,     // the nodes directly below
  kAll = 5,          // every node
  kAddressed = 6,    // one node, named by a tag that others cannot read
};

// Where a reader stands relative to a ledger's origin. Ancestor excludes the parent itself;
// descendants below the children are kOther.
enum class Relation : uint8_t { kSelf, kParent, kAncestor, kChild, kOther };

// Whether a reader so related is owed the body. kAddressed is never decided here: the tag decides.
bool AudienceIncludes(Audience audience, Relation relation);

}  // namespace tj

#endif  // TJ_PROTOCOL_VOCAB_FAMILY_H_
