"""Spot checks and openings between real processes: an honest county answers by itself and passes, one that is away is told of as
late; a case is opened on demand with its private parts, and both ledgers say so."""

import base64
import datetime
import hashlib
import itertools
import json
import pathlib

import pytest
from demo_cases import CALENDARS, events_of, generate
from federation import CtlError, Federation, wait_for
from ledger_checks import root_of

HONEST, AWAY = "370826", "370827"


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def stamp(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def beijing(ahead=datetime.timedelta()):
    return now() + datetime.timedelta(hours=8) + ahead


def month(ahead=datetime.timedelta()):
    return beijing(ahead).strftime("%Y-%m")


def years_without_a_calendar():
    """This year and the next, as far as nobody has published them: working days are counted from today."""
    published = {int(pathlib.Path(file).stem) for file in CALENDARS}
    return sorted({beijing().year, beijing().year + 1} - published)


@pytest.fixture(scope="module", name="job")
def two_counties(tmp_path_factory):
    with Federation(tmp_path_factory.mktemp("tj"), [HONEST, AWAY], calendars=CALENDARS, heads_interval=1,
                    demonstration_years=years_without_a_calendar()) as federation:
        federation.start()
        federation.files = generate(federation, cases=60, seed=11)
        hand_in(federation, federation.files)
        yield federation
        for node in federation.nodes():
            node.stop()


def hand_in(job, files):
    """Until all is summed up and delivered."""
    for county in job.counties:
        county.import_file(files[county.code])
        county.wait_delivered()
    wait_for("all rows to be summed up", lambda: all(county.status()["summary_rows_due"] == 0 for county in job.counties))
    for county in job.counties:
        county.wait_delivered()


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
    # An answer is fetched again by its number, from any record on; a number that was never given is told apart from a late answer.
    again = ("--output", "json", "ledger", "open", HONEST, "--request", reply["request"])
    assert json.loads(job.bureau.ctl(*again))["records"] == reply["records"]
    last = reply["records"][-1]["record"]["index"]
    assert [r["record"]["index"] for r in json.loads(job.bureau.ctl(*again, "--from", last))["records"]] == [last]
    with pytest.raises(CtlError, match="STORE-ABSENT"):
        job.bureau.ctl("ledger", "open", HONEST, "--request", "0123456789abcdef")
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


def test_a_range_of_leaves_is_opened(job):
    county = job.counties[0]
    own = records(county)
    hidden = {r["index"] for r in records(job.bureau, HONEST, "case_event") if not r["body_here"]}
    # Five in a row that are not here, and one more on either side must stay so.
    first = next(index for index in hidden if set(range(index - 1, index + 6)) <= hidden)
    reply = json.loads(job.bureau.ctl("--output", "json", "ledger", "open", HONEST, "--first", first, "--count", 5,
                                      "--reason", "LETTER-3"))
    opened = [record["record"] for record in reply["records"]]
    assert [(r["index"], r["body_hash"], r["payload_json"]) for r in opened] == [
        (r["index"], r["body_hash"], r["payload_json"]) for r in own[first:first + 5]]
    here = {r["index"] for r in records(job.bureau, HONEST, "case_event") if r["body_here"]}
    assert hidden & here == set(range(first, first + 5))
    (given,) = [g for r in records(county, family="opening") if (g := json.loads(r["payload_json"])["given"])["reason"] == "LETTER-3"]
    assert int(given["leaf_count"]) == 5 and pairs(given["leaves"]) == [(first, first + 5)]


def test_a_question_that_is_too_large_says_what_to_do(job):
    with pytest.raises(CtlError, match="QUERY-LIMIT.*count: 100001 records.*ask in parts"):
        job.bureau.ctl("ledger", "open", HONEST, "--first", 0, "--count", 100_001, "--reason", "X")


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
        job.bureau.ctl("spotcheck", "reveal", "--period", "2026-01", "--county", HONEST)


def pairs(coded):
    """Ranges of leaves [first, end) as records name them: how far from the end of the one before, and how many."""
    ranges, at = [], 0
    numbers = [int(number) for number in coded]
    for gap, count in zip(numbers[::2], numbers[1::2]):
        ranges.append((at + gap, at + gap + count))
        at = ranges[-1][1]
    return ranges


def sm3(*parts):
    return hashlib.new("sm3", b"".join(parts)).digest()


def drawn_ranges(seed, first, size, length, wanted):
    """SPEC.md §12: evenly drawn among those of `length` leaves that [first, size) is cut into."""
    every = [(at, min(at + length, size)) for at in range(first, size, length)]
    if len(every) <= wanted:
        return every
    picked = set()
    for k in itertools.count():
        block = sm3(seed, k.to_bytes(8, "big"))
        for at in range(0, 32, 8):
            number = int.from_bytes(block[at:at + 8], "big")
            if number < 2**64 - 2**64 % len(every) and len(picked) < wanted:
                picked.add(number % len(every))
        if len(picked) == wanted:
            return [every[number] for number in sorted(picked)]


def assert_drawn_as_announced(job, code, told):
    """Nonce, head, seed and ranges, all from the records that both sides hold and nothing of the daemon's."""
    ledger = records(job.bureau)
    shown = {r["index"]: json.loads(r["payload_json"]) for r in ledger if r["family"] in ("heads", "spot_commit", "spot_reveal")}
    at = {r["index"]: r["recorded_at"] for r in ledger}
    family = {r["index"]: r["family"] for r in ledger}

    def heads_before(moment):
        """The county's entry in the last `heads` record before that time that names it, and where."""
        named = [(index, entry) for index in shown if family[index] == "heads" and at[index] < moment
                 for entry in shown[index].get("entries", []) if (entry["origin"], entry["epoch"]) == (code, 1)]
        return named[-1] if named else (None, None)

    (commit_index, commit), = [(i, p) for i, p in shown.items() if family[i] == "spot_commit" and p["spot"]["county"] == code]
    (reveal_index, reveal), = [(i, p) for i, p in shown.items() if family[i] == "spot_reveal" and p["spot"]["county"] == code]
    assert commit["spot"] == reveal["spot"] and commit["spot"]["period"] == told["period"] == job.period
    nonce = base64.b64decode(reveal["nonce"])
    assert len(nonce) == 32 and sm3(b"TJ-SPOT-NONCE-v1", nonce) == base64.b64decode(commit["nonce_hash"])
    close, begin = (stamp(datetime.datetime.fromtimestamp(int(commit[name]) / 1000, datetime.timezone.utc))
                    for name in ("close_ms", "begin_ms"))
    assert begin <= at[commit_index] < close <= at[reveal_index]
    heads_index, entry = heads_before(close)
    assert commit_index < heads_index == int(reveal["heads_index"])
    assert (entry["size"], entry["root"]) == (reveal["size"], reveal["root"])
    size, root = int(entry["size"]), base64.b64decode(entry["root"])
    assert root.hex() == root_of(records(job.bureau, code)[:size])
    _, before = heads_before(begin)
    first = int(before["size"]) if before else 0
    assert int(reveal.get("first", 0)) == first
    closings = int(reveal.get("closings", 0))
    wanted = int(commit.get("ranges", 0)) or max(20, min(200, -(-closings // 100)))
    length = int(commit["length"])
    seed = sm3(b"TJ-SPOT-v1", job.period.encode(), code.encode(), root, nonce)
    ranges = drawn_ranges(seed, first, size, length, wanted)
    assert 0 < len(ranges) < (size - first) / length, "not all are drawn, or the seed is not tried"
    assert told["seed"] == seed.hex()
    assert pairs(reveal["ranges"]) == ranges == [(int(r["first"]), int(r["end"])) for r in told["ranges"]]
    return ranges


def lacking(job, code):
    return checks(job.bureau, "status", "--period", job.period)[code].get("lacking", "")


def test_the_draw_of_the_specification():
    """drawn_ranges() and sm3() against SPEC.md's worked draw."""
    seed = sm3(b"TJ-SPOT-v1", b"2026-11", b"370826", bytes(range(32)), bytes(range(32, 64)))
    assert seed.hex() == "fb3745cd9601a59115863aaccba463f9e705022c833a5ec901297201547fe39a"
    ranges = drawn_ranges(seed, 100, 1103, 5, 20)
    assert len(ranges) == 20
    assert ranges[:3] == [(235, 240), (335, 340), (555, 560)] and ranges[-1] == (1075, 1080)


CLOSES_IN = datetime.timedelta(seconds=30)


def test_an_honest_county_passes_and_one_that_is_away_does_not(job):
    away = job.counties[1]
    # The close lies in the period, and there are records of the period, also in the last minutes of a month.
    wait_for("time enough in this month", lambda: month() == month(ahead=4 * CLOSES_IN), seconds=5 * CLOSES_IN.seconds)
    period = job.period = month()
    hand_in(job, generate(job, cases=40, seed=12, folder="period", last_day="2026-03-31"))
    close = now() + CLOSES_IN
    announced = checks(job.bureau, "draw", "--period", period, "--county", HONEST, "--close", stamp(close))
    assert announced[HONEST]["state"] == "announced" and announced[HONEST]["nonce"] == ""
    checks(job.bureau, "draw", "--period", period, "--county", AWAY, "--close", stamp(close), "--answer-by",
           stamp(close + datetime.timedelta(seconds=12)))
    # Nobody knows the root of a head that holds what the county wrote after it had seen the announcement.
    wait_for("both counties to be on record as having seen it", lambda: not lacking(job, HONEST) and not lacking(job, AWAY))
    assert now() < close
    away.kill()
    # For several counties at once the command fails, too, when one cannot be drawn.
    with pytest.raises(CtlError, match="RULES-SPOT.*the period closes at") as early:
        job.bureau.ctl("spotcheck", "reveal", "--period", period)
    assert early.value.code == 1

    def drawn():
        try:
            return checks(job.bureau, "reveal", "--period", period, "--county", HONEST)
        except CtlError as error:
            assert "RULES-SPOT" in error.stderr
            return None

    reveal = wait_for("the close", drawn)[HONEST]
    ranges = assert_drawn_as_announced(job, HONEST, reveal)
    other = assert_drawn_as_announced(job, AWAY, checks(job.bureau, "reveal", "--period", period, "--county", AWAY)[AWAY])
    assert ranges != other

    def state(code, *states):
        found = checks(job.bureau, "status", "--period", period)[code]
        return found if found["state"] in states else None

    passed = wait_for("the honest county's result", lambda: state(HONEST, "passed", "missed", "mismatch"))
    report = checks(job.bureau, "report", "--period", period, "--county", HONEST)[HONEST]
    assert passed["state"] == "passed", report
    assert report["leaves_drawn"] == report["leaves_opened"] == sum(end - first for first, end in ranges) and int(report["rows_refolded"]) > 0
    assert int(report["bound_ranges"]) > 0 and report["confidence_bp"] == 9500
    text = job.bureau.ctl("spotcheck", "report", "--county", HONEST)
    assert "with 95.00 % confidence fewer than" in text or "every record was checked" in text
    # The county said in its own ledger what it opened, before it left.
    given = [json.loads(r["payload_json"]).get("given", {}) for r in records(job.counties[0], family="opening")]
    assert any(g.get("purpose") == "SPOT_CHECK" and g["request"] == f"{period}/{HONEST}" for g in given)

    missed = wait_for("the end of the other's time", lambda: state(AWAY, "missed", "passed", "mismatch"))
    assert missed["state"] == "missed" and missed["leaves_missed"] == missed["leaves_drawn"]
    assert (passed["basis"], missed["basis"]) == ("SPOT_ALL_HERE", "SPOT_TIME_OVER")
    assert "this node ran since the draw" in job.bureau.ctl("spotcheck", "report", "--county", AWAY, accept=(3,))
    alarms = [json.loads(r["payload_json"]) for r in records(job.bureau, family="alarm")]
    assert [(a["rule_id"], a["severity"], a["subject"]) for a in alarms if a["rule_id"].startswith("DQ-")] == [
        ("DQ-AUDIT", 3, f"{AWAY}/1")]
    away.start()
