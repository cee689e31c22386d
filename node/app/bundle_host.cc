#include "node/app/bundle_host.h"

#include <utility>

#include "node/app/version.h"
#include "protocol/vocab/text.h"

namespace tj::app {
namespace {

// Nobody is there who would say more, what an export is greeted with is our own memory of the
// peer, and a file may be old: neither tells that we hold all that we ever signed. What is lost it
// does show (kOwnRollback).
bool EndsTheWait(const sync::Event& event) {
  return event.kind == sync::Event::Kind::kReady || event.kind == sync::Event::Kind::kOwnShown;
}

}  // namespace

bundle::Host BundleHost(FollowHost& host, const NodeCode& self, crypto::Signer& sealer,
                        const Clock& clock) {
  bundle::Host lent{.self = self, .software = Cat("tongjian/", kVersion)};
  lent.trust = host.trust();
  lent.addresses = host.addresses();
  lent.signer = &host.signer();
  lent.sealer = &sealer;
  lent.ledgers = &host.ledgers();
  lent.clock = &clock;
  lent.persist = [&host](std::vector<sync::PersistOp> ops) {
    return host.PersistAndWait(std::move(ops));
  };
  lent.on_event = [&host](const NodeCode& peer, const sync::Event& event) {
    if (!EndsTheWait(event)) host.OnEvent(peer, event);
  };
  return lent;
}

}  // namespace tj::app
