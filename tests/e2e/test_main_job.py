"""The main job: counties take in cases, the bureau holds everything and answers with the right totals."""

import gzip
import json

import pytest
from demo_cases import CALENDARS, check_row, events_of, expected, generate, summary_rows
from federation import CtlError, Federation

FULL = ("370826", "370827")  # import good files; the third one is for refused rows


@pytest.fixture(scope="module", name="job")
def imported_and_delivered(tmp_path_factory):
    with Federation(tmp_path_factory.mktemp("tj"), [*FULL, "370828"], calendars=CALENDARS) as federation:
        federation.start()
        files = generate(federation, cases=120, seed=7)
        federation.files = files
        federation.imports = {c.code: c.import_file(files[c.code]) for c in full(federation)}
        for county in full(federation):
            county.wait_delivered()
        yield federation
        for node in federation.nodes():
            node.stop()


def full(federation):
    return [county for county in federation.counties if county.code in FULL]


def test_all_rows_are_accepted(job):
    for county in full(job):
        answer = job.imports[county.code]
        rows = len(events_of(job.files[county.code]))
        assert (answer["rows"], answer["accepted"]) == (rows, rows)
        assert (answer["duplicates"], answer["quarantined"], answer["done"]) == (0, 0, True)


def test_bureau_totals_are_those_of_the_files(job):
    rows = summary_rows(job.bureau)
    for code in FULL:
        check_row(rows[code], job.files[code])
        assert rows[code]["late"] > 0, "the generator makes late cases"


def test_county_answers_like_the_bureau(job):
    above = summary_rows(job.bureau)
    for county in full(job):
        assert summary_rows(county)[county.code] == {**above[county.code], "name": summary_rows(county)[county.code]["name"]}


def test_total_is_the_sum_of_the_rows(job):
    for group in ("county", "org", "item"):
        reply = job.bureau.query("summary", "--group-by", group)
        for name in ("events", "received", "decided", "on_time", "early", "late", "used_days", "fee_fen"):
            assert sum(row[name] for row in reply["rows"]) == reply["total"][name], (group, name)


def test_ranking_orders_by_the_rate(job):
    rows = job.bureau.query("ranking", "--measure", "on_time_bp")["rows"]
    ranked = [row for row in rows if row["rank"] > 0]
    assert {row["key"] for row in ranked} >= set(FULL)
    for row in ranked:
        assert row["on_time_bp"] == row["on_time"] * 10000 // row["decided"]
    rates = [row["on_time_bp"] for row in ranked]
    assert rates == sorted(rates, reverse=True)
    assert ranked[0]["rank"] == 1


def test_trend_sums_to_the_summary(job):
    for arguments in ((), ("--county", FULL[0])):
        months = job.bureau.query("trend", "--from", "2026-01", "--to", "2026-12", *arguments)["rows"]
        total = job.bureau.query("summary", "--period", "2026", *arguments)["total"]
        for name in ("events", "received", "accepted", "decided", "on_time", "late", "fee_fen"):
            assert sum(row[name] for row in months) == total[name], name
        assert total["events"] >= len(events_of(job.files[FULL[0]]))


def test_status_says_the_four_words(job):
    for county in full(job):
        status = county.status()
        own = status["own"]
        assert status["ready"] and not status["reasons"]
        assert own["sequenced"] == own["published"] == own["witnessed"] == own["delivered"] > 0
        text = county.ctl("status")
        for word in ("已排序 sequenced", "已发布 published", "已见证 witnessed", "已送达 delivered"):
            assert word in text


def test_bureau_follows_to_the_same_root(job):
    followed = {ledger["ledger"]: ledger for ledger in job.bureau.status()["followed"]}
    for county in full(job):
        own = county.status()["own"]
        other = followed[own["ledger"]]
        assert (other["sequenced"], other["root"]) == (own["sequenced"], own["root"])
        assert other["missing_bodies"] == 0 and not other["stopped"]


def test_peers_are_listed_on_both_sides(job):
    peers = json.loads(job.bureau.ctl("--output", "json", "peer", "list"))["peers"]
    assert {peer["node"]: peer["relation"] for peer in peers} == {c.code: "child" for c in job.counties}
    assert all(peer["connected"] for peer in peers)
    for county in job.counties:
        (peer,) = json.loads(county.ctl("--output", "json", "peer", "list"))["peers"]
        assert (peer["node"], peer["relation"], peer["connected"]) == (job.bureau.code, "parent", True)
        assert json.loads(county.ctl("--output", "json", "peer", "show", job.bureau.code))["node"] == job.bureau.code


def test_cases_are_listed_and_shown(job):
    county = job.counties[0]
    events = events_of(job.files[county.code])
    listed, after = [], ()
    while True:
        page = json.loads(county.ctl("--output", "json", "case", "list", "--limit", 50, *after))
        listed += page["cases"]
        if not page["next"]:
            break
        after = ("--after", page["next"])
    assert sorted(case["case_no"] for case in listed) == sorted({event["case_no"] for event in events})
    one = listed[len(listed) // 2]["case_no"]
    shown = json.loads(county.ctl("--output", "json", "case", "show", one))
    assert [event["type"] for event in shown["events"]] == [e["type"] for e in events if e["case_no"] == one]
    assert all(event["witnessed_at"] for event in shown["events"])
    assert shown["info"]["case_no"] == one
    with pytest.raises(CtlError) as refused:
        county.ctl("case", "show", "37082600120260101999990")
    assert refused.value.code == 1 and "error: STORE-ABSENT" in refused.value.stderr


def test_head_and_records_are_shown(job):
    county = job.counties[0]
    own = county.status()["own"]
    head = json.loads(county.ctl("--output", "json", "ledger", "head"))
    lines = head["note"].split("\n")
    assert lines[:2] == [f"tongjian/node/{county.code}/1", str(own["sequenced"])]
    assert {statement["kind"] for statement in head["statements"]} == {"seen", "held"}
    assert all(s["signer"] == job.bureau.code and s["size"] == own["sequenced"] for s in head["statements"])
    page = json.loads(county.ctl("--output", "json", "ledger", "show", 0, "--count", 20))
    assert [record["index"] for record in page["records"]] == list(range(20))
    # What a county keeps to itself travels as a digest: the bureau has its hash and not its body.
    ledger = ("--ledger", own["ledger"])
    above = json.loads(job.bureau.ctl("--output", "json", "ledger", "show", 0, "--count", 20, *ledger))
    for mine, theirs in zip(page["records"], above["records"]):
        assert mine["leaf"] == theirs["leaf"]
        assert theirs["body_here"] == (mine["audience"] != "local")


def test_second_import_changes_nothing(job):
    county = job.counties[0]
    before = county.status()["own"]
    again = county.import_file(job.files[county.code])
    rows = len(events_of(job.files[county.code]))
    assert (again["rows"], again["accepted"], again["duplicates"], again["quarantined"]) == (rows, 0, rows, 0)
    after = county.status()["own"]
    assert (after["sequenced"], after["root"]) == (before["sequenced"], before["root"])


def changed(line, **fields):
    submission = json.loads(line)
    submission["event"].update(fields)
    return json.dumps(submission, ensure_ascii=False)


def bad_file(job):
    """A file with each kind of bad row among good ones: its path, the number of good rows, and what is to be said."""
    lines = job.files["370828"].read_text(encoding="utf-8").splitlines()[:20]
    unknown = json.loads(lines[0])
    unknown["event"]["colour"] = "red"
    bad = {
        3: ('{"event":', "INTAKE-SYNTAX", ""),
        5: (json.dumps(unknown), "INTAKE-SYNTAX", "event.colour"),
        8: (changed(lines[0], source_event_id="x1", region="370901"), "INTAKE-SCOPE", "region"),
        11: (changed(lines[0], source_event_id="x2", org="11370828MB0000001X"), "VALUE-CREDIT-CODE", "org"),
        14: (changed(lines[0], source_event_id="x3", occurred_at_ms="4102444800000"), "INTAKE-FUTURE", "occurred_at_ms"),
        17: (changed(lines[0], source_event_id="x4", type="NONSENSE"), "INTAKE-SYNTAX", "event.type"),
        19: (changed(lines[0], post="别处"), "INTAKE-CONFLICT", "source_event_id"),
    }
    rows, good = [], iter(lines)
    for number in range(1, len(lines) + len(bad) + 1):
        rows.append(bad[number][0] if number in bad else next(good))
    file = job.folder / "bad.ndjson"
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return file, rows, bad


def test_bad_rows_are_quarantined_with_code_row_and_field(job):
    county = job.counties[2]
    file, rows, bad = bad_file(job)
    quarantine = job.folder / "refused.ndjson"
    with pytest.raises(CtlError) as refused:
        county.ctl("intake", "import", file, "--quarantine", quarantine)
    assert refused.value.code == 3
    said = {int(row["row"]): row for row in map(json.loads, quarantine.read_text(encoding="utf-8").splitlines())}
    assert sorted(said) == sorted(bad)
    for number, (text, code, field) in bad.items():
        assert (number, said[number]["code"], said[number].get("field", "")) == (number, code, field)
        assert said[number]["input"] == text
    answer = county.import_file(file)
    good = len(rows) - len(bad)
    assert (answer["accepted"], answer["duplicates"], answer["quarantined"]) == (0, good, len(bad))
    kept = job.folder / "kept.ndjson"
    kept.write_text("\n".join(row for number, row in enumerate(rows, 1) if number not in bad) + "\n", encoding="utf-8")
    first = json.loads(kept.read_text(encoding="utf-8").splitlines()[0])["event"]["case_no"]
    assert json.loads(county.ctl("--output", "json", "case", "show", first))["info"]["case_no"] == first
    assert expected(kept)["events"] == good


def test_rows_refused_before_the_job_failed_are_handed_out(job):
    """100,000 bad rows, more than one message holds, and then a file that ends in the middle of its gzip stream."""
    county = job.counties[2]
    rows = 100_000
    packed = gzip.compress(b"x\n" * rows + b"y" * 1000, compresslevel=1)
    file = job.folder / "cut.ndjson.gz"
    file.write_bytes(packed[:-4])
    quarantine = job.folder / "cut.refused.ndjson"
    with pytest.raises(CtlError) as refused:
        county.ctl("intake", "import", file, "--quarantine", quarantine)
    assert refused.value.code == 1 and "error: INTAKE-FILE" in refused.value.stderr
    said = [json.loads(line) for line in quarantine.read_text(encoding="utf-8").splitlines()]
    assert [int(row["row"]) for row in said] == list(range(1, rows + 1))
    assert {row["code"] for row in said} == {"INTAKE-SYNTAX"}
