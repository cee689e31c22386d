#!/usr/bin/python3
"""EIO and SIGKILL at single system calls of tongjiand on its data folder, by strace; then fsck, a restart, and a count.

  tests/e2e/injections.py                     every call of both nodes and of `init`, each with each fault (up to two hours)
  tests/e2e/injections.py --sample 30 --seed 4
  tests/e2e/injections.py --point county:fdatasync:ledger/000006.log:3:eio

A run without faults shows which calls there are: victim, call, file and the how manieth of one thread on that file. A point is one of
them with a fault: `eio` once, `eio+` from then on, `kill` before it. Prints a line a point, then counts as JSON; exit code 3 when
a point failed. A failed point's folder is kept with --keep FOLDER.
"""

import argparse
import collections
import json
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from demo_cases import CALENDARS, generate
from federation import CtlError, Federation, wait_for
from ledger_checks import event_id, leaves_of

COUNTY = "370826"
VICTIMS = ("county", "bureau", "init")
FAULTS = ("eio", "eio+", "kill")
CALLS = ("openat,creat,write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,sync_file_range,rename,renameat,renameat2,"
         "ftruncate,truncate,fallocate,unlink,unlinkat,mkdir,mkdirat,fcntl,flock,link,linkat,fchmod,chmod")
CASES = 6
BATCHES = 5
PATIENCE = 3  # seconds that a client goes on asking a node that refuses

Point = collections.namedtuple("Point", "victim call file nth fault")


def why_not():
    """Why nothing can be injected on this machine; None when it can."""
    if shutil.which("strace") is None:
        return "strace is not installed (deploy/install-deps)"
    done = subprocess.run(["strace", "-qq", "-e", "trace=none", "true"], capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"strace cannot trace here: {done.stderr.strip()}"


class Bench:
    """A federation that is set back to its first day before each point."""

    def __init__(self, federation):
        self.federation = federation
        (self.county,) = federation.counties
        self.bureau = federation.bureau
        self.first_day = federation.folder / "first-day"
        self.traces = federation.folder / "trace"
        self.died = None  # how the victim ended by itself
        self.county.init(**federation.options)
        self.batches = self.make_batches()
        for node in federation.nodes():
            shutil.copytree(node.data, self.first_day / node.code, ignore=shutil.ignore_patterns("ballast"))
        self.bureau.start()  # for its port
        self.bureau.stop()
        self.county.write_config(**federation.options)

    def make_batches(self):
        file = generate(self.federation, cases=CASES, seed=5, days=20)[COUNTY]
        rows = file.read_text(encoding="utf-8").splitlines(keepends=True)
        size = -(-len(rows) // BATCHES)
        names = []
        for first in range(0, len(rows), size):
            names.append(self.federation.folder / f"batch-{first}.ndjson")
            names[-1].write_text("".join(rows[first:first + size]), encoding="utf-8")
        return names

    def set_back(self):
        for node in self.federation.nodes():
            node.kill()
            node.wrapper = []
            shutil.rmtree(node.data, ignore_errors=True)
            shutil.copytree(self.first_day / node.code, node.data)
            (node.folder / "log").unlink(missing_ok=True)

    def node_of(self, victim):
        return self.bureau if victim == "bureau" else self.county

    def tracer(self, victim, point=None):
        """Words before the program's. -D: our child is the program itself."""
        words = ["strace", "-D", "-f", "-qq", "-y", "-o", self.traces, "-e", "signal=none", "-e", f"trace={CALLS}"]
        if point is not None:
            fault = "signal=SIGKILL" if point.fault == "kill" else "error=EIO"
            lasting = "+" if point.fault == "eio+" else ""
            words += ["-P", self.node_of(victim).data / point.file, "-e", f"inject={point.call}:{fault}:when={point.nth}{lasting}"]
        return words

    def counted(self, victim):
        """Every point of a run without faults, in a fixed order."""
        self.set_back()
        self.run_under(victim, self.tracer(victim))
        counts = collections.Counter()
        data = str(self.node_of(victim).data)
        for line in self.traces.read_text(encoding="utf-8", errors="replace").splitlines():
            # The first path of the call; what continues a call that another thread interrupted was counted at its beginning.
            found = re.match(rf'(\d+)\s+(\w+)\(.*?[<"]{re.escape(data)}/?([^>"]*)[>"]', line)
            if found:
                counts[found.groups()] += 1
        calls = collections.Counter()
        for (_, call, file), count in counts.items():
            calls[call, file] = max(calls[call, file], count)
        return [Point(victim, call, file, nth, fault) for (call, file), count in sorted(calls.items())
                for nth in range(1, count + 1) for fault in FAULTS]

    def run_under(self, victim, words):
        """The workload with the victim traced; the batches that were acknowledged, and what the county's ledger then was."""
        self.traces.unlink(missing_ok=True)
        if victim == "init":
            self.init_under(words)
            return [], []
        self.node_of(victim).wrapper = words
        acknowledged = []
        for node in self.federation.nodes():
            try:
                node.start()
            except (RuntimeError, TimeoutError):
                if node.code != self.node_of(victim).code:
                    raise
        if self.county.running():
            for batch in self.batches:
                size = self.hand_in(batch)
                if size is None:
                    break  # it will not take the next ones either
                acknowledged.append((batch, size))
        seen = self.settle()
        self.died = self.node_of(victim).process.poll()
        for node in self.federation.nodes():
            node.kill()
        self.node_of(victim).wrapper = []
        return acknowledged, seen

    def init_under(self, words):
        data = self.county.data
        shutil.rmtree(data)
        done = subprocess.run([*words, self.federation.bin / "tongjiand", "--config", self.county.folder / "node.toml", "--init"],
                              capture_output=True, timeout=60, check=False)
        self.died = done.returncode

    def hand_in(self, batch):
        """The ledger's size in the answer; None when there was none in time."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.county.running():
            try:
                answer = self.county.import_file(batch, timeout=PATIENCE)  # it asks a node that refuses again and again
                assert answer["quarantined"] == 0, answer
                return answer["ledger_size"]
            except (CtlError, subprocess.TimeoutExpired):
                time.sleep(0.05)
        return None

    def settle(self):
        """Waits a while for delivery; the leaves that the county shows."""
        if all(node.running() for node in self.federation.nodes()):
            tried(lambda: self.county.wait_delivered(seconds=PATIENCE))
        return tried(lambda: [record["leaf"] for record in leaves_of(self.county, self.county.status()["own"]["sequenced"])]) or []

    def was_met(self, point):
        """Whether the fault happened."""
        if point.fault == "kill":
            return self.died == -signal.SIGKILL
        return "(INJECTED)" in (tried(lambda: self.traces.read_text(encoding="utf-8", errors="replace")) or "")

    def check(self, point):
        """One point; whether it was met. AssertionError, RuntimeError or TimeoutError when something is wrong."""
        self.set_back()
        acknowledged, seen = self.run_under(point.victim, self.tracer(point.victim, point))
        met = self.was_met(point)
        if point.victim == "init":
            self.finish_init()
        for node in self.federation.nodes():
            self.check_offline(node)
            node.start()
        size = self.county.status()["own"]["sequenced"]
        before = leaves_of(self.county, size)
        assert [record["leaf"] for record in before][:len(seen)] == seen, "the ledger's beginning changed"
        self.check_acknowledged(acknowledged, before)
        for batch in self.batches:
            wait_for("an answer", lambda b=batch: self.hand_in(b))
        self.county.wait_delivered(seconds=60)
        self.check_all(before)
        return met

    def finish_init(self):
        """Init again finishes what was interrupted; when it had done everything it says so."""
        try:
            self.federation.ctl("init", "--config", self.county.folder / "node.toml")
        except CtlError as error:
            assert "error: EXISTS" in error.stderr, error

    def check_offline(self, node):
        done = subprocess.run([self.federation.bin / "tongjiand", "--config", node.folder / "node.toml", "--fsck"],
                              capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, f"fsck of {node.code}: {done.returncode}\n{done.stdout}{done.stderr}"
        found = json.loads(done.stdout)
        assert found["sound"] and found["findings"] == [], found

    def check_acknowledged(self, acknowledged, records):
        places = places_of(records)
        order = []
        for batch, size in acknowledged:
            for event in batch_events(batch):
                assert len(places.get(event, [])) == 1, f"{event} stands at {places.get(event, [])}"
                assert places[event][0] < size, f"{event} moved to {places[event][0]}, was acknowledged below {size}"
                order.append(places[event][0])
        assert order == sorted(order), "acknowledged records changed places"

    def check_all(self, before):
        own = self.county.status()["own"]
        mine = leaves_of(self.county, own["sequenced"])
        theirs = leaves_of(self.bureau, own["sequenced"], "--ledger", own["ledger"])
        assert [r["leaf"] for r in mine] == [r["leaf"] for r in theirs], "county and bureau hold different ledgers"
        assert [r["leaf"] for r in mine][:len(before)] == [r["leaf"] for r in before], "the ledger's beginning changed"
        places = places_of(mine)
        events = [event for batch in self.batches for event in batch_events(batch)]
        assert {event: len(indices) for event, indices in places.items()} == dict.fromkeys(events, 1)
        for node in self.federation.nodes():
            found = node.fsck()
            assert found["sound"] and found["findings"] == [], found


def tried(call):
    try:
        return call()
    except (CtlError, OSError):
        return None


def batch_events(batch):
    return [event_id(json.loads(row)["event"]) for row in batch.read_text(encoding="utf-8").splitlines()]


def places_of(records):
    places = {}
    for record in records:
        if record["family"] == "case_event":
            places.setdefault(event_id(json.loads(record["payload_json"])), []).append(record["index"])
    return places


def sampled(points, size, seed):
    """`size` of them, and of each victim, call and fault at least one as long as there is room."""
    order = random.Random(seed)
    points = order.sample(points, len(points))
    groups = {}
    for point in points:
        groups.setdefault((point.victim, point.call, point.fault), []).append(point)
    firsts = [group[0] for group in groups.values()]
    rest = [point for point in points if point not in set(firsts)]
    return (firsts + rest)[:size]


def inject(folder, points=None, sample=None, seed=1, keep=None, seconds=None, victims=VICTIMS):
    """Counts of what was tried, and the failed points with their reasons. No new point is begun after `seconds`."""
    found = {"points": 0, "tried": 0, "met": 0, "calls": {}, "failed": []}
    with Federation(folder, [COUNTY], calendars=CALENDARS) as federation:
        bench = Bench(federation)
        if points is None:
            points = [point for victim in victims for point in bench.counted(victim)]
            found["points"] = len(points)
        if sample is not None:
            points = sampled(points, sample, seed)
        end = time.monotonic() + (seconds or float("inf"))
        for point in points:
            if time.monotonic() > end:
                break
            name = ":".join(map(str, point))
            try:
                met = bench.check(point)
            except Exception as problem:  # pylint: disable=broad-except  # each is a finding; the others are tried all the same
                found["failed"].append({"point": name, "problem": f"{type(problem).__name__}: {problem}"[:2000]})
                print(f"{name} FAILED {type(problem).__name__}: {problem}", flush=True)
                if keep:
                    bench.federation.__exit__()
                    shutil.copytree(folder, pathlib.Path(keep) / re.sub(r"[/:]", "_", name), ignore=shutil.ignore_patterns("*.sock"))
                continue
            found["tried"] += 1
            found["met"] += met
            kind = f"{point.victim} {point.call} {point.fault}"
            found["calls"][kind] = found["calls"].get(kind, 0) + met
            print(f"{name} {'met' if met else 'not met'}", flush=True)
    return found


def shows_something(found):
    """Whether enough was met to conclude from it: a call that a run never makes again tells nothing."""
    return found["tried"] > 0 and found["met"] > found["tried"] / 2


def parse_point(text):
    victim, call, file, nth, fault = text.split(":")
    return Point(victim, call, file, int(nth), fault)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--victim", action="append", choices=VICTIMS)
    parser.add_argument("--point", action="append", type=parse_point)
    parser.add_argument("--keep", help="a folder for what failed points leave")
    arguments = parser.parse_args()
    reason = why_not()
    if reason:
        print(f"error: {reason}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="tj-injections-") as folder:
        found = inject(folder, arguments.point, arguments.sample, arguments.seed, arguments.keep,
                       victims=arguments.victim or VICTIMS)
    print(json.dumps(found, ensure_ascii=False))
    if not shows_something(found):
        print(f"error: only {found['met']} of {found['tried']} points were met", file=sys.stderr)
        return 3
    return 3 if found["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
