#include "sync/core/policy.h"

#include "protocol/vocab/family.h"

namespace tj::sync {

bool AreNeighbours(const crypto::TrustStore& trust, const NodeCode& a, const NodeCode& b) {
  const Relation relation = trust.RelationOf(a, b);
  return relation == Relation::kParent || relation == Relation::kChild;
}

bool Follows(const crypto::TrustStore& trust, const NodeCode& reader, const NodeCode& server,
             const LedgerId& ledger) {
  return ledger.origin == server && trust.GoesOn(ledger) && AreNeighbours(trust, reader, server);
}

bool BodyOwed(const crypto::TrustStore& trust, const NodeCode& reader, const NodeCode& origin,
              Audience audience) {
  return audience != Audience::kAddressed &&
         AudienceIncludes(audience, trust.RelationOf(reader, origin));
}

wire::ColumnFilter ColumnsFor(const crypto::TrustStore& trust, const NodeCode& reader,
                              const NodeCode& origin) {
  const Relation relation = trust.RelationOf(reader, origin);
  return [relation](Audience audience, ByteView) {
    return audience != Audience::kAddressed && AudienceIncludes(audience, relation);
  };
}

}  // namespace tj::sync
