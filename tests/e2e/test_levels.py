"""Four levels of real processes over real TLS: 镇 town, 县 county, 市 city, 省 province. The province follows the county's ledger through
the city, the town the city's and the province's through the county; bodies stay inside their audiences on every path."""

import collections
import json
import subprocess

import pytest
from demo_cases import CALENDARS, events_of, generate
from federation import Federation, Node, wait_for

PROVINCE, CITY, COUNTY, TOWN = "370000", "370800", "370826", "370826001"
# Who follows ledgers of farther nodes (trust.toml); everyone between must follow them, too.
FOLLOWS = {PROVINCE: [COUNTY, TOWN], CITY: [TOWN], COUNTY: [PROVINCE], TOWN: [CITY, PROVINCE]}
# The county shows its case events to its parent; the town shows its own to nobody.
SALTS = 5  # records looked for on the disks, of each ledger and audience
ORDERS = 2  # of each node to the one below it
UPWARD = {COUNTY: "headers", TOWN: "summaries"}


class Levels(Federation):
    """A chain of four nodes in the place of a bureau with counties."""

    def __init__(self, folder):
        super().__init__(folder, [], calendars=CALENDARS)
        self.province = Node(self, PROVINCE)
        self.city = self.bureau
        self.city.parent = self.province
        self.county = Node(self, COUNTY, parent=self.city)
        self.town = Node(self, TOWN, parent=self.county)
        self.county.listens = True
        self.counties = [self.county, self.town]
        pki = self.folder / "pki2"
        secret = ("--passphrase-file", self.passphrase)
        (self.folder / "pki").rename(self.folder / "unused")
        self.ctl("pki", "init", "--dir", pki, *secret)
        for node in self.nodes():
            parent = ("--parent", node.parent.code) if node.parent else ()
            self.ctl("pki", "issue", "--dir", pki, "--node", node.code, "--name", f"节点{node.code}", *parent, *secret)
        pki.rename(self.folder / "pki")
        trust = self.folder / "pki" / "trust.toml"
        text = trust.read_text(encoding="utf-8")
        for code, origins in FOLLOWS.items():
            line = f'code = "{code}"\n'
            assert text.count(line) == 1
            text = text.replace(line, f"{line}follows = {json.dumps(origins)}\n")
        trust.write_text(text, encoding="utf-8")

    def nodes(self):
        return [self.province, self.city, self.county, self.town]

    def start(self):
        for node in self.nodes():
            options = dict(self.options, upward=UPWARD.get(node.code, "summaries"))
            if node is self.city:
                node.write_config(**options)  # its folder is there already
            else:
                node.init(**options)
            if node is not self.town:
                subprocess.run([self.bin / "children_writer", node.folder / "node.toml"], check=True, timeout=60)
            node.start()
        return self

    def issue_orders(self):
        for above, below in zip(self.nodes(), self.nodes()[1:]):
            for number in range(ORDERS):
                above.ctl("order", "issue", "--to", below.code, "--no", f"DB-{above.code}-{number}", "--requirement", "EXPLAIN",
                          "--reply-due", "2099-12-31")


@pytest.fixture(scope="module", name="levels")
def running(tmp_path_factory):
    with Levels(tmp_path_factory.mktemp("tj")) as levels:
        levels.start()
        levels.issue_orders()
        levels.events = generate(levels, cases=30, seed=11)
        for node in levels.counties:
            node.import_file(levels.events[node.code])
            node.wait_delivered()
        wait_for("all ledgers at all followers", lambda: all_arrived(levels), seconds=120)
        yield levels


def all_arrived(levels):
    """Whether everyone holds all of every ledger that he follows, and the origin has his word for it."""
    sizes = {node.code: int(node.status()["own"]["sequenced"]) for node in levels.nodes()}
    for node in levels.nodes():
        followed = {entry["ledger"]: entry for entry in node.status()["followed"]}
        for origin in followed_by(node):
            entry = followed.get(f"{origin}/1", {})
            if int(entry.get("sequenced", 0)) != sizes[origin] or int(entry.get("delivered", 0)) != sizes[origin]:
                return False
            # The origin hears it from its neighbours, and from those above it.
            codes = [other.code for other in levels.nodes()]
            told = origin not in FOLLOWS[node.code] or codes.index(node.code) < codes.index(origin)
            origin_node = levels.nodes()[codes.index(origin)]
            if told and statement_of(origin_node, node.code, "held") != sizes[origin]:
                return False
    return True


def followed_by(node):
    neighbours = [node.parent.code] if node.parent else []
    neighbours += [other.code for other in node.federation.nodes() if other.parent is node]
    return neighbours + FOLLOWS[node.code]


def statement_of(origin, signer, kind):
    head = json.loads(origin.ctl("--output", "json", "ledger", "head"))
    sizes = [int(s["size"]) for s in head["statements"] if s["signer"] == signer and s["kind"] == kind]
    return sizes[0] if sizes else 0


def records_of(node, origin):
    shown = []
    while True:
        page = json.loads(node.ctl("--output", "json", "ledger", "show", len(shown), "--count", 1000, "--ledger",
                                   f"{origin}/1"))["records"]
        shown += page
        if len(page) < 1000:
            return shown


def verify(levels, file, *options):
    root = levels.folder / "pki" / "record-root.pem"
    return json.loads(levels.ctl("--output", "json", "verify", file, "--root", root, *options))


def prove(node, origin, index):
    out = node.folder / f"{origin}-{index}.tjev"
    node.ctl("ledger", "prove", index, "--ledger", f"{origin}/1", "--out", out)
    return out


def test_a_countys_record_is_read_at_the_province_with_its_own_proof(levels):
    """A summary, which is for all above: read through the city, checked offline against the county's own signature."""
    at_county = records_of(levels.county, COUNTY)
    at_province = records_of(levels.province, COUNTY)
    assert [(r["leaf"], r["body_hash"]) for r in at_province] == [(r["leaf"], r["body_hash"]) for r in at_county]
    summary = next(r for r in at_province if r["family"] == "summary")
    assert summary["body_here"] and summary["payload_json"] == at_county[int(summary["index"])]["payload_json"]
    verdict = verify(levels, prove(levels.province, COUNTY, summary["index"]), "--origin", COUNTY, "--witness", CITY)
    assert (verdict["verdict"], verdict["ledger"], verdict["witness"]) == ("witnessed", f"{COUNTY}/1", CITY)
    assert verdict["records"][0]["leaf"] == summary["leaf"] and verdict["records"][0]["body"]
    # The province is a witness, too; and the county can prove that it was.
    for node in (levels.province, levels.county):
        assert verify(levels, prove(node, COUNTY, summary["index"]), "--witness", PROVINCE)["verdict"] == "witnessed"


def test_a_towns_ledger_comes_three_levels_up(levels):
    at_town = records_of(levels.town, TOWN)
    at_province = records_of(levels.province, TOWN)
    assert [r["leaf"] for r in at_province] == [r["leaf"] for r in at_town]
    assert all(r["body_here"] for r in at_province if r["audience"] in ("chain", "all"))
    assert any(r["family"] == "summary" for r in at_province)


def test_what_is_for_all_comes_down_to_the_town(levels):
    for origin in (PROVINCE, CITY):
        for record in records_of(levels.town, origin):
            assert record["body_here"] == (record["audience"] == "all"), record


# Who may have a body of a node, by its audience: how many levels up and down.
EVERY = len((PROVINCE, CITY, COUNTY, TOWN))
READERS = {
    "local": (0, 0),
    "parent": (1, 0),
    "chain": (EVERY, 0),
    "children": (0, 1),
    "all": (EVERY, EVERY),
    "addressed": (0, 1),  # the orders of this test
}


def may_read(levels, origin, audience):
    """The codes of those who may."""
    assert audience in READERS, f"a record of {origin} is for {audience}: who may read that?"
    codes = [node.code for node in levels.nodes()]
    up, down = READERS[audience]
    at = codes.index(origin)
    return set(codes[max(0, at - up):at + 1 + down])


def salt_of(node, index):
    """The sixteen random bytes that a body begins with, out of an evidence file: they compress nowhere, and are nowhere else."""
    evidence = prove(node, node.code, index).read_bytes()
    record = field(evidence, 4)
    return field(record, 3)[:16]


def field(message, wanted):
    """The first length-delimited field of that number in a protobuf message."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        key = varint()
        if key & 7 == 0:
            varint()
            continue
        assert key & 7 == 2
        size = varint()
        if key >> 3 == wanted:
            return message[at:at + size]
        at += size
    raise AssertionError(f"no field {wanted}")


def data_of(node):
    return b"\0".join(file.read_bytes() for file in sorted(node.data.rglob("*")) if file.is_file())


def is_in(salt, data):
    """The log of the database may have cut it in two, once: one half or the other is whole."""
    half = len(salt) // 2
    return salt[:half] in data or salt[half:] in data


def test_a_body_outside_its_audience_is_shown_to_nobody(levels):
    seen = collections.defaultdict(set)
    for origin in levels.nodes():
        for node in levels.nodes():
            if origin.code not in [node.code, *followed_by(node)]:
                continue
            for record in records_of(node, origin.code):
                allowed = node.code in may_read(levels, origin.code, record["audience"])
                assert record["body_here"] == allowed, (node.code, record)
                seen[origin.code].add(record["audience"])
    # Nothing was shown of an audience that did not occur.
    assert seen[PROVINCE] == {"children", "addressed", "all", "chain"}
    assert seen[CITY] == {"children", "addressed", "all", "chain"}
    assert seen[COUNTY] == {"children", "addressed", "all", "chain", "parent"}
    assert seen[TOWN] == {"all", "chain", "local"}


def test_nor_lies_it_on_any_disk(levels):
    """Looked for in every byte that every node has: what one of them must not have, another has."""
    salts = collections.defaultdict(list)
    for origin in levels.nodes():
        for record in records_of(origin, origin.code):
            of_kind = salts[origin.code, record["audience"]]
            if len(of_kind) < SALTS:
                of_kind.append(salt_of(origin, record["index"]))
    for node in levels.nodes():
        node.stop()
    disks = {node.code: data_of(node) for node in levels.nodes()}
    for (origin, audience), of_kind in salts.items():
        allowed = may_read(levels, origin, audience)
        for node in levels.nodes():
            found = sum(is_in(salt, disks[node.code]) for salt in of_kind)
            assert found == (len(of_kind) if node.code in allowed else 0), (origin, audience, node.code, found, len(of_kind))
    for node in levels.nodes():
        node.start()
    wait_for("all ledgers at all followers", lambda: all_arrived(levels), seconds=120)


def test_live_records_come_through(levels):
    before = int(levels.county.status()["own"]["sequenced"])
    more = generate(levels, cases=3, seed=77, folder="more")[COUNTY]
    levels.county.import_file(more)
    wait_for("all ledgers at all followers", lambda: all_arrived(levels), seconds=120)
    assert len(records_of(levels.province, COUNTY)) >= before + len(events_of(more))


def test_the_data_of_every_node_is_sound(levels):
    for node in levels.nodes():
        assert node.fsck()["sound"] in (True, "true"), node.code
