"""kill -9 of any process at any moment of an import: after a restart the same roots, the same answers, every event once."""

import random
import subprocess
import threading

import permits
import pytest
from demo_cases import CALENDARS, check_row, events_of, generate, summary_rows
from federation import ROOT, CtlError, Federation, wait_for
from ledger_checks import check_ledgers
from test_permits import DATA, FIGURES, LOGS, NAMES, need_logs

COUNTY = "370826"
ROUNDS = 6  # kills a process
KILLS_PERMITS = 3  # of each of four
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


class Killer:
    """Kills one node when it gets to each of its moments, and starts it again at once, while the others go on."""

    def __init__(self, node, targets, over):
        self.node, self.targets, self.over = node, sorted(targets), over
        self.kills, self.problem = 0, None
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        try:
            for target in self.targets:
                wait_for(f"{self.node.code} to get to {target}", lambda t=target: self.over() or (progress(self.node) or 0) >= t,
                         seconds=250)
                if not self.over():
                    self.node.kill()
                    self.kills += 1
                    self.node.start()
        except Exception as problem:  # pylint: disable=broad-except  # shown by whoever waits
            self.problem = problem

    def result(self):
        self.thread.join()
        if self.problem:
            raise self.problem
        return self.kills


def test_kill_all_four_processes_during_the_import_of_permits(tmp_path):
    """Three counties import their logs at once; each of the four processes is killed three times at moments of its own."""
    need_logs(LOGS.values())
    moments = random.Random(SEED)
    profile = ROOT / "deploy/profiles/permits-asserted.toml"
    with Federation(tmp_path, list(LOGS)) as federation:
        federation.start()
        imports = {c.code: Import(c, DATA / LOGS[c.code], "--profile", profile, "--historical") for c in federation.counties}
        killers = {}
        for node in federation.nodes():
            own = imports.get(node.code)
            over = own.done if own else lambda: all(i.done() for i in imports.values())
            # The first moment is early, so that it falls into the import on any machine.
            last = FIGURES[node.code][1] if own else min(figures[1] for figures in FIGURES.values())
            targets = [moments.randrange(1, last // 4), *(moments.randrange(last) for _ in range(KILLS_PERMITS - 1))]
            killers[node.code] = Killer(node, targets, over)
        answers = {code: importing.result() for code, importing in imports.items()}
        assert all(killer.result() > 0 for killer in killers.values()), "no kill fell into the import"
        assert all(importing.attempts > 1 for importing in imports.values())
        for county in federation.counties:
            county.wait_delivered(seconds=250)
        check_ledgers(federation, None)
        assert {code: permits.answer(row, answers[code]) for code, row in permits.ask_bureau(federation).items()} == {
            code: dict(zip(NAMES, FIGURES[code])) for code in LOGS}
