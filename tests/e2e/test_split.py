"""A bureau that shows two counties two histories under one key: the one that gets to read what the other said raises SEC-SPLIT for
all, keeps a proof that anyone can check, and takes nothing more of that ledger, over restarts too."""

import base64
import json
import shutil
import subprocess

import pytest
from federation import BUREAU, CtlError, Federation, Node, wait_for

DECEIVED, WITNESS = "370826", "370827"
LEDGER = f"{BUREAU}/1"


def order(bureau, number, to):
    """Of a bureau that may still wait for the county that the other bureau has."""
    def issue():
        try:
            return json.loads(bureau.ctl("--output", "json", "order", "issue", "--to", to, "--no", number, "--requirement", "EXPLAIN",
                                         "--reply-due", "2099-12-31"))
        except CtlError as refused:
            if "NOT-READY" not in refused.stderr:
                raise
            return None
    return wait_for("the order to be taken", issue)["index"]


def records(node, ledger, family):
    out, first = [], 0
    while page := json.loads(node.ctl("--output", "json", "ledger", "show", first, "--count", 1000, "--ledger", ledger)).get("records"):
        out += page
        first += len(page)
    return [record for record in out if record["family"] == family]


def alarms(node, ledger=f"{DECEIVED}/1"):
    """Those about a past."""
    found = [(record, json.loads(record["payload_json"])) for record in records(node, ledger, "alarm") if record["body_here"]]
    return [(record, alarm) for record, alarm in found if alarm["rule_id"] in ("SEC-FORK", "SEC-SPLIT")]


def followed(node):
    return next((l for l in node.status()["followed"] if l["ledger"] == LEDGER), None)


def stated(bureau, by, kind="seen"):
    head = json.loads(bureau.ctl("--output", "json", "ledger", "head"))
    return max((s["size"] for s in head["statements"] if s["signer"] == by and s["kind"] == kind), default=0)


def leaves(node):
    return [record["leaf"] for record in json.loads(node.ctl("--output", "json", "ledger", "show", 0, "--count", 1000))["records"]]


class TwoFaces:
    """Two daemons of one bureau, with copies of one data folder; each has one county."""

    def __init__(self, federation):
        self.federation = federation
        self.first = federation.bureau
        self.deceived, self.witness = federation.counties
        self.second = Node(federation, BUREAU)
        self.second.folder = federation.folder / "second"
        self.second.data = self.second.folder / "data"
        self.second.socket = self.second.folder / "control.sock"

    def part(self):
        """From here on the two histories differ: the first is the witness's, the second the other's."""
        for node in (self.deceived, self.first):
            node.stop()
        self.second.folder.mkdir()
        shutil.copytree(self.first.data, self.second.data)
        self.second.write_config(**self.federation.options)
        self.first.start()
        self.second.start()
        self.deceived.dial_port = self.second.port
        self.deceived.write_config(**self.federation.options)
        self.deceived.start()

    def pass_on(self):
        """What the witness said of the first goes into the second."""
        for bureau in (self.first, self.second):
            bureau.stop()
        done = subprocess.run([self.federation.bin / "two_faced_bureau", self.first.folder / "node.toml", self.second.folder / "node.toml"],
                              capture_output=True, text=True, encoding="utf-8", timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        self.second.start()


@pytest.fixture(scope="module", name="faces")
def parted_bureau(tmp_path_factory):
    with Federation(tmp_path_factory.mktemp("tj"), [DECEIVED, WITNESS], heads_interval=1) as federation:
        federation.start()
        index = order(federation.bureau, "DB-1", DECEIVED)
        wait_for("both to hold what is one history", lambda: all(
            stated(federation.bureau, county.code, "held") > index for county in federation.counties))
        faces = TwoFaces(federation)
        try:
            yield faces
            for node in (*federation.nodes(), faces.second):
                node.stop()
        finally:
            faces.second.kill()


def test_two_histories_alone_are_not_seen(faces):
    before = leaves(faces.first)
    faces.part()
    last = order(faces.first, "DB-2", WITNESS)
    for number in range(12):  # more than the first, so that what is said of that can be compared
        other = order(faces.second, f"DB-3-{number}", DECEIVED)
    wait_for("the witness to have seen the first", lambda: stated(faces.first, WITNESS) > last)
    wait_for("the other to have seen the second", lambda: stated(faces.second, DECEIVED) > other)

    def told():  # the first's newest record of what the witness said after they parted
        heads = records(faces.first, LEDGER, "heads")
        said = json.loads(heads[-1]["payload_json"]).get("statements", []) if heads else []
        notes = [base64.b64decode(text).decode("utf-8") for text in said]
        return any(int(note.split("\n")[1]) > last and f" {WITNESS}/seen " in note for note in notes)
    wait_for("a heads record of it", told)
    one, two = leaves(faces.first), leaves(faces.second)
    assert one[:len(before)] == two[:len(before)] == before
    assert one[len(before)] != two[len(before)]
    assert not alarms(faces.deceived) and not followed(faces.deceived)["proofs"]
    assert not alarms(faces.witness, f"{WITNESS}/1")


def test_who_reads_the_siblings_words_raises_the_alarm(faces):
    faces.pass_on()
    wait_for("both alarms", lambda: len(alarms(faces.deceived)) == 2)
    # SEC-SPLIT comes first; SEC-FORK follows from the proof. Both are for all: the chain above begins with the accused.
    (record, alarm), (forked, fork) = alarms(faces.deceived)
    assert (alarm["rule_id"], alarm["severity"], alarm["subject"]) == ("SEC-SPLIT", 9, LEDGER)
    assert (fork["rule_id"], fork["subject"]) == ("SEC-FORK", LEDGER)
    assert record["audience"] == forked["audience"] == "all"
    facts = alarm["facts"]
    assert facts["witness"] == WITNESS
    assert int(facts["first_size"]) <= int(facts["second_size"]) and facts["first_root"] != facts["second_root"]
    (file,) = followed(faces.deceived)["proofs"]
    assert file.endswith("/" + facts["proof_file"])
    verdict = json.loads(faces.federation.ctl("--output", "json", "verify", file, "--root",
                                              faces.federation.folder / "pki" / "record-root.pem"))
    assert (verdict["verdict"], verdict["ledger"], verdict["found_by"]) == ("fork", LEDGER, DECEIVED)
    assert (verdict["first"]["root"], verdict["second"]["root"]) == (facts["first_root"], facts["second_root"])
    wait_for("the alarms above, which are hashed into this county's ledger", lambda: len(alarms(faces.second)) == 2)


def assert_frozen(faces, held, number):
    sent = order(faces.second, number, DECEIVED)
    wait_for("a head over it", lambda: faces.second.status()["own"]["published"] > sent)
    # What the county says of itself arrives above, so the stream is up while nothing is taken.
    size = faces.deceived.status()["own"]["sequenced"]
    wait_for("the county's ledger above", lambda: next(
        l for l in faces.second.status()["followed"] if l["ledger"] == f"{DECEIVED}/1")["published"] >= size)
    now = wait_for("what is wrong", lambda: (l := followed(faces.deceived))["stopped"] and l)
    assert now["sequenced"] == held and "SYNC-FORK" in now["problem"], now
    assert stated(faces.second, DECEIVED, "held") <= held
    assert len(alarms(faces.deceived)) == 2 and len(now["proofs"]) == 1


def test_nothing_more_is_taken_over_restarts_too(faces):
    held = followed(faces.deceived)["sequenced"]
    assert_frozen(faces, held, "DB-4")
    faces.deceived.stop()
    faces.deceived.start()
    assert_frozen(faces, held, "DB-5")
    faces.deceived.kill()
    faces.deceived.start()
    assert_frozen(faces, held, "DB-6")
    reply = faces.deceived.fsck()
    assert reply["sound"] and reply["findings"] == [], reply["findings"]
