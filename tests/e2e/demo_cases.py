"""Generated cases for the tests, and what a bureau must answer about them, counted here from the files alone."""

import collections
import json

from federation import ROOT

CALENDARS = sorted(str(file) for file in (ROOT / "deploy" / "calendars").glob("*.toml"))
LAST_DAY = "2026-06-30"


def generate(federation, cases, seed, days=60, folder="cases", last_day=LAST_DAY):
    """A file of events a county, in the past whatever the clock of this machine says. By county code."""
    out = federation.folder / folder
    counties = [word for county in federation.counties for word in ("--county", county.code)]
    federation.ctl("generate", *counties, "--days", days, "--cases", cases, "--seed", seed, "--to", last_day, "--out",
                   out)
    return {county.code: out / f"{county.code}.ndjson" for county in federation.counties}


def events_of(file):
    with open(file, encoding="utf-8") as lines:
        return [json.loads(line)["event"] for line in lines]


def expected(file):
    """Counts of a summary row that need no calendar: which events there are, and of how many cases."""
    events = events_of(file)
    cases = collections.defaultdict(set)
    closed = [0] * 7
    for event in events:
        cases[event["type"]].add(event["case_no"])
        if event["type"] in ("DONE", "NOT_ACCEPT"):
            closed[event["done"].get("result", 0)] += 1
    fees = [int(event["fee"]["amount_fen"]) for event in events if event["type"] == "FEE"]
    return {
        "events": len(events), "received": len(cases["APPLY"]), "accepted": len(cases["ACCEPT"]),
        "decided": len(cases["DECIDE"]), "not_accepted": len(cases["NOT_ACCEPT"]), "fee_fen": sum(fees),
        "fee_cases": len(cases["FEE"]), "closed": closed, "violations": 0, "unjudged": 0,
    }


def check_row(row, file):
    """A summary row against its file; and its own figures against one another."""
    want = expected(file)
    # Withdrawn cases are closed too, with a result that the fold gives them: counted apart.
    closed, row_closed = want.pop("closed"), row["closed"]
    assert {name: row[name] for name in want} == want
    for result in (0, 1, 6):
        assert row_closed[result] == closed[result], f"result {result}"
    assert row["on_time"] + row["late"] + row["unjudged"] == row["decided"]
    assert row["early"] <= row["on_time"]


def summary_rows(node):
    """The rows of all counties by code; the summaries must count every case-event leaf exactly once."""
    reply = node.query("summary", "--group-by", "county")
    for as_of in reply["as_of"]:
        assert as_of["partition_ok"] and as_of["uncounted"] == 0, as_of
    return {row["key"]: row for row in reply["rows"]}
