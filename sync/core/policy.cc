#include "sync/core/policy.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "protocol/vocab/family.h"

namespace tj::sync {

bool AreNeighbours(const crypto::TrustStore& trust, const NodeCode& a, const NodeCode& b) {
  const Relation relation = trust.RelationOf(a, b);
  return relation == Relation::kParent || relation == Relation::kChild;
}

bool Follows(const crypto::TrustStore& trust, const NodeCode& reader, const NodeCode& server,
             const LedgerId& ledger) {
  if (!trust.GoesOn(ledger) || !AreNeighbours(trust, reader, server)) return false;
  if (ledger.origin == server) return true;
  return trust.FollowsFarther(reader, ledger.origin) &&
         trust.NextTo(reader, ledger.origin) == server;
}

std::vector<NodeCode> RelayedTo(const crypto::TrustStore& trust, const NodeCode& reader,
                                const NodeCode& server) {
  std::vector<NodeCode> origins;
  const crypto::TrustedNode* const node = trust.Find(reader);
  if (node == nullptr) return origins;
  for (const NodeCode& origin : node->follows) {
    if (trust.NextTo(reader, origin) == server) origins.push_back(origin);
  }
  return origins;
}

std::vector<NodeCode> BehindUs(const crypto::TrustStore& trust, const NodeCode& self,
                               const NodeCode& peer, const NodeCode& origin) {
  std::vector<NodeCode> readers = trust.FartherFollowers(origin);
  std::erase_if(readers, [&](const NodeCode& reader) {
    return reader == self || trust.NextTo(self, reader) == peer;
  });
  return readers;
}

bool PassesStatementsOn(const crypto::TrustStore& trust, const NodeCode& self, const NodeCode& peer,
                        const NodeCode& signer, const NodeCode& origin) {
  return signer != self && trust.FollowsFarther(signer, origin) &&
         trust.RelationOf(signer, origin) == Relation::kAncestor &&
         trust.NextTo(self, signer) == peer;
}

bool WakesOthers(const crypto::TrustStore& trust, const NodeCode& self, const Event& event) {
  const NodeCode& origin = event.ledger.origin;
  if (origin == self) return false;
  if (event.kind == Event::Kind::kPeerSeen || event.kind == Event::Kind::kPeerHeld) return true;
  if (event.kind != Event::Kind::kHeadSeen && event.kind != Event::Kind::kSegmentHeld) return false;
  const auto from = trust.NextTo(self, origin);
  return from && !BehindUs(trust, self, *from, origin).empty();
}

wire::ColumnFilter BodiesOwed(const crypto::TrustStore& trust, const crypto::AddressBook* addresses,
                              const NodeCode& reader, const LedgerId& ledger) {
  const Relation relation = trust.RelationOf(reader, ledger.origin);
  std::vector<Bytes> tags;
  if (addresses != nullptr) {
    for (const crypto::AddressTag& tag : addresses->Tags(reader, ledger)) {
      tags.emplace_back(tag.begin(), tag.end());
    }
  }
  return [relation, tags = std::move(tags)](Audience audience, ByteView tag) {
    if (audience != Audience::kAddressed) return AudienceIncludes(audience, relation);
    return relation == Relation::kSelf || std::find(tags.begin(), tags.end(), tag) != tags.end();
  };
}

}  // namespace tj::sync
