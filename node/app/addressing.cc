#include "node/app/addressing.h"

#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "sync/bundle/peer_state.h"

namespace tj::app {

absl::StatusOr<crypto::AddressTag> TagOf(const NodeParts& parts, const NodeCode& to) {
  const auto trust = parts.host.trust();
  const NodeCode& self = parts.own.origin;
  if (trust->RelationOf(to, self) != Relation::kChild) {
    return Error(ErrorCode::kTrustScope, Cat(to.text(), " is not directly below ", self.text()));
  }
  const auto& own_key = parts.identity.encryption;
  if (!own_key) {
    return Error(ErrorCode::kTrustNoEncryption,
                 Cat(self.text(), ": keys.encryption_key is not set"));
  }
  // The reader computes the tag with the keys that the trust list has for us.
  bool listed = false;
  for (const crypto::Certificate& certificate : trust->Find(self)->encryption) {
    const auto key = certificate.Sm2Key();
    listed = listed || (key.ok() && *key == own_key->Public());
  }
  if (!listed) {
    return Error(ErrorCode::kTrustNoEncryption,
                 Cat(self.text(), ": its key is not in the trust file"));
  }
  const auto key = bundle::EncryptionKeyOf(*trust, to, parts.clock.Now());
  if (!key.ok()) return Error(ErrorCode::kTrustNoEncryption, DetailOf(key.status()));
  TJ_ASSIGN_OR_RETURN(const auto shared, crypto::AddressKey::Derive(*own_key, *key));
  return shared.TagIn(parts.own);
}

}  // namespace tj::app
