"""督办单: an order of the bureau appears at its county and at nobody else, the reply comes back, and an order that the bureau
withholds is noticed by the county whose it is.

The tests run in order: each goes on where the one before left the nodes.
"""

import json
import subprocess

import pytest
from demo_cases import CALENDARS
from federation import BUREAU, CtlError, Federation, wait_for

COUNTY = "370826"
SIBLING = "370827"
DUE = "2099-12-31"


@pytest.fixture(scope="module", name="tree")
def a_bureau_and_two_counties(tmp_path_factory):
    with Federation(tmp_path_factory.mktemp("tj"), [COUNTY, SIBLING], calendars=CALENDARS, owed_alarm=3) as federation:
        yield federation.start()
        for node in federation.nodes():
            node.stop()


def issue(federation, number, *options, to=COUNTY, requirement="EXPLAIN", due=DUE):
    return json.loads(federation.bureau.ctl("--output", "json", "order", "issue", "--to", to, "--no", number,
                                            "--requirement", requirement, "--reply-due", due, *options))


def orders(node):
    return json.loads(node.ctl("--output", "json", "order", "list"))["orders"]


def order(node, number):
    return next((o for o in orders(node) if o["order_no"] == number), None)


def wait_state(node, number, state, seconds=60):
    return wait_for(f"{number} to be {state} at {node.code}",
                    lambda: (o := order(node, number)) and o["state"] == state and o, seconds=seconds)


def refused(node, *arguments):
    with pytest.raises(CtlError) as error:
        node.ctl("order", *arguments)
    assert error.value.code == 1
    return error.value.stderr.split()[1].rstrip(":")


def stated(federation, by):
    """What `by` has said of the bureau's ledger: sizes by kind."""
    head = json.loads(federation.bureau.ctl("--output", "json", "ledger", "head"))
    return {s["kind"]: s["size"] for s in head["statements"] if s["signer"] == by}


def record(node, index, ledger):
    return json.loads(node.ctl("--output", "json", "ledger", "show", index, "--count", 1, "--ledger", ledger))["records"][0]


def test_an_order_appears_at_the_county(tree):
    county = tree.counties[0]
    written = issue(tree, "DB-2026-001", "--alarm", "DL-RED/37082600120261123000013/1", "--sign-due", "2099-12-01")
    tree.first = written
    assert written["ledger"] == f"{BUREAU}/1" and not written["duplicate"]
    got = wait_state(county, "DB-2026-001", "arrived")
    assert (got["issuer"], got["to"], got["direction"]) == (BUREAU, COUNTY, "received")
    assert (got["requirement"], got["reply_due"], got["sign_due"]) == ("EXPLAIN", DUE, "2099-12-01")
    assert got["alarms"] == ["DL-RED/37082600120261123000013/1"]
    assert got["index"] == written["index"] and got["problem"] == ""
    sent = wait_state(tree.bureau, "DB-2026-001", "delivered")
    assert sent["direction"] == "issued" and sent["delivered_at"] >= sent["issued_at"]
    shown = record(county, written["index"], BUREAU)
    assert (shown["family"], shown["audience"], shown["body_here"]) == ("order", "addressed", True)
    assert json.loads(shown["payload_json"])["order_no"] == "DB-2026-001"


def test_its_sibling_has_the_digest_and_is_owed_nothing(tree):
    sibling = tree.counties[1]
    index = tree.first["index"]
    wait_for("the sibling to hold it", lambda: stated(tree, SIBLING).get("held", 0) > index)
    shown = record(sibling, index, BUREAU)
    assert (shown["family"], shown["audience"], shown["body_here"]) == ("order", "addressed", False)
    assert orders(sibling) == []
    (followed,) = sibling.status()["followed"]
    assert followed["missing_bodies"] == 0
    assert refused(sibling, "reply", "--order", "DB-2026-001", "--result", "RECTIFIED") == "ORDER-ABSENT"


def test_the_reply_comes_back(tree):
    county = tree.counties[0]
    said = json.loads(county.ctl("--output", "json", "order", "reply", "--order", "DB-2026-001", "--result", "RECTIFIED"))
    assert said["ledger"] == f"{COUNTY}/1"
    assert wait_state(county, "DB-2026-001", "replied")["result"] == "RECTIFIED"
    answered = wait_state(tree.bureau, "DB-2026-001", "replied")
    assert (answered["result"], answered["reply_ledger"], answered["reply_index"]) == ("RECTIFIED", f"{COUNTY}/1", said["index"])
    assert not answered["reply_late"]
    # The same again is the same; another answer is not taken.
    again = json.loads(county.ctl("--output", "json", "order", "reply", "--order", "DB-2026-001", "--result", "RECTIFIED"))
    assert again["duplicate"] and again["index"] == said["index"]
    assert refused(county, "reply", "--order", "DB-2026-001", "--result", "REFUSED") == "ORDER-CONFLICT"


def test_what_is_refused(tree):
    bureau, county = tree.bureau, tree.counties[0]
    again = issue(tree, "DB-2026-001", "--alarm", "DL-RED/37082600120261123000013/1", "--sign-due", "2099-12-01")
    assert again["duplicate"] and again["index"] == tree.first["index"]

    def arguments(to=COUNTY, number="DB-X", requirement="EXPLAIN", due=DUE):
        return "issue", "--to", to, "--no", number, "--requirement", requirement, "--reply-due", due
    assert refused(bureau, *arguments(number="DB-2026-001", requirement="OTHER")) == "ORDER-CONFLICT"
    assert refused(bureau, *arguments(to=BUREAU)) == "TRUST-SCOPE"
    assert refused(bureau, *arguments(to="370828")) == "TRUST-SCOPE"
    assert refused(county, *arguments(to=SIBLING)) == "TRUST-SCOPE"
    assert refused(county, *arguments(to=BUREAU)) == "TRUST-SCOPE"
    assert refused(bureau, *arguments(due="2020-01-01")) == "VALUE-DATE"
    assert refused(bureau, *arguments(due="tomorrow")) == "VALUE-DATE"
    assert refused(bureau, *arguments(number="x" * 65)) == "VALUE-TEXT"
    assert refused(county, "reply", "--order", "DB-404", "--result", "RECTIFIED") == "ORDER-ABSENT"
    for command in ("issue", "reply", "list"):
        assert "example: tongjianctl order " in bureau.ctl("order", command, "--help")
    assert len(orders(bureau)) == 1


def test_a_bureau_that_withholds_an_order_is_noticed(tree, request):
    """The bureau's keys, data, sessions and transport, but orders leave as digests and are not opened."""
    bureau, county = tree.bureau, tree.counties[0]
    county.stop()
    index = issue(tree, "DB-2026-002")["index"]
    wait_for("a head over the order", lambda: bureau.status()["own"]["published"] > index)
    held_before = stated(tree, COUNTY)["held"]
    bureau.stop()
    cheat = subprocess.Popen([tree.bin / "withholding_bureau", bureau.folder / "node.toml"], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
    request.addfinalizer(cheat.kill)
    assert cheat.stdout.readline() == f"listening {bureau.port}\n"
    county.start()

    def owed():
        return next((o for o in orders(county) if o["state"] == "owed"), None)
    found = wait_for("the order to be owed", owed)
    assert (found["ledger"], found["index"], found["order_no"]) == (f"{BUREAU}/1", index, "")
    status = next(l for l in county.status()["followed"] if l["ledger"] == f"{BUREAU}/1")
    assert (status["missing_bodies"], status["owed_leaves"]) == (1, [index])
    assert status["published"] > index and status["delivered"] <= index
    assert "SYNC-BODY-MISSING" in status["problem"] or "STORE-ABSENT" in status["problem"]
    assert "应收未到 owed and not here" in county.ctl("status", check_ready=False)

    def alarm():
        size = county.status()["own"]["sequenced"]
        page = json.loads(county.ctl("--output", "json", "ledger", "show", max(0, size - 20), "--count", 20))["records"]
        alarms = [json.loads(r["payload_json"]) for r in page if r["family"] == "alarm"]
        return next((a for a in alarms if a["rule_id"] == "DQ-OWED"), None)
    # The watch looks once a minute when nothing else happens.
    raised = wait_for("the alarm", alarm, seconds=120)
    assert (raised["subject"], raised["facts"]["leaves"]) == (f"{BUREAU}/1", str(index))
    report = json.loads(county.ctl("--output", "json", "doctor", accept=(0, 3)))
    finding = next(f for f in report["findings"] if f["code"] == "DQ-OWED")
    assert finding["severity"] == "error" and not report["healthy"]
    assert "bodies-owed" in county.log_tail()
    assert refused(county, "reply", "--order", "DB-2026-002", "--result", "RECTIFIED") == "ORDER-ABSENT"

    cheat.stdin.close()
    assert cheat.wait(timeout=60) == 0
    # What the county has stated meanwhile, as the bureau's own disk has it.
    county.stop()
    bureau.start()
    said = stated(tree, COUNTY)
    assert said["seen"] > index >= said["held"] >= held_before
    assert order(bureau, "DB-2026-002")["state"] == "issued"


def test_and_asked_for_until_it_comes(tree):
    bureau, county = tree.bureau, tree.counties[0]
    county.start()
    got = wait_state(county, "DB-2026-002", "arrived")
    wait_state(bureau, "DB-2026-002", "delivered")
    assert stated(tree, COUNTY)["held"] > got["index"]
    status = wait_for("the problem to be over", lambda: next(
        (l for l in county.status()["followed"] if l["ledger"] == f"{BUREAU}/1" and not l["stopped"]), None))
    assert status["missing_bodies"] == 0
    report = json.loads(county.ctl("--output", "json", "doctor", accept=(0, 3)))
    assert not [f for f in report["findings"] if f["code"] == "DQ-OWED"]
    # The alarm went up to the bureau all the same.
    county.wait_delivered()
    for node in tree.nodes():
        assert node.fsck()["sound"]


def test_without_an_encryption_key_nobody_is_addressed(tree):
    bureau = tree.bureau
    bureau.stop()
    config = bureau.folder / "node.toml"
    config.write_text("".join(line for line in config.read_text(encoding="utf-8").splitlines(keepends=True)
                              if not line.startswith("encryption_key")), encoding="utf-8")
    bureau.start()
    assert refused(bureau, "issue", "--to", COUNTY, "--no", "DB-2026-003", "--requirement", "EXPLAIN",
                   "--reply-due", DUE) == "TRUST-NO-ENCRYPTION"
