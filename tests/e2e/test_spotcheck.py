"""Spot checks and openings between real processes: an honest county answers by itself and passes, one that is away is told of as
late; a case is opened on demand with its private parts, and both ledgers say so."""

import datetime
import json

import pytest
from demo_cases import CALENDARS, events_of, generate
from federation import CtlError, Federation, wait_for

HONEST, AWAY = "370826", "370827"


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def stamp(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def month():
    return (now() + datetime.timedelta(hours=8)).strftime("%Y-%m")  # of Beijing


@pytest.fixture(scope="module", name="job")
def two_counties(tmp_path_factory):
    with Federation(tmp_path_factory.mktemp("tj"), [HONEST, AWAY], calendars=CALENDARS, heads_interval=1) as federation:
        federation.start()
        federation.files = generate(federation, cases=60, seed=11)
        for county in federation.counties:
            county.import_file(federation.files[county.code])
            county.wait_delivered()
        wait_for("all rows to be summed up", lambda: all(
            county.status().get("summary_rows_due", "0") in (0, "0") for county in federation.counties))
        for county in federation.counties:
            county.wait_delivered()
        yield federation
        for node in federation.nodes():
            node.stop()


def checks(node, command, *arguments, accept=(0,)):
    reply = json.loads(node.ctl("--output", "json", "spotcheck", command, *arguments, accept=accept))
    return {check["county"]: check for check in reply.get("checks", [])}


def records(node, ledger=None, family=None):
    out, first = [], 0
    extra = ("--ledger", ledger) if ledger else ()
    while True:
        page = json.loads(node.ctl("--output", "json", "ledger", "show", first, "--count", 1000, *extra)).get("records", [])
        if not page:
            break
        out += page
        first += len(page)
    return [record for record in out if family in (None, record["family"])]


def case_to_open(job):
    return events_of(job.files[HONEST])[0]["case_no"]


def test_a_case_is_opened_on_demand_with_its_private_parts(job):
    county = job.counties[0]
    case_no = case_to_open(job)
    events = [event for event in events_of(job.files[HONEST]) if event["case_no"] == case_no]
    before = [r for r in records(job.bureau, HONEST, "case_event") if r.get("body_here")]
    assert before == [], "under summaries no event's body goes up by itself"
    reply = json.loads(job.bureau.ctl("--output", "json", "ledger", "open", HONEST, "--case", case_no, "--private",
                                      "--reason", "COMPLAINT-12"))
    opened = [json.loads(record["record"]["payload_json"]) for record in reply["records"]]
    assert [event["source_event_id"] for event in opened] == [event["source_event_id"] for event in events]
    assert any(part["kind"] == "person" and json.loads(part["json"])
               for record in reply["records"] for part in record.get("parts", []))
    # Recorded before it left, at the origin; asked for in the asker's ledger.
    given = [json.loads(r["payload_json"])["given"] for r in records(county, family="opening")]
    assert given[-1]["to"] == "370800" and given[-1]["purpose"] == "DRILL_DOWN" and given[-1]["reason"] == "COMPLAINT-12"
    assert int(given[-1]["leaf_count"]) == len(events) and given[-1]["private_parts"]
    asked = records(job.bureau, family="opening")
    assert [json.loads(r["payload_json"])["asked"]["case_no"] for r in asked] == [case_no]
    # For its addressee alone: a sibling holds a digest, without case number and reason.
    assert [r["audience"] for r in asked] == ["addressed"]
    sibling = job.counties[1]
    wait_for("the sibling to hold the record", lambda: records(sibling, "370800", "opening"))
    assert [r.get("body_here", False) for r in records(sibling, "370800", "opening")] == [False]
    # What was opened is exactly what was given.
    here = [r for r in records(job.bureau, HONEST, "case_event") if r.get("body_here")]
    assert len(here) == len(events)


def test_leaves_of_a_summary_row_are_opened(job):
    summary = next(r for r in records(job.bureau, HONEST, "summary") if json.loads(r["payload_json"]).get("leaves"))
    listed = json.loads(summary["payload_json"])["leaves"]
    reply = json.loads(job.bureau.ctl("--output", "json", "ledger", "open", HONEST, "--summary", summary.get("index", 0),
                                      "--reason", "DRILL"))
    assert len(reply["records"]) == len(listed)
    assert all(record.get("parts", []) == [] for record in reply["records"])


def test_only_what_lies_below_is_opened(job):
    with pytest.raises(CtlError, match="TRUST-SCOPE"):
        job.counties[0].ctl("ledger", "open", "370800", "--first", 0, "--reason", "X")


def test_too_early_and_too_late_are_refused(job):
    with pytest.raises(CtlError, match="RULES-SPOT"):
        job.bureau.ctl("spotcheck", "draw", "--period", "2026-01", "--county", HONEST)
    with pytest.raises(CtlError, match=f"RULES-SPOT.*{HONEST}.*closed already(.|\n)*{AWAY}.*closed already") as both:
        job.bureau.ctl("spotcheck", "draw", "--period", "2026-01")
    assert both.value.code == 1
    with pytest.raises(CtlError, match="RULES-SPOT"):
        job.bureau.ctl("spotcheck", "reveal", "--period", month(), "--county", HONEST)


def lacking(job, code):
    return checks(job.bureau, "status", "--period", month())[code].get("lacking", "")


def test_an_honest_county_passes_and_one_that_is_away_does_not(job):
    away = job.counties[1]
    close = now() + datetime.timedelta(seconds=30)
    announced = checks(job.bureau, "draw", "--period", month(), "--county", HONEST, "--close", stamp(close))
    assert announced[HONEST]["state"] == "announced" and announced[HONEST]["nonce"] == ""
    checks(job.bureau, "draw", "--period", month(), "--county", AWAY, "--close", stamp(close), "--answer-by",
           stamp(close + datetime.timedelta(seconds=12)))
    # Nobody knows the root of a head that holds what the county wrote after it had seen the announcement.
    wait_for("both counties to be on record as having seen it", lambda: not lacking(job, HONEST) and not lacking(job, AWAY))
    assert now() < close
    away.kill()
    # For several counties at once the command fails, too, when one cannot be drawn.
    with pytest.raises(CtlError, match="RULES-SPOT.*the period closes at") as early:
        job.bureau.ctl("spotcheck", "reveal", "--period", month())
    assert early.value.code == 1

    def drawn():
        try:
            return checks(job.bureau, "reveal", "--period", month(), "--county", HONEST)
        except CtlError as error:
            assert "RULES-SPOT" in error.stderr
            return None

    reveal = wait_for("the close", drawn)[HONEST]
    assert len(reveal["seed"]) == 64 and reveal["ranges"]
    checks(job.bureau, "reveal", "--period", month(), "--county", AWAY)

    def state(code, *states):
        found = checks(job.bureau, "status", "--period", month())[code]
        return found if found["state"] in states else None

    passed = wait_for("the honest county's result", lambda: state(HONEST, "passed", "missed", "mismatch"))
    report = checks(job.bureau, "report", "--period", month(), "--county", HONEST)[HONEST]
    assert passed["state"] == "passed", report
    assert report["leaves_drawn"] == report["leaves_opened"] and int(report["rows_refolded"]) > 0
    assert int(report["bound_ranges"]) > 0 and report["confidence_bp"] == 9500
    text = job.bureau.ctl("spotcheck", "report", "--county", HONEST)
    assert "with 95.00 % confidence fewer than" in text or "every record was checked" in text
    # The county said in its own ledger what it opened, before it left.
    given = [json.loads(r["payload_json"]).get("given", {}) for r in records(job.counties[0], family="opening")]
    assert any(g.get("purpose") == "SPOT_CHECK" and g["request"] == f"{month()}/{HONEST}" for g in given)

    missed = wait_for("the end of the other's time", lambda: state(AWAY, "missed", "passed", "mismatch"))
    assert missed["state"] == "missed" and missed["leaves_missed"] == missed["leaves_drawn"]
    job.bureau.ctl("spotcheck", "report", "--county", AWAY, accept=(3,))
    alarms = [json.loads(r["payload_json"]) for r in records(job.bureau, family="alarm")]
    assert [(a["rule_id"], a["severity"], a["subject"]) for a in alarms if a["rule_id"].startswith("DQ-")] == [
        ("DQ-AUDIT", 3, f"{AWAY}/1")]
    away.start()
