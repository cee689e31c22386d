#!/usr/bin/python3
"""Our figures and PostgreSQL's from one run, interleaved, because the machine's speed drifts; then the whole table.

  tests/bench/peers.py                        as root; with ../shared/measure, which starts its own two PostgreSQL servers on loopback
  tests/bench/peers.py --rounds 1 --skip growth live

A line a target: what is asked, what was measured (median, least, most), PostgreSQL's of the same run, the ratio, met or not. Rows go to
build/bench.json, the table to build/bench-peers.md and standard output.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

import run

MEASURE = run.ROOT / "../shared/measure"


class Postgres:
    """The peer, unpacked and built in `folder`."""

    def __init__(self, folder, records):
        self.folder, self.records = folder, records
        folder.chmod(0o755)
        subprocess.run([MEASURE / "unpack", folder], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["bash", folder / "build.sh"], check=True, stdout=subprocess.DEVNULL)

    def replicate(self, *modes):
        """What e_pg.py prints of each mode, by its name: "b100 x1", "copy x1", "single x1", "drain"."""
        out = subprocess.run(["/usr/bin/python3", "e_pg.py", str(self.records), ",".join(modes)], cwd=self.folder, check=True,
                             capture_output=True, text=True).stdout
        found = {}
        for line in out.splitlines():
            name, _, text = line.partition("{")
            if text:
                row = json.loads("{" + text)
                found[row.get("mode") if not name else name.strip(" :")] = row
        return found

    def queries(self):
        """Milliseconds, p50 and p99, of the three queries; the ranking raw and over a hand-made roll-up."""
        subprocess.run(["bash", "f_setup.sh"], cwd=self.folder, check=True, stdout=subprocess.DEVNULL)
        try:
            out = subprocess.run(["./f_pg"], cwd=self.folder, check=True, capture_output=True, text=True).stdout
        finally:
            subprocess.run(["runuser", "-u", "postgres", "--", "/usr/lib/postgresql/15/bin/pg_ctl", "-D", self.folder / "pg/q", "-m",
                            "fast", "stop"], check=False, stdout=subprocess.DEVNULL)
        return [tuple(map(float, found)) for found in re.findall(r"p50 +([\d.]+) ms p99 +([\d.]+) ms", out)]


class Table:
    """What was measured, by name, round after round, and the lines of the report."""

    def __init__(self):
        self.values, self.rows, self.lines, self.unmet = {}, [], [], []

    def add(self, rows):
        for row in rows:
            self.values.setdefault(row["name"], []).append(row["value"])
        self.rows += rows

    def detail(self, name, key):
        return [row["detail"][key] for row in self.rows if row["name"] == name]

    def line(self, what, target, ours, met, peer=None, unit="", ratio=None):
        """`met`: of the median of `ours`, or of `ratio`."""
        if not ours:
            return
        spread = f"{statistics.median(ours):.4g}" + (f" ({min(ours):.4g}–{max(ours):.4g})" if len(ours) > 1 else "")
        good = met(ratio if ratio is not None else statistics.median(ours))
        if not good:
            self.unmet.append(what)
        peer_text = "" if peer is None else f"{peer:.4g}"
        ratio_text = "" if ratio is None else f"{ratio:.2f}"
        self.lines.append(f"| {what} | {target} | {spread} {unit} | {peer_text} | {ratio_text} | {'yes' if good else 'no'} |")

    def against(self, what, target, ours, peers, least, unit="records/s"):
        """Ratio of the medians, at least `least`."""
        if not ours or not peers:
            return
        peer = statistics.median(peers)
        self.line(what, target, ours, lambda ratio: ratio >= least, peer, unit, statistics.median(ours) / peer)

    def text(self):
        head = ["| what | target | measured: median (min–max) | PostgreSQL | ÷ | met |", "| --- | --- | --- | --- | --- | --- |"]
        return "\n".join(head + self.lines) + "\n"


def measure(table, postgres, arguments):
    """Rows into `table`; the peer's by mode, a row a round."""
    scale = run.Scale(records=arguments.records, rounds=1)
    peer = {}
    for number in range(arguments.rounds):
        print(f"== round {number + 1} of {arguments.rounds}", file=sys.stderr, flush=True)
        for mode, row in postgres.replicate("b100:1", "copy:1", "single:1", "drain").items():
            peer.setdefault(mode, []).append(row)
        table.add(run.measure([name for name in ("hash", "ledger", "single_process", "full", "follow", "proof", "single")
                               if name not in arguments.skip], scale))
    for name in ("dedup", "query", "live", "growth"):
        if name not in arguments.skip:
            table.add(run.measure([name], scale))
    return peer


def report(table, peer, queries):
    ours = lambda name: table.values.get(name, [])
    of = lambda mode, key: [row[key] for row in peer.get(mode, []) if row.get(key)]
    batch, ends = of("b100 x1", "ingest_rps"), of("b100 x1", "e2e_rps")
    single = of("single x1", "ingest_rps")
    table.line("hash_leaves, the machine's best", "≥ 8 with AVX-512", ours("hash_leaves"), lambda v: v >= 8, unit="×")
    table.line("hash_leaves, AVX2", "≥ 3.5", ours("hash_leaves_avx2"), lambda v: v >= 3.5, unit="×")
    table.against("ingest_ledger", "≥ 3 × PG", ours("ingest_ledger"), batch, 3)
    table.against("ingest_full", "≥ 1.2 × PG", ours("ingest_full"), batch, 1.2)
    table.against("ingest_single, in process", "≥ 0.9 × PG, a row a transaction", ours("ingest_single_process"), single, 0.9)
    table.line("ingest_single, one client", "≥ 1,200/s", ours("ingest_single_1"), lambda v: v >= 1200, unit="records/s")
    table.line("ingest_single, 32 clients", "≥ 20,000/s", ours("ingest_single_32"), lambda v: v >= 20_000, unit="records/s")
    table.against("follow_bodies", "≥ 3 × PG", ours("follow_bodies"), ends, 3)
    table.against("follow_bodies beside COPY", "≥ 1.5 × COPY", ours("follow_bodies"), of("copy x1", "e2e_rps"), 1.5)
    table.against("follow_summaries", "≥ 4 × PG", ours("follow_summaries"), ends, 4)
    table.line("follow_summaries, wire", "≤ 50 B", table.detail("follow_summaries", "wire_bytes"), lambda v: v <= 50, unit="B")
    table.line("follow_cpu", "≤ 1.3 s", ours("follow_cpu"), lambda v: v <= 1.3, statistics.median(of("b100 x1", "cpu_per_100k")),
               "s/100k")
    table.line("wire_bytes", "≤ 135 B", ours("wire_bytes"), lambda v: v <= 135, unit="B")
    table.line("follow_live", "≤ 250 B", ours("follow_live"), lambda v: v <= 250, unit="B")
    table.line("witness_latency, urgent", "p50 ≤ 2 s", ours("witness_latency_urgent"), lambda v: v <= 2, unit="s")
    table.line("witness_latency", "≤ 61 s", table.detail("witness_latency", "max"), lambda v: v <= 61, unit="s")
    table.against("drain", "≥ 2 × PG's drain", ours("drain"), of("drain", "rps_after_start"), 2)
    table.line("drain beside live", "≥ the live rate", ours("drain"), lambda v: v >= statistics.median(ours("follow_bodies") or [0]),
               unit="records/s")
    table.line("verify_ledger", "≥ 300,000/s with AVX-512", ours("verify_ledger"), lambda v: v >= 300_000, unit="records/s")
    table.line("verify_proof", "≥ 50,000/s", ours("verify_proof"), lambda v: v >= 50_000, unit="proofs/s")
    for name, index, most in (("query_month", 0, 0.2), ("query_ranking", 1, 0.2), ("query_trend", 3, 0.6)):
        at_peer = queries[index][0] if queries else None
        table.line(name, f"p50 ≤ {most} ms", ours(name), lambda v, most=most: v <= most, at_peer, "ms")
        table.line(f"{name}, p99", "≤ 1 ms", table.detail(name, "p99"), lambda v: v <= 1, queries[index][1] if queries else None, "ms")
    table.line("dedup_growth", "≤ 1.2", ours("dedup_growth"), lambda v: v <= 1.2, unit="×")
    table.line("growth, 10 million", "≤ 1.2", ours("growth"), lambda v: v <= 1.2, unit="×")
    table.line("node_rss, county", "≤ 128 MB", [v / 1e6 for v in ours("node_rss_county")], lambda v: v <= 128, unit="MB")
    table.line("node_rss, bureau after the queries' rows", "≤ 256 MB", table.detail("query_load", "rss_anon_mb"), lambda v: v <= 256,
               unit="MB")
    table.line("disk_bytes, truth", "≤ 190 B", ours("disk_bytes"), lambda v: v <= 190, unit="B")
    table.line("disk_bytes, derived", "≤ 90 B", table.detail("disk_bytes_node", "derived"), lambda v: v <= 90, unit="B")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--skip", nargs="+", default=[], choices=run.IN_PROCESS + run.DAEMONS)
    arguments = parser.parse_args()
    if not MEASURE.is_dir():
        print(f"peers: {MEASURE} is not here; nothing was measured", file=sys.stderr)
        return 1
    os.environ.setdefault("TJ_BIN_DIR", str(run.ROOT / "build/release/bin"))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tj-peers-"))
    table = Table()
    try:
        postgres = Postgres(folder, arguments.records)
        peer = measure(table, postgres, arguments)
        queries = [] if "query" in arguments.skip else postgres.queries()
    finally:
        shutil.rmtree(folder)
    report(table, peer, queries)
    (run.ROOT / "build/bench.json").write_text("[\n" + ",\n".join(map(json.dumps, table.rows)) + "\n]\n", encoding="utf-8")
    (run.ROOT / "build/bench-peers.md").write_text(table.text(), encoding="utf-8")
    print(table.text())
    print("not met: " + (", ".join(table.unmet) or "nothing"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
