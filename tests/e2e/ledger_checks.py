"""What must hold between a county and the bureau when everything has been delivered."""

import concurrent.futures
import hashlib
import itertools
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


def shown(node, *ledger):
    """Its records one by one, as `ledger show` prints them."""
    at = 0
    while page := json.loads(node.ctl("--output", "json", "ledger", "show", at, "--count", 1000, *ledger))["records"]:
        yield from page
        at += len(page)


def leaves_of(node, size, *ledger):
    return list(itertools.islice(shown(node, *ledger), size))


def root_of(records):
    """The RFC 6962 root over their leaf hashes, with SM3, by nothing of the daemon's."""
    return root_over([bytes.fromhex(record["leaf"]) for record in records]).hex()


def root_over(level):
    if not level:
        return hashlib.new("sm3").digest()
    while len(level) > 1:
        pairs = [hashlib.new("sm3", b"\x01" + a + b).digest() for a, b in zip(level[::2], level[1::2])]
        level = pairs + level[len(pairs) * 2:]
    return level[0]


def check_counted_anew(federation, files):
    """Of ledgers of any length: leaves, root and events of both ends, by what they print of each record and nothing that they sum up."""
    followed = {ledger["ledger"]: ledger for ledger in federation.bureau.status()["followed"]}

    def leaves_and_events(node, size, *ledger):
        leaves, events = [], []
        for record in itertools.islice(shown(node, *ledger), size):
            leaves.append(bytes.fromhex(record["leaf"]))
            if record["family"] == "case_event" and record["body_here"]:
                events.append(event_id(json.loads(record["payload_json"])))
        return leaves, events

    for county in federation.counties:
        own = county.status()["own"]
        size = own["sequenced"]
        with concurrent.futures.ThreadPoolExecutor() as both:
            here = both.submit(leaves_and_events, county, size)
            there = both.submit(leaves_and_events, federation.bureau, size, "--ledger", own["ledger"])
            (mine, events), (theirs, _) = here.result(), there.result()
        assert len(mine) == len(theirs) == size and mine == theirs
        assert root_over(mine).hex() == own["root"] == followed[own["ledger"]]["root"]
        assert sorted(events) == sorted(event_id(event) for file in files[county.code] for event in events_of(file))


def check_every_event_once(county, size, file):
    ids = [event_id(json.loads(r["payload_json"])) for r in leaves_of(county, size) if r["family"] == "case_event"]
    assert sorted(ids) == sorted(event_id(event) for event in events_of(file))


def event_id(event):
    return event["source"], event["case_no"], event["source_event_id"]
