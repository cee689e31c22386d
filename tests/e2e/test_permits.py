"""Real permit logs through permits.py: what the bureau answers while the counties are stopped."""

import json
import subprocess
import sys

import pytest
from federation import ROOT

DATA = ROOT.parent / "shared" / "data" / "permits"
LOGS = {"370826": "BPIC15_1.xes.gz", "370827": "BPIC15_2.xes.gz", "370828": "BPIC15_3.xes.gz"}
NAMES = ("cases", "events", "decided", "on_time", "early", "late", "days_used", "rounded_fees", "fee_cases",
         "negative_fees", "quarantined")
FIGURES = {
    "370826": (1199, 52217, 914, 618, 605, 296, 67965, 845, 906, 5, 0),
    "370827": (832, 44354, 682, 480, 466, 202, 57356, 448, 579, 2, 0),
    "370828": (1409, 59681, 1136, 925, 901, 211, 56721, 673, 821, 2, 0),
}


def need_logs(names):
    missing = [str(DATA / name) for name in names if not (DATA / name).exists()]
    if missing:
        print(f"SKIPPED: no permit logs here: {', '.join(missing)}", file=sys.stderr)
        pytest.skip(f"no permit logs: {', '.join(missing)}")


def test_three_logs_twice():
    need_logs(LOGS.values())
    logs = [word for code, name in LOGS.items() for word in ("--log", f"{code}={DATA / name}")]
    done = subprocess.run([sys.executable, "-B", ROOT / "tests/e2e/permits.py", *logs, "--output", "json"], capture_output=True,
                          text=True, encoding="utf-8", timeout=550, check=False)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert {code: dict(row) for code, row in answer.items()} == {
        code: dict(zip(NAMES, figures)) for code, figures in FIGURES.items()}
    assert sum(row["cases"] for row in answer.values()) == 3440
    assert sum(row["events"] for row in answer.values()) == 156252
    for code, row in answer.items():
        assert f"{code}: {row['events']} events" in done.stderr and f"again: {row['events']} already there" in done.stderr
