#!/usr/bin/python3
"""Runs the benchmarks and writes build/bench.json.

  tests/bench/run.py                      all, of build/release/bin: about half an hour
  tests/bench/run.py --names hash live    some: those of tj_bench, and single, live, growth
  tests/bench/run.py --smoke              everything with few records, in a minute: do they still work?
"""

import argparse
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
IN_PROCESS = ["hash", "ledger", "single_process", "dedup", "full", "follow", "query", "proof"]
DAEMONS = ["single", "live", "growth"]


@dataclasses.dataclass
class Scale:
    records: int = 200_000
    rounds: int = 3
    live_seconds: int = 180
    orders: int = 5
    growth_records: int = 10_000_000
    growth_rate: int = 16_000
    smoke: bool = False


SMOKE = Scale(records=4000, rounds=1, live_seconds=2, orders=1, growth_records=20_000, growth_rate=5_000, smoke=True)


def in_process(names, scale):
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        program = pathlib.Path(os.environ["TJ_BIN_DIR"]) / "tj_bench"
        subprocess.run([program, "--records", str(scale.records), "--rounds", str(scale.rounds), "--out", out.name, *names], check=True)
        return json.loads(pathlib.Path(out.name).read_text(encoding="utf-8"))


def measure(names, scale):
    """Rows of bench.json, the machine first."""
    inside = [name for name in IN_PROCESS if name in names]
    rows = in_process(inside or ["none"], scale)
    import daemons  # pylint: disable=import-outside-toplevel  # needs TJ_BIN_DIR
    for name in DAEMONS:
        if name in names:
            rows += getattr(daemons, name)(scale)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--names", nargs="+", choices=IN_PROCESS + DAEMONS, default=IN_PROCESS + DAEMONS)
    parser.add_argument("--records", type=int)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/bench.json")
    arguments = parser.parse_args()
    os.environ.setdefault("TJ_BIN_DIR", str(ROOT / "build/release/bin"))
    given = {name: value for name in ("records", "rounds") if (value := getattr(arguments, name))}
    rows = measure(arguments.names, dataclasses.replace(SMOKE if arguments.smoke else Scale(), **given))
    arguments.out.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
