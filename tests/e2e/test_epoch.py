"""A county that signed again after it was set back, so that its epoch is over: the steps of deploy/OPERATIONS.md begin a new one, and
the old one stays frozen and readable on both sides."""

import json
import shutil
import subprocess

import pytest
from demo_cases import CALENDARS, generate
from federation import Federation, wait_for

COUNTY = "370826"
OLD, NEW = f"{COUNTY}/1", f"{COUNTY}/2"


def parts_of(federation, file, count):
    """Files with whole cases each."""
    lines = file.read_text(encoding="utf-8").splitlines()
    cases = sorted({json.loads(line)["event"]["case_no"] for line in lines})
    files = []
    for part in range(count):
        mine = set(cases[part::count])
        files.append(federation.folder / f"part{part}.ndjson")
        files[-1].write_text("".join(f"{line}\n" for line in lines if json.loads(line)["event"]["case_no"] in mine), encoding="utf-8")
    return files


def doctor(node):
    return json.loads(node.ctl("--output", "json", "doctor", accept=(0, 3)))


def ledger_at(node, ledger):
    status = node.status()
    return next((l for l in [status["own"], *status["followed"]] if l["ledger"] == ledger), None)


def leaves(node, ledger):
    out = []
    while page := json.loads(node.ctl("--output", "json", "ledger", "show", len(out), "--count", 1000, "--ledger", ledger)).get("records"):
        out += [(record["leaf"], record["family"]) for record in page]
    return out


@pytest.fixture(scope="module", name="job")
def county_that_signed_twice(tmp_path_factory):
    with Federation(tmp_path_factory.mktemp("tj"), [COUNTY], calendars=CALENDARS) as federation:
        federation.start()
        federation.parts = parts_of(federation, generate(federation, cases=120, seed=47)[COUNTY], 5)
        county, bureau = federation.counties[0], federation.bureau
        county.import_file(federation.parts[0])
        county.wait_delivered()
        county.stop()
        shutil.copytree(county.data, federation.folder / "copy")
        county.start()
        county.import_file(federation.parts[1])
        county.wait_delivered()
        bureau.stop()
        county.stop()
        shutil.rmtree(county.data)
        shutil.copytree(federation.folder / "copy", county.data)
        county.start()  # cut off for longer than the wait
        wait_for("the wait to pass", lambda: county.status()["ready"])
        for part in federation.parts[2:4]:  # more than the lost: both branches are longer than what they share
            county.import_file(part)
        wait_for("a head over it", lambda: (own := county.status()["own"])["published"] == own["sequenced"])
        bureau.start()
        yield federation
        for node in federation.nodes():
            node.stop()


def test_the_epoch_is_over(job):
    county, bureau = job.counties[0], job.bureau
    wait_for("both histories to be known", lambda: "SYNC-FORK" in [finding["code"] for finding in doctor(county)["findings"]])
    report = doctor(county)
    assert not report["healthy"] and report["own_state"] == "lost"
    wait_for("the proof", lambda: ledger_at(county, OLD)["proofs"])
    job.above = leaves(bureau, OLD)
    job.here = leaves(county, OLD)
    assert job.above != job.here[:len(job.above)]


def test_the_steps_begin_a_new_one(job):
    county, bureau = job.counties[0], job.bureau
    trust = job.folder / "pki" / "trust.toml"
    text = trust.read_text(encoding="utf-8")
    entry = f'code = "{COUNTY}"\n'
    assert text.count(entry) == 1
    trust.write_text(text.replace(entry, f"{entry}epoch = 2\n"), encoding="utf-8")
    bureau.stop()
    county.stop()
    # Half of it is no new epoch.
    daemon = [job.bin / "tongjiand", "--config", county.folder / "node.toml"]
    refused = subprocess.run(daemon, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False)
    assert refused.returncode == 1 and "CONFIG" in refused.stderr and "epoch" in refused.stderr
    old = job.folder / "old.toml"
    job.kept = county.folder / "data-epoch-1"
    old.write_text((county.folder / "node.toml").read_text(encoding="utf-8").replace(str(county.data), str(job.kept)), encoding="utf-8")
    county.write_config(**job.options, epoch=2)
    # What was taken in there, and its names, are of the old ledger.
    refused = subprocess.run(daemon, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False)
    assert refused.returncode == 1 and "CONFIG" in refused.stderr and "init" in refused.stderr, refused.stderr
    county.data.rename(job.kept)
    job.ctl("init", "--config", county.folder / "node.toml")
    shutil.rmtree(county.data / "private-keys")
    shutil.copytree(job.kept / "private-keys", county.data / "private-keys")
    bureau.start()
    county.start()
    wait_for("the new epoch", lambda: county.status()["ready"] and doctor(county)["own_state"] == "open")
    assert county.status()["own"]["ledger"] == NEW
    county.wait_delivered()
    new = leaves(county, NEW)
    assert [family for _, family in new[:1]] == ["restart"]
    assert [family for _, family in new].count("adopt") == len(CALENDARS), "folds need nothing but this ledger"


def test_work_goes_on_in_it(job):
    county, bureau = job.counties[0], job.bureau
    answer = county.import_file(job.parts[4])
    assert answer["accepted"] > 0 and answer["quarantined"] == 0, answer
    wait_for("all rows to be summed up", lambda: county.status().get("summary_rows_due", "0") in (0, "0"))
    county.wait_delivered()
    assert leaves(bureau, NEW) == leaves(county, NEW)
    assert any(family == "summary" for _, family in leaves(bureau, NEW))


def test_the_old_one_stays_frozen_and_readable(job):
    county, bureau = job.counties[0], job.bureau
    for _ in range(2):
        assert leaves(bureau, OLD) == job.above
        for node in (county, bureau):
            reply = node.fsck()
            assert reply["sound"] and reply["findings"] == [], (node.code, reply["findings"])
            node.stop()
        bureau.start()
        county.start()
        county.wait_delivered()
    assert leaves(bureau, NEW) == leaves(county, NEW)
    assert list((job.kept / "proofs").glob("*.tjproof"))
    kept = subprocess.run([job.bin / "tongjiand", "--config", job.folder / "old.toml", "--fsck"], capture_output=True, text=True,
                          encoding="utf-8", timeout=60, check=False)
    assert kept.returncode == 0, kept.stdout + kept.stderr
