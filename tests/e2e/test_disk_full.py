"""A county whose disk fills up in the middle of an import: it refuses, loses nothing it has said, and goes on once there is room."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from demo_cases import CALENDARS, check_row, events_of, generate, summary_rows
from federation import CtlError, Federation, wait_for

COUNTY = "370826"
SMALL, LARGE = "64m", "256m"
LEFT_BYTES = 1 << 20  # room that the import finds


@pytest.fixture(name="disk")
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    reason = None if os.geteuid() == 0 else "needs root to mount a tmpfs"
    if reason is None:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", folder], capture_output=True, check=False)
        reason = done.stderr.decode() if done.returncode else None
    if reason:
        print(f"SKIPPED: {reason}", file=sys.stderr)
        pytest.skip(reason)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def leaves(county):
    """Of all records that the county says are sequenced."""
    size, found = county.status()["own"]["sequenced"], []
    while len(found) < size:
        page = json.loads(county.ctl("--output", "json", "ledger", "show", len(found), "--count", 1000))["records"]
        found += [record["leaf"] for record in page]
    return found


def fill(disk, left):
    """A file of somebody else's that leaves only so much room."""
    room = shutil.disk_usage(disk).free
    with open(disk / "filler", "wb") as filler:
        os.posix_fallocate(filler.fileno(), 0, room - left)


def try_import(county, file):
    try:
        return county.import_file(file)
    except CtlError as error:
        assert error.code == 1 and "error: STORE-" in error.stderr, error
        return None


def restarted_if_gone(county):
    if not county.running():
        county.start()


def test_full_disk_loses_nothing_that_was_acknowledged(tmp_path, disk):
    with Federation(tmp_path, [COUNTY], calendars=CALENDARS) as federation:
        (county,) = federation.counties
        county.data = disk / "data"
        federation.start()
        file = generate(federation, cases=2500, seed=5, days=120)[COUNTY]
        rows = len(events_of(file))
        fill(disk, LEFT_BYTES)

        with pytest.raises(CtlError) as refused:
            county.import_file(file)
        assert refused.value.code == 1
        assert "error: STORE-FULL" in refused.value.stderr and "\ntry: " in refused.value.stderr
        ballast = county.data / "ballast"
        assert not ballast.exists(), "it gives up its ballast to be able to close and open the database"
        assert try_import(county, file) is None, "it takes nothing while there is no room"
        restarted_if_gone(county)
        kept = wait_for("the county to read its ledger again", lambda: tried(lambda: leaves(county)))
        assert 0 < len(kept) < rows

        subprocess.run(["mount", "-o", f"remount,size={LARGE}", disk], check=True)
        restarted_if_gone(county)
        answer = wait_for("the county to go on", lambda: try_import(county, file), seconds=120)
        assert (answer["rows"], answer["quarantined"]) == (rows, 0)
        assert answer["duplicates"] + answer["accepted"] == rows and answer["accepted"] > 0
        assert leaves(county)[:len(kept)] == kept
        assert ballast.exists(), "it takes nothing before the ballast is back"
        county.wait_delivered()
        check_row(summary_rows(federation.bureau)[COUNTY], file)
        for node in federation.nodes():
            found = node.fsck()
            assert found["sound"] and found["findings"] == [], found
        county.stop()
        county.start()
        assert leaves(county)[:len(kept)] == kept


def tried(call):
    try:
        return call()
    except CtlError:
        return None
