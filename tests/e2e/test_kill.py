"""kill -9 of any process at any moment of an import: after a restart the same roots, the same answers, every event once."""

import json
import pathlib
import random
import subprocess
import threading

import pytest
from demo_cases import CALENDARS, check_row, events_of, generate, summary_rows
from federation import ROOT, CtlError, Federation, wait_for
from test_permits import DATA, FIGURES, NAMES, need_logs

COUNTY = "370826"
ROUNDS = 6  # kills a process
SEED = 20261122


class Import:
    """Imports a file, again and again until it comes to its end, while somebody kills the county."""

    def __init__(self, county, file, *options):
        self.county, self.file, self.options = county, file, options
        self.answer, self.attempts, self.problem = None, 0, None
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        try:
            self.answer = wait_for("the import", self._try, seconds=300)
        except Exception as problem:  # pylint: disable=broad-except  # shown by whoever waits
            self.problem = problem

    def _try(self):
        self.attempts += 1
        try:
            return self.county.import_file(self.file, *self.options)
        except CtlError as error:
            # The node died under it, or is not back yet: the same command is run again.
            assert error.code == 1, error
            return None

    def done(self):
        return not self.thread.is_alive()

    def result(self):
        self.thread.join()
        if self.problem:
            raise self.problem
        return self.answer


def progress(node):
    """Records sequenced, of whichever ledger grows there; None while it does not answer."""
    try:
        status = node.status()
    except (CtlError, subprocess.TimeoutExpired):
        return None
    return max([status["own"]["sequenced"], *(ledger["sequenced"] for ledger in status["followed"])])


def kill_at(node, target, importing):
    """Kills it once it has `target` records; starts it again at once."""
    wait_for(f"{node.code} to get to {target}", lambda: importing.problem or (progress(node) or 0) >= target, seconds=120)
    node.kill()
    node.start()


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


def check_every_event_once(county, size, file):
    ids, first = [], 0
    while first < size:
        page = json.loads(county.ctl("--output", "json", "ledger", "show", first, "--count", 1000))["records"]
        ids += [event_id(json.loads(r["payload_json"])) for r in page if r["family"] == "case_event"]
        first += len(page)
    assert sorted(ids) == sorted(event_id(event) for event in events_of(file))


def event_id(event):
    return event["source"], event["case_no"], event["source_event_id"]


@pytest.mark.parametrize("victim", ["county", "bureau"])
def test_kill_during_an_import_of_cases(tmp_path, victim):
    moments = random.Random(f"{SEED} {victim}")
    with Federation(tmp_path, [COUNTY], calendars=CALENDARS) as federation:
        federation.start()
        files = generate(federation, cases=1500, seed=21, days=120)
        (county,) = federation.counties
        node = county if victim == "county" else federation.bureau
        rows = len(events_of(files[COUNTY]))
        importing = Import(county, files[COUNTY])
        for target in sorted(moments.randrange(rows) for _ in range(ROUNDS)):
            kill_at(node, target, importing)
        answer = importing.result()
        assert answer["rows"] == rows and answer["quarantined"] == 0
        if victim == "county":
            assert importing.attempts > 1, "no kill fell into the import"
        county.wait_delivered(seconds=200)
        check_ledgers(federation, files)
        row = summary_rows(federation.bureau)[COUNTY]
        check_row(row, files[COUNTY])
        assert {**summary_rows(county)[COUNTY], "name": row["name"]} == row


def test_kill_each_process_during_the_import_of_permits(tmp_path):
    """Three counties, of which one imports, and the bureau: each is killed once on the way."""
    need_logs(["BPIC15_2.xes.gz"])
    code, log = "370827", DATA / "BPIC15_2.xes.gz"
    moments = random.Random(SEED)
    with Federation(tmp_path, [code, "370826", "370828"]) as federation:
        federation.start()
        county = federation.counties[0]
        profile = pathlib.Path(ROOT) / "deploy/profiles/permits-asserted.toml"
        importing = Import(county, log, "--profile", profile, "--historical")
        victims = federation.nodes()
        moments.shuffle(victims)
        for node in victims:
            target = moments.randrange(40000)
            wait_for(f"{code} to get to {target}", lambda t=target: importing.done() or (progress(county) or 0) >= t, seconds=200)
            node.kill()
            node.start()
        answer = importing.result()
        assert importing.attempts > 1, "no kill fell into the import"
        county.wait_delivered(seconds=250)
        check_ledgers(federation, None)
        row = summary_rows(federation.bureau)[code]
        want = dict(zip(NAMES, FIGURES[code]))
        got = {"cases": row["received"], "days_used": row["used_days"], "rounded_fees": row["fee_rounded"],
               "negative_fees": row["fee_negative"], "quarantined": answer["quarantined"]}
        assert {name: got.get(name, row.get(name)) for name in NAMES} == want
