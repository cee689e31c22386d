"""derived/ deleted: everything in it comes back from the ledgers, with the same answers and not one record issued twice."""

import json
import shutil

import pytest
from demo_cases import CALENDARS, check_row, generate, summary_rows
from federation import Federation, wait_for

COUNTIES = ("370826", "370827")


@pytest.fixture(scope="module", name="job")
def delivered(tmp_path_factory):
    with Federation(tmp_path_factory.mktemp("tj"), COUNTIES, calendars=CALENDARS) as federation:
        federation.start()
        federation.files = generate(federation, cases=150, seed=11)
        for county in federation.counties:
            county.import_file(federation.files[county.code])
        for county in federation.counties:
            county.wait_delivered()
        yield federation


def own(node):
    return {name: node.status()["own"][name] for name in ("sequenced", "root")}


def records(node):
    size, all_records = node.status()["own"]["sequenced"], []
    while len(all_records) < size:
        page = json.loads(node.ctl("--output", "json", "ledger", "show", len(all_records), "--count", 1000))["records"]
        all_records += page
    return all_records


def answers(node):
    """All that a user can ask that comes from projections."""
    reply = [node.query("summary", "--group-by", group)["rows"] for group in ("county", "org", "item")]
    reply.append(node.query("ranking")["rows"])
    reply.append(node.query("trend", "--from", "2026-01", "--to", "2026-12")["rows"])
    if node.parent is not None:
        cases = json.loads(node.ctl("--output", "json", "case", "list", "--limit", 1000))["cases"]
        reply.append(cases)
        reply += [json.loads(node.ctl("--output", "json", "case", "show", case["case_no"]))["events"] for case in cases[:10]]
    return reply


def settled(node):
    status = node.status()
    return status["summary_rows_due"] == 0 and all(p["behind"] == 0 for p in status["projections"])


def assert_each_summary_once(node):
    """No revision of a row stands twice: (row key, revision) names a summary record."""
    seen = set()
    summaries = [json.loads(r["payload_json"]) for r in records(node) if r["family"] == "summary"]
    assert summaries
    for summary in summaries:
        key = tuple(str(summary.get(name, "")) for name in ("date", "org", "item", "revision"))
        assert key not in seen, key
        seen.add(key)


def rebuilt(federation, nodes):
    """Stops the nodes, deletes their derived/, starts them again; waits until they have folded everything."""
    for node in nodes:
        node.stop()
        assert (node.data / "derived").is_dir()
        shutil.rmtree(node.data / "derived")
    for node in nodes:
        node.start()
    for node in nodes:
        wait_for(f"{node.code} to fold again", lambda node=node: settled(node))
    for node in federation.counties:
        wait_for(f"{node.code} to be connected", lambda node=node: node.status()["own"]["delivered"] == node.status()["own"]["sequenced"])


@pytest.mark.parametrize("who", ["bureau", "counties", "all"])
def test_same_answers_and_nothing_issued_again(job, who):
    nodes = {"bureau": [job.bureau], "counties": job.counties, "all": job.nodes()}[who]
    before = {node.code: answers(node) for node in job.nodes()}
    ledgers = {node.code: own(node) for node in job.nodes()}
    leaves = {node.code: [record["leaf"] for record in records(node)] for node in job.nodes()}

    rebuilt(job, nodes)

    for node in job.nodes():
        assert answers(node) == before[node.code], node.code
        grown = records(node)[len(leaves[node.code]):]
        # A start is recorded (ARCHITECTURE §5), and a bureau tells what its counties have shown; nothing else may be new.
        assert {record["family"] for record in grown} <= {"restart", "heads"}, grown
        assert [record["leaf"] for record in records(node)][:len(leaves[node.code])] == leaves[node.code]
        assert len([record for record in grown if record["family"] == "restart"]) <= 1
        assert node.fsck()["findings"] == []
    for county in job.counties:
        assert_each_summary_once(county)
        check_row(summary_rows(job.bureau)[county.code], job.files[county.code])
