"""A county whose data folder was set back to an earlier copy, while the bureau holds more: caught at the first contact, nothing
signed, shown by a proof file, recovered by the documented steps without losing what the bureau held."""

import json
import shutil
import subprocess

import pytest
from demo_cases import CALENDARS, check_row, events_of, generate, summary_rows
from federation import CtlError, Federation, wait_for
from proxy import Proxy

COUNTY = "370826"
SLOWLY = 4_000  # bytes a second, of which the folder that was lost has tens of thousands


def split(federation, file, parts):
    """The file in `parts` files with whole cases each."""
    lines = file.read_text(encoding="utf-8").splitlines()
    cases = sorted({json.loads(line)["event"]["case_no"] for line in lines})
    files = []
    for part in range(parts):
        mine = set(cases[part::parts])
        out = federation.folder / f"part{part}.ndjson"
        out.write_text("".join(f"{line}\n" for line in lines if json.loads(line)["event"]["case_no"] in mine), encoding="utf-8")
        files.append(out)
    return files


def joined(federation, files):
    out = federation.folder / "joined.ndjson"
    out.write_text("".join(file.read_text(encoding="utf-8") for file in files), encoding="utf-8")
    return out


def doctor(node, accept=(0, 3)):
    return json.loads(node.ctl("--output", "json", "doctor", accept=accept))


def root_of(federation):
    return federation.folder / "pki" / "record-root.pem"


def held_above(federation):
    """What the bureau holds and has seen of the county's ledger."""
    ledger = next(l for l in federation.bureau.status()["followed"] if l["ledger"] == f"{COUNTY}/1")
    return {name: ledger[name] for name in ("sequenced", "published", "root")}


def records(node):
    size, every = node.status()["own"]["sequenced"], []
    while len(every) < size:
        every += json.loads(node.ctl("--output", "json", "ledger", "show", len(every), "--count", 1000))["records"]
    return every


def assert_all_sound(federation):
    for node in federation.nodes():
        reply = node.fsck()
        assert reply["sound"] and reply["findings"] == [], (node.code, reply["findings"])


@pytest.fixture(name="job", params=["headers", "summaries"])
def county_with_a_backup(request, tmp_path):
    """Two parts delivered; a copy of the folder as it was after the first."""
    with Federation(tmp_path, [COUNTY], calendars=CALENDARS, upward=request.param) as federation:
        federation.start()
        federation.parts = split(federation, generate(federation, cases=240, seed=31)[COUNTY], 3)
        federation.upward = request.param
        county = federation.counties[0]
        county.import_file(federation.parts[0])
        county.wait_delivered()
        county.stop()
        federation.copy = federation.folder / "copy"
        shutil.copytree(county.data, federation.copy)
        federation.left = None
        county.start()
        county.import_file(federation.parts[1])
        county.wait_delivered()
        federation.before = {"above": held_above(federation), "rows": summary_rows(federation.bureau),
                             "leaves": [record["leaf"] for record in records(county)]}
        yield federation
        for node in reversed(federation.nodes()):
            node.stop()


def set_back(federation):
    county = federation.counties[0]
    county.stop()
    federation.streams_before = len(streams(federation.bureau))
    shutil.rmtree(county.data)
    shutil.copytree(federation.copy, county.data)


def events(node):
    """What it logged since its last start, in order."""
    every = [json.loads(line) for line in (node.folder / "log").read_text(encoding="utf-8").splitlines()]
    return every[max(at for at, event in enumerate(every) if event["event"] == "starting"):]


def streams(bureau):
    """What it logged of each stream that the county began."""
    of_county = [event for event in events(bureau) if event.get("peer") == COUNTY]
    begins = [at for at, event in enumerate(of_county) if event["event"] == "ready"]
    return [of_county[at:end] for at, end in zip(begins, [*begins[1:], len(of_county)])]


def assert_caught_at_the_first_contact(federation):
    """The first hello of the bureau was enough: nothing was signed before it, and the first stream was refused."""
    county = federation.counties[0]

    def names():
        return [event["event"] for event in events(county)]
    wait_for("the word of it", lambda: "own-rollback" in names())
    before = names()[:names().index("own-rollback")]
    assert not {"ready", "opened", "head-signed"} & set(before), before
    first = wait_for("the refusal", lambda: [e for e in streams(federation.bureau)[federation.streams_before] if e["event"] == "refused"])
    assert first[0]["error"].startswith("SYNC-ROLLBACK") and first[0]["ledger"] == f"{COUNTY}/1"


def caught(federation):
    """The county runs, knows that it has lost records, and has signed nothing."""
    county = federation.counties[0]
    report = wait_for("the county to notice", lambda: (r := doctor(county))["own_state"] == "lost" and r)
    assert_caught_at_the_first_contact(federation)
    assert not report["healthy"]
    assert held_above(federation) == federation.before["above"], "nothing was signed"
    status = county.status()
    assert not status["ready"] and status["own"]["published"] <= status["own"]["sequenced"]
    with pytest.raises(CtlError):  # nor is anything taken in
        county.ctl("intake", "import", federation.parts[2])
    assert county.status()["own"]["sequenced"] == status["own"]["sequenced"]
    return report


def proof_file(federation):
    county = federation.counties[0]
    (file,) = wait_for("the proof file", lambda: county.status()["own"]["proofs"])
    return file


def recover(federation):
    county = federation.counties[0]
    county.ctl("doctor", "recover", "--from", "370800", "--yes", "--timeout", "120")
    assert doctor(county, accept=(0,))["own_state"] == "open"
    county.wait_delivered()
    wait_for("the proofs to be settled", lambda: county.status()["ready"])


def assert_recovered(federation, whole):
    """Every leaf is back; bodies are, or are declared lost; figures are as they were, and go on rightly."""
    county = federation.counties[0]
    every = records(county)
    leaves = federation.before["leaves"]
    assert [record["leaf"] for record in every][:len(leaves)] == leaves
    new = every[len(leaves):]
    assert [record["family"] for record in new[:2]] == ["restart", "loss"], new
    loss = json.loads(new[1]["payload_json"])
    lost = [record for record in every if not record["body_here"]]
    assert int(loss.get("lost_count", 0)) == len(lost)
    if whole:
        assert lost == []
    else:
        assert lost and {record["family"] for record in lost} == {"case_event"}
    assert summary_rows(federation.bureau) == federation.before["rows"]
    assert_all_sound(federation)

    county.import_file(federation.parts[2])
    county.wait_delivered()
    check_row(summary_rows(federation.bureau)[COUNTY], joined(federation, federation.parts))
    if whole:  # sources that send again what came back are told that it is here
        again = county.import_file(federation.parts[1])
        assert (again["accepted"], again["duplicates"]) == (0, len(events_of(federation.parts[1])))
    assert_all_sound(federation)
    county.stop()
    county.start()
    county.wait_delivered()
    check_row(summary_rows(federation.bureau)[COUNTY], joined(federation, federation.parts))
    starts = [record for record in records(county) if record["family"] == "restart"]
    assert starts[-1]["index"] == records(county)[-1]["index"], "one restart record a start"


def test_an_older_copy_is_caught_and_recovered(job):
    set_back(job)
    job.counties[0].start()
    report = caught(job)
    assert any("doctor recover" in step for finding in report["findings"] for step in finding["steps"])
    file = proof_file(job)
    verdict = json.loads(job.ctl("--output", "json", "verify", file, "--root", root_of(job)))
    assert verdict["verdict"] == "rollback" and verdict["ledger"] == f"{COUNTY}/1"
    assert verdict["first"]["size"] == job.before["above"]["published"] > verdict["second"]["size"]

    job.counties[0].stop()  # it is remembered
    job.bureau.stop()
    job.counties[0].start()
    assert doctor(job.counties[0])["own_state"] == "lost", "known without the bureau"
    job.bureau.start()
    wait_for("the bureau", lambda: any(p["connected"] for p in json.loads(job.counties[0].ctl("--output", "json", "peer", "list"))["peers"]))

    recover(job)
    assert_recovered(job, whole=job.upward == "headers")


def test_a_lost_disk_is_recovered(job):
    county = job.counties[0]
    county.stop()
    job.streams_before = len(streams(job.bureau))
    private_keys = job.folder / "private-keys"
    shutil.copytree(county.data / "private-keys", private_keys)
    shutil.rmtree(county.data)
    job.ctl("init", "--config", county.folder / "node.toml")
    shutil.rmtree(county.data / "private-keys")
    shutil.copytree(private_keys, county.data / "private-keys")
    county.start()
    caught(job)
    recover(job)
    assert_recovered(job, whole=job.upward == "headers")


def test_killed_while_the_records_come_back(job):
    """The line stands still when some of them are here; kill -9; the same step again brings the rest."""
    county = job.counties[0]
    set_back(job)
    with Proxy(job.bureau.port) as line:
        county.dial_port = line.port
        county.write_config(**county.options)
        county.start()
        caught(job)
        before = doctor(county)["own_size"]
        line.down.rate = SLOWLY
        with subprocess.Popen([job.bin / "tongjianctl", "--socket", county.socket, "doctor", "recover", "--from", "370800", "--yes"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as asked:
            wait_for("some records", lambda: doctor(county)["own_size"] > before)
            line.down.held = True
            report = doctor(county)
            assert report["own_state"] == "recovering" and before < report["own_size"] < report["recover_target"]
            county.kill()
            assert asked.wait(timeout=60) == 1
        line.heal()
        county.start()
        report = wait_for("the county to know of it still", lambda: (r := doctor(county))["own_state"] == "lost" and r)
        assert report["own_size"] > before, "what came is kept"
        assert held_above(job) == job.before["above"]
        recover(job)
        assert_recovered(job, whole=job.upward == "headers")


def test_a_ledger_that_is_older_than_its_head_file(job):
    county = job.counties[0]
    county.stop()
    job.streams_before = len(streams(job.bureau))
    shutil.rmtree(county.data / "ledger")
    shutil.copytree(job.copy / "ledger", county.data / "ledger")
    county.start()
    report = doctor(county)
    assert report["own_state"] == "lost" and report["findings"][0]["code"] == "STORE-ROLLBACK"
    caught(job)
    recover(job)
    assert_recovered(job, whole=job.upward == "headers")


@pytest.mark.parametrize("job", ["headers"], indirect=True)
def test_a_changed_proof_proves_nothing(job):
    set_back(job)
    job.counties[0].start()
    caught(job)
    file = proof_file(job)
    text = open(file, "rb").read()
    spoiled = job.folder / "spoiled.tjproof"
    for at in range(60, 230, 15):
        spoiled.write_bytes(text[:at] + bytes([text[at] ^ 1]) + text[at + 1:])
        with pytest.raises(CtlError) as refused:
            job.ctl("verify", spoiled, "--root", root_of(job))
        assert refused.value.code == 3, at


@pytest.mark.parametrize("job", ["headers"], indirect=True)
def test_a_second_start_is_refused(job):
    county = job.counties[0]
    second = subprocess.run([job.bin / "tongjiand", "--config", county.folder / "node.toml"], capture_output=True, text=True,
                            encoding="utf-8", timeout=60, check=False)
    assert second.returncode == 1
    assert "STORE-LOCKED" in second.stderr and "try:" in second.stderr
    assert county.status()["ready"]
