"""What must hold between a county and the bureau when everything has been delivered."""

import hashlib
import json

from demo_cases import events_of


def statements_of(county):
    return {s["kind"]: s for s in json.loads(county.ctl("--output", "json", "ledger", "head"))["statements"]}


def check_ledgers(federation, files):
    """Bureau and county hold the same, every event stands once, the statements cover all, and every byte is sound."""
    followed = {ledger["ledger"]: ledger for ledger in federation.bureau.status()["followed"]}
    for county in federation.counties:
        own = county.status()["own"]
        other = followed[own["ledger"]]
        assert (other["sequenced"], other["root"]) == (own["sequenced"], own["root"])
        assert own["delivered"] == own["witnessed"] == own["sequenced"]
        assert {kind: s["size"] for kind, s in statements_of(county).items()} == {
            "seen": own["sequenced"], "held": own["sequenced"]}
        if files:
            check_every_event_once(county, own["sequenced"], files[county.code])
    for node in federation.nodes():
        found = node.fsck()
        assert found["sound"] and found["findings"] == [], found


def leaves_of(node, size, *ledger):
    """Its first `size` records as `ledger show` prints them."""
    records = []
    while len(records) < size:
        page = json.loads(node.ctl("--output", "json", "ledger", "show", len(records), "--count", 1000, *ledger))["records"]
        if not page:
            break
        records += page
    return records[:size]


def root_of(records):
    """The RFC 6962 root over their leaf hashes, with SM3, by nothing of the daemon's."""
    level = [bytes.fromhex(record["leaf"]) for record in records]
    if not level:
        return hashlib.new("sm3").hexdigest()
    while len(level) > 1:
        pairs = [hashlib.new("sm3", b"\x01" + a + b).digest() for a, b in zip(level[::2], level[1::2])]
        level = pairs + level[len(pairs) * 2:]
    return level[0].hex()


def check_every_event_once(county, size, file):
    ids = [event_id(json.loads(r["payload_json"])) for r in leaves_of(county, size) if r["family"] == "case_event"]
    assert sorted(ids) == sorted(event_id(event) for event in events_of(file))


def event_id(event):
    return event["source"], event["case_no"], event["source_event_id"]
