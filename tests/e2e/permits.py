#!/usr/bin/python3
"""Runs permit logs through a real federation and prints what the bureau answers, per county.

  tests/e2e/permits.py --log 370826=BPIC15_1.xes.gz --log 370827=BPIC15_2.xes.gz --output json

Four processes for three logs: a bureau and a county a log, over TLS. Each log is imported twice: the second time must change nothing. Then the
counties are stopped, and the bureau is asked.
"""

import argparse
import json
import sys
import tempfile

from federation import ROOT, Federation


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log", action="append", required=True, metavar="NODE=FILE", help="a county and its log")
    parser.add_argument("--profile", default=str(ROOT / "deploy/profiles/permits-asserted.toml"))
    parser.add_argument("--output", choices=("text", "json"), default="text")
    parser.add_argument("--keep", metavar="DIR", help="work in this folder and leave it")
    arguments = parser.parse_args()
    logs = {}
    for text in arguments.log:
        node, separator, file = text.partition("=")
        if not separator or node in logs:
            parser.error(f"--log {text}: use NODE=FILE, each node once")
        logs[node] = file
    return arguments, logs


def import_twice(county, file, profile):
    """What the first import said; the second may not change anything."""
    first = county.import_file(file, "--profile", profile, "--historical")
    before = county.status()["own"]["sequenced"]
    second = county.import_file(file, "--profile", profile, "--historical")
    if second["accepted"] != 0 or second["rows"] != first["rows"]:
        raise RuntimeError(f"{county.code}: the second import accepted {second['accepted']} events")
    if second["duplicates"] != first["accepted"] + first["duplicates"]:
        raise RuntimeError(f"{county.code}: {second['duplicates']} duplicates of {first['accepted']}")
    print(f"{county.code}: {first['rows']} events, {before} records, again: {second['duplicates']} already there",
          file=sys.stderr)
    return first


def answer(row, imported):
    return {
        "cases": row["received"], "events": row["events"], "decided": row["decided"], "on_time": row["on_time"],
        "early": row["early"], "late": row["late"], "days_used": row["used_days"],
        "rounded_fees": row["fee_rounded"], "negative_fees": row["fee_negative"],
        "fee_cases": row["fee_cases"], "quarantined": imported["quarantined"],
    }


def ask_bureau(federation):
    """The bureau's rows by county, checked: every case-event leaf is counted exactly once."""
    reply = federation.bureau.query("summary", "--group-by", "county")
    for as_of in reply["as_of"]:
        if not as_of["partition_ok"] or as_of["uncounted"] != 0:
            raise RuntimeError(f"the summaries of {as_of['ledger']} do not partition its events: {as_of}")
    return {row["key"]: row for row in reply["rows"]}


def run(folder, logs, profile):
    with Federation(folder, list(logs)) as federation:
        federation.start()
        imported = {c.code: import_twice(c, logs[c.code], profile) for c in federation.counties}
        for county in federation.counties:
            county.wait_delivered()
            county.stop()
        rows = ask_bureau(federation)
        federation.bureau.stop()
    return {code: answer(rows[code], imported[code]) for code in logs}


def main():
    arguments, logs = parse_arguments()
    if arguments.keep:
        result = run(arguments.keep, logs, arguments.profile)
    else:
        with tempfile.TemporaryDirectory(prefix="tj-permits-") as folder:
            result = run(folder, logs, arguments.profile)
    if arguments.output == "json":
        print(json.dumps(result))
    else:
        for code, figures in result.items():
            print(code, "  ".join(f"{name} {value:,}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
