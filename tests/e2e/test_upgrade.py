"""Data folders and evidence that earlier versions wrote: opened, answered from, and written on by today's programs."""

import datetime
import json
import subprocess
import sys

import pytest
from demo_cases import CALENDARS, events_of, generate
from ledger_checks import check_ledgers, leaves_of
from recorded import Recorded, figures_of, recordings

RECORDINGS = recordings()


@pytest.fixture(name="recording", params=RECORDINGS, ids=[folder.name for folder in RECORDINGS])
def one_recording(request):
    return request.param


def test_a_recording_is_there():
    assert RECORDINGS


def test_everything_is_as_it_was(tmp_path, recording):
    with Recorded(recording, tmp_path, calendars=CALENDARS) as federation:
        found = figures_of(federation)
        for code, was in federation.figures["nodes"].items():
            rows = found[code].pop("summary")
            assert len(rows) == len(was["summary"])
            # A later version may have more to say of a row.
            for row, recorded in zip(rows, was.pop("summary")):
                assert {name: row[name] for name in recorded} == recorded
            assert found[code] == was


def test_evidence_is_accepted(tmp_path, recording):
    with Recorded(recording, tmp_path) as federation:
        federation.ctl("verify", recording / "case.tjev", "--root", recording / "record-root.pem")


def skip_outside_validity(federation):
    """The recorded nodes' certificates: outside their validity nothing new can be signed with them."""
    file = federation.folder / "pki" / "370826" / "sign.pem"
    text = subprocess.run(["openssl", "x509", "-in", file, "-noout", "-startdate", "-enddate"], capture_output=True, text=True,
                          check=True).stdout
    begin, end = (datetime.datetime.strptime(line.partition("=")[2], "%b %d %H:%M:%S %Y GMT") for line in text.splitlines())
    if not begin < datetime.datetime.utcnow() < end:
        reason = f"the recorded certificates are valid from {begin} to {end}; tests/golden/README.md"
        print(f"SKIPPED: {reason}", file=sys.stderr)
        pytest.skip(reason)


def test_it_goes_on(tmp_path, recording):
    with Recorded(recording, tmp_path, calendars=CALENDARS) as federation:
        skip_outside_validity(federation)
        federation.start()
        (county,) = federation.counties
        was = federation.figures["nodes"][county.code]
        (name, (size, _)), = [item for item in was["ledgers"].items() if item[0].startswith(county.code)]

        again = county.import_file(recording / "cases.ndjson")
        assert (again["accepted"], again["quarantined"]) == (0, 0), again
        more = generate(federation, cases=20, seed=77, days=30)[county.code]
        answer = county.import_file(more)
        assert (answer["accepted"], answer["quarantined"]) == (len(events_of(more)), 0), answer
        county.wait_delivered()
        check_ledgers(federation, {})
        assert int(size) < county.status()["own"]["sequenced"]
        mine = [record["leaf"] for record in leaves_of(county, int(size))]
        theirs = [record["leaf"] for record in leaves_of(federation.bureau, int(size), "--ledger", name)]
        assert mine == theirs
        events = sum(row["events"] for row in federation.bureau.query("summary", "--group-by", "county")["rows"])
        recorded = sum(row["events"] for row in federation.figures["nodes"][federation.bureau.code]["summary"])
        assert events >= recorded
        assert json.loads(county.ctl("--output", "json", "ledger", "fsck"))["sound"]
