"""The bureau is gone while a county takes in 200,000 records, a week of a large one: back, everything is there, and how fast it came."""

import os
import time

from demo_cases import CALENDARS, check_row, generate, summary_rows
from federation import Federation
from ledger_checks import check_counted_anew, check_ledgers
from measured import record

RECORDS = int(os.environ.get("TJ_OUTAGE_RECORDS", "200000"))
EVENTS_PER_CASE = 5  # fewer than the generator makes of a week


def timed(action):
    started = time.monotonic()
    action()
    return time.monotonic() - started


def test_week_without_the_bureau(tmp_path):
    with Federation(tmp_path, ["370826"], calendars=CALENDARS) as federation:
        federation.start()
        (county,) = federation.counties
        live = generate(federation, cases=RECORDS // EVENTS_PER_CASE // 6, seed=41, folder="live",
                        last_day="2026-03-31")[county.code]
        first = county.status()["own"]["sequenced"]
        live_seconds = timed(lambda: (county.import_file(live), county.wait_delivered()))
        live_records = county.status()["own"]["sequenced"] - first

        federation.bureau.stop()
        files = generate(federation, cases=RECORDS // EVENTS_PER_CASE, seed=42, days=7)
        before = county.status()["own"]["sequenced"]
        answer = county.import_file(files[county.code])
        assert answer["quarantined"] == 0
        own = county.status()["own"]
        outage = own["sequenced"] - before
        assert outage >= RECORDS and own["delivered"] <= before
        drain_seconds = timed(lambda: (federation.bureau.start(), county.wait_delivered()))
        record("outage",
               ("outage_live", round(live_records / live_seconds), "records/s", f"{live_records:,} records, import to delivered"),
               ("outage_drain", round(outage / drain_seconds), "records/s",
                f"{outage:,} records, {drain_seconds:.1f} s from the bureau's start to delivered"))
        check_ledgers(federation, None)
        check_counted_anew(federation, {county.code: [live, files[county.code]]})
        both = tmp_path / "both.ndjson"
        both.write_bytes(live.read_bytes() + files[county.code].read_bytes())
        check_row(summary_rows(federation.bureau)[county.code], both)
