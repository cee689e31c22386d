#!/usr/bin/python3
"""kill -9 at random, for minutes, of a bureau and three counties, with clients that hand in events all the while; then counts.

  tests/e2e/torture.py --minutes 10 --seed 1        the programs of TJ_BIN_DIR, or of preset dev

Some fall while they start, some two at a time. A client a county hands in batches and repeats each until it is answered. The count at the end
knows only what was acknowledged and what `ledger show` prints at the county and at the bureau: lost, twice and out of order must be 0, and the
roots, computed anew over the leaves of both, what both say. Ends with exit code 3 when it is not so, or nothing was tried.
"""

import argparse
import json
import random
import sys
import tempfile
import threading
import time

from demo_cases import CALENDARS, generate
from federation import CtlError, Federation, wait_for
from ledger_checks import event_id, leaves_of, root_of

COUNTIES = ["370826", "370827", "370828"]
BATCH_ROWS = 200
BATCH_PAUSE = 0.2
# Made in advance, a county, of eight rows or more: more than its client gets rid of with those pauses, also while the last victims start.
CASES_PER_SECOND = BATCH_ROWS / BATCH_PAUSE / 8
SPARE_SECONDS = 60


class Client(threading.Thread):
    """Hands in batch after batch at its county; each again until it is acknowledged."""

    def __init__(self, county, rows, over):
        super().__init__()
        self.county, self.rows, self.over = county, rows, over
        self.acknowledged, self.repeated, self.problem = [], 0, None
        self.idle = False  # it ran out of rows

    def run(self):
        try:
            file = self.county.folder / "batch.ndjson"
            for first in range(0, len(self.rows), BATCH_ROWS):
                if self.over.is_set():
                    return
                batch = self.rows[first:first + BATCH_ROWS]
                file.write_text("".join(batch), encoding="utf-8")
                wait_for("an answer", lambda: self.hand_in(file), seconds=120)
                self.acknowledged += [event_id(json.loads(row)["event"]) for row in batch]
                self.over.wait(BATCH_PAUSE)
            self.idle = True
        except Exception as problem:  # pylint: disable=broad-except  # told at the end
            self.problem = problem

    def hand_in(self, file):
        try:
            answer = self.county.import_file(file)
            assert answer["quarantined"] == 0, answer
            return True
        except CtlError:
            self.repeated += 1
            return False


def kill_until(over, nodes, moments, seconds):
    kills = dict.fromkeys((node.code for node in nodes), 0)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        over.wait(moments.uniform(0.05, 2.0))
        victims = moments.sample(nodes, moments.choice([1, 1, 2]))
        for victim in victims:
            victim.kill()
            kills[victim.code] += 1
        for victim in victims:
            victim.spawn()
            while moments.random() < 0.3:  # while it starts
                over.wait(moments.uniform(0, 0.3))
                victim.kill()
                kills[victim.code] += 1
                victim.spawn()
        for victim in victims:
            victim.wait_ready()
    return kills


def count(federation, clients):
    """Against what was acknowledged: lost, twice, out of order, and leaves that county and bureau do not share."""
    found = {"acknowledged": 0, "lost": 0, "twice": 0, "out_of_order": 0, "different": 0, "roots_wrong": 0, "idle": 0}
    followed = {ledger["ledger"]: ledger for ledger in federation.bureau.status()["followed"]}
    for client in clients:
        own = client.county.status()["own"]
        size, ledger = own["sequenced"], own["ledger"]
        mine = leaves_of(client.county, size)
        theirs = leaves_of(federation.bureau, size, "--ledger", ledger)
        found["roots_wrong"] += len({root_of(mine), root_of(theirs), own["root"], followed[ledger]["root"]}) - 1
        found["idle"] += client.idle
        found["different"] += sum(a["leaf"] != b["leaf"] for a, b in zip(mine, theirs)) + abs(len(mine) - len(theirs))
        places = {}
        for record in mine:
            if record["family"] == "case_event":
                places.setdefault(event_id(json.loads(record["payload_json"])), []).append(record["index"])
        found["acknowledged"] += len(client.acknowledged)
        found["lost"] += sum(event not in places for event in client.acknowledged)
        found["twice"] += sum(len(indices) > 1 for indices in places.values())
        order = [places[event][0] for event in client.acknowledged if event in places]
        found["out_of_order"] += sum(a >= b for a, b in zip(order, order[1:]))
    return found


def torture(folder, seconds, seed):
    moments = random.Random(seed)
    with Federation(folder, COUNTIES, calendars=CALENDARS) as federation:
        federation.start()
        files = generate(federation, cases=int(CASES_PER_SECOND * (seconds + SPARE_SECONDS)), seed=seed, days=360)
        over = threading.Event()
        clients = [Client(c, files[c.code].read_text(encoding="utf-8").splitlines(keepends=True), over)
                   for c in federation.counties]
        for client in clients:
            client.start()
        kills = kill_until(over, federation.nodes(), moments, seconds)
        over.set()
        for client in clients:
            client.join()
            if client.problem:
                raise client.problem
        for county in federation.counties:
            county.wait_delivered()
        found = count(federation, clients)
        found["sound"] = all(node.fsck()["sound"] for node in federation.nodes())
        return {"kills": kills, "repeated": sum(client.repeated for client in clients), **found}


def passed(found):
    tried = found["acknowledged"] > 0 and all(found["kills"].values()) and found["idle"] == 0
    wrong = sum(found[what] for what in ("lost", "twice", "out_of_order", "different", "roots_wrong"))
    return tried and found["sound"] and wrong == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tj-torture-") as folder:
        found = torture(folder, arguments.minutes * 60, arguments.seed)
    print(json.dumps(found))
    return 0 if passed(found) else 3


if __name__ == "__main__":
    sys.exit(main())
