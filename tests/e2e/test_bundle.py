"""The air gap: a bureau and a county that never share a network exchange more than 10,000 records, orders and replies by files
alone.

The tests run in order: each goes on where the one before left the two nodes.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import time

import pytest
from demo_cases import CALENDARS, check_row, generate, summary_rows
from federation import BUREAU, CtlError, Federation, wait_for

COUNTY = "370826"
OTHER = "370827"
RECORDS = 10_000
ORDERS = 20


@pytest.fixture(scope="module", name="gap")
def two_nodes_without_a_network(tmp_path_factory):
    with Federation(tmp_path_factory.mktemp("tj"), [COUNTY, OTHER], calendars=CALENDARS) as federation:
        for county in federation.counties:
            county.offline = True
        federation.start()
        federation.files = generate(federation, cases=1600, seed=11)
        federation.more = generate(federation, cases=40, seed=12, folder="more")
        hall = federation.folder / "hall"
        federation.ctl("generate", "--county", BUREAU, "--days", 30, "--cases", 60, "--seed", 13, "--to", "2026-06-30",
                       "--out", hall)
        assert federation.bureau.import_file(hall / f"{BUREAU}.ndjson")["quarantined"] == 0
        assert federation.counties[0].import_file(federation.files[COUNTY])["quarantined"] == 0
        for number in range(ORDERS):
            issue(federation.bureau, COUNTY, number)
        issue(federation.bureau, OTHER, ORDERS)
        for node in federation.nodes():
            settle(node)
        yield federation
        for node in federation.nodes():
            node.stop()


def issue(bureau, to, number):
    bureau.ctl("order", "issue", "--to", to, "--no", f"DB-2026-{number:03}", "--requirement", "EXPLAIN", "--reply-due", "2099-12-31")


def orders(node):
    return json.loads(node.ctl("--output", "json", "order", "list"))["orders"]


def settle(node):
    """Waits until all is summarised and under a signed head; the own ledger."""
    def settled():
        status = node.status()
        own = status["own"]
        done = status["summary_rows_due"] == 0 and own["sequenced"] == own["published"]
        return own if done and all(p["behind"] == 0 for p in status["projections"]) else None
    return wait_for(f"{node.code} to settle", settled, seconds=120)


def export(node, to, folder, *options):
    out = node.ctl("--output", "json", "bundle", "export", "--to", to.code, "--out", folder, *options)
    return json.loads(out)


def bring(node, files, *options, accept=(0,)):
    """Imports files: what tongjianctl says of them."""
    return json.loads(node.ctl("--output", "json", "bundle", "import", *files, *options, accept=accept))


def refused(node, *files):
    with pytest.raises(CtlError) as error:
        node.ctl("bundle", "import", *files, "--no-reply")
    return error.value


def held(node, of):
    """What `node` holds of the ledger of `of`; None: nothing."""
    return next((ledger for ledger in node.status()["followed"] if ledger["ledger"] == f"{of.code}/1"), None)


def run_until(process, reached, seconds=60):
    """Lets a child run for a moment at a time; it stands still when reached() is so. False when it ended before."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        process.send_signal(signal.SIGSTOP)
        if os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT).si_code != os.CLD_STOPPED:
            return False
        if reached():
            return True
        process.send_signal(signal.SIGCONT)
        time.sleep(0.001)
    raise TimeoutError(f"waited {seconds} s for a moment to stop")


def bytes_of(folder):
    """0 also when a file went away just now."""
    with contextlib.suppress(FileNotFoundError):
        return sum(file.stat().st_size for file in folder.iterdir())
    return 0


def assert_equal(holder, origin):
    own, copy = origin.status()["own"], held(holder, origin)
    assert (copy["sequenced"], copy["root"]) == (own["published"], own["root"])
    assert copy["missing_bodies"] == 0 and not copy["stopped"]


def peers_met(federation):
    """All neighbours are listed; those that were ever heard on a network."""
    peers = [peer for node in federation.nodes() for peer in json.loads(node.ctl("--output", "json", "peer", "list"))["peers"]]
    return [peer for peer in peers if peer["connected"] or peer["last_heard"] or peer["bytes_in"]]


def test_there_is_no_network_between_them(gap):
    assert peers_met(gap) == []
    assert gap.counties[0].status()["own"]["sequenced"] >= RECORDS
    assert gap.counties[0].status()["own"]["witnessed"] == 0


def test_parts_are_written_small_enough(gap):
    county = gap.counties[0]
    gap.up = export(county, gap.bureau, gap.folder / "disk", "--size", "200K")
    own = county.status()["own"]
    assert gap.up["records"] == gap.up["records_total"] == own["published"] >= RECORDS
    assert gap.up["parts"] == len(gap.up["files"]) >= 3
    for number, file in enumerate(gap.up["files"], 1):
        path = gap.folder / "disk" / file.rsplit("/", 1)[1]
        assert path.stat().st_size <= 200 * 1024
        assert path.name.startswith(f"{COUNTY}_{BUREAU}_") and path.name.endswith(f"_{number:03}.tjb")
    assert not list((gap.folder / "disk").glob("*.partial"))


def test_show_needs_no_node(gap):
    file, pki = gap.up["files"][1], gap.folder / "pki"
    outside = json.loads(gap.ctl("--output", "json", "bundle", "show", file))
    assert (outside["sender"], outside["receiver"], outside["part"], outside["parts"]) == (COUNTY, BUREAU, 2, 0)
    key = ("--key", pki / BUREAU / "enc.key", "--passphrase-file", gap.passphrase)
    inside = json.loads(gap.ctl("--output", "json", "bundle", "show", file, *key,
                                "--certificate", pki / COUNTY / "sign.pem"))
    assert inside["whole"] and inside["signature"] == "verified" and inside["parts"] == gap.up["parts"]
    (of,) = inside["ranges"]
    assert of["ledger"] == f"{COUNTY}/1" and 0 < of["first"] < of["end"] and of["head_size"] == gap.up["records"]
    assert "完整 whole" in gap.ctl("bundle", "show", file, *key)
    with pytest.raises(CtlError) as wrong:
        gap.ctl("bundle", "show", file, *key, "--certificate", pki / OTHER / "sign.pem")
    assert wrong.value.code == 3 and "error: CRYPTO-SIGNATURE" in wrong.value.stderr


def test_a_part_that_comes_too_early_says_what_is_before_it(gap):
    error = refused(gap.bureau, gap.up["files"][2])
    assert error.code == 1 and "error: SYNC-BUNDLE-GAP" in error.stderr and "part 2 of" in error.stderr
    assert held(gap.bureau, gap.counties[0])["sequenced"] == 0


def test_damage_is_refused(gap):
    whole = open(gap.up["files"][0], "rb").read()
    damaged = gap.folder / "damaged.tjb"
    for content in (whole[:-7], whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:], whole + b"x", b"x" + whole, b""):
        damaged.write_bytes(content)
        error = refused(gap.bureau, damaged)
        assert error.code == 3 and ("error: SYNC-BUNDLE" in error.stderr or "error: CRYPTO-SEAL" in error.stderr), error.stderr


def test_another_node_is_told_whose_it_is(gap):
    for other in gap.counties:
        error = refused(other, gap.up["files"][0])
        assert error.code == 1 and "error: SYNC-BUNDLE-RECEIVER" in error.stderr
    with pytest.raises(CtlError) as sideways:
        export(gap.counties[0], gap.counties[1], gap.folder / "nowhere")
    assert sideways.value.code == 1 and "error: TRUST-SCOPE" in sideways.value.stderr
    assert not (gap.folder / "nowhere").exists()


def test_an_export_that_was_killed_leaves_nothing_that_passes_for_whole(gap):
    county, folder = gap.counties[0], gap.folder / "killed"
    folder.mkdir()
    command = [gap.bin / "tongjianctl", "--socket", county.socket, "bundle", "export", "--to", BUREAU, "--out", folder]

    def killed_halfway():
        for file in folder.iterdir():
            file.unlink()
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as exporting:
            run_until(exporting, lambda: bytes_of(folder) > 100_000)
            exporting.kill()
        return 100_000 < bytes_of(folder) < 0.8 * gap.up["bytes"]
    assert any(killed_halfway() for _ in range(50))
    (left,) = folder.iterdir()
    assert left.suffix == ".partial"
    for name in (left, folder / left.stem):  # also when somebody thinks better of it
        left.rename(name)
        left = name
        error = refused(gap.bureau, name)
        assert error.code == 3 and "error: SYNC-BUNDLE" in error.stderr, error.stderr
    assert held(gap.bureau, county)["sequenced"] < county.status()["own"]["published"]


def test_kill_in_the_middle_of_an_import(gap):
    """Of the node, then of the one who reads the files out: what was stored stays, and the next import begins there."""
    county, bureau = gap.counties[0], gap.bureau
    total, disk = county.status()["own"]["published"], bureau.data / "ledger"
    command = [gap.bin / "tongjianctl", "--socket", bureau.socket, "bundle", "import", *gap.up["files"], "--no-reply"]
    sizes = [held(bureau, county)["sequenced"]]
    for who in ("tongjiand", "tongjianctl"):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as importing:
            before = bytes_of(disk)
            assert run_until(bureau.process, lambda limit=before + 30_000: bytes_of(disk) > limit)
            if who == "tongjiand":
                bureau.kill()
                assert importing.wait(timeout=60) == 1
                bureau.start()
            else:
                importing.kill()
                importing.wait()
                bureau.process.send_signal(signal.SIGCONT)
        sizes.append(held(bureau, county)["sequenced"])
        found = bureau.fsck()
        assert found["sound"] and found["findings"] == [], found
    # What the node had of the files when it was not read to any more, it may have stored.
    assert sizes[0] < sizes[1] < total and sizes[1] < sizes[2] <= total, (sizes, total)


def test_all_at_once_in_the_wrong_order(gap):
    county = gap.counties[0]
    before = held(gap.bureau, county)["sequenced"]
    answer = bring(gap.bureau, reversed(gap.up["files"]), "--reply", gap.folder / "back")
    assert answer["records"] == county.status()["own"]["published"] - before, "nothing is stored twice"
    # The first part went in with the damaged copies of it, as far as they were whole.
    assert [result["part"] for result in answer["files"]] == list(range(1, gap.up["parts"] + 1))
    assert all(result["code"] == "" for result in answer["files"])
    assert_equal(gap.bureau, county)
    (reply,) = answer["replies"]
    assert reply["to"] == COUNTY and len(reply["files"]) == 1
    gap.reply = reply["files"]


def test_twice_changes_nothing(gap):
    before = held(gap.bureau, gap.counties[0])
    answer = bring(gap.bureau, gap.up["files"], "--no-reply")
    assert answer["records"] == 0 and answer["replies"] == []
    assert all(result["code"] == "" and result["records"] == 0 for result in answer["files"])
    assert held(gap.bureau, gap.counties[0]) == before


def test_statements_come_back_and_what_the_bureau_wrote(gap):
    county, bureau = gap.counties[0], gap.bureau
    assert county.status()["own"]["delivered"] == 0
    answer = bring(county, gap.reply, "--reply", gap.folder / "again")
    own = county.status()["own"]
    assert own["witnessed"] == own["delivered"] == own["published"] >= RECORDS
    assert answer["files"][0]["statements"] == 2
    assert_equal(county, bureau)
    assert answer["records"] == bureau.status()["own"]["published"] > 300
    # And the county's statements about that go up with its own reply.
    bring(bureau, answer["replies"][0]["files"], "--no-reply")
    head = json.loads(bureau.ctl("--output", "json", "ledger", "head"))
    stated = {(s["kind"], s["signer"], s["size"]) for s in head["statements"]}
    size = bureau.status()["own"]["published"]
    assert {("seen", COUNTY, size), ("held", COUNTY, size)} <= stated


def test_orders_came_down_by_file_and_replies_go_up(gap):
    county, bureau = gap.counties[0], gap.bureau
    settle(county)
    arrived = orders(county)
    assert [o["order_no"] for o in arrived] == [f"DB-2026-{n:03}" for n in range(ORDERS)]
    assert all(o["state"] == "arrived" and o["to"] == COUNTY for o in arrived)
    # The one for the other county is here as a digest, and owed to nobody.
    digest = json.loads(county.ctl("--output", "json", "ledger", "show", arrived[-1]["index"] + 1, "--count", 1,
                                   "--ledger", BUREAU))["records"][0]
    assert (digest["family"], digest["body_here"]) == ("order", False)
    assert [o["state"] for o in orders(bureau)] == ["delivered"] * ORDERS + ["issued"]
    for order in arrived:
        county.ctl("order", "reply", "--order", order["order_no"], "--result", f"RECTIFIED-{order['index']}")
    settle(county)
    answer = bring(bureau, export(county, bureau, gap.folder / "replies")["files"], "--reply", gap.folder / "received")
    settle(bureau)
    replied = [o for o in orders(bureau) if o["to"] == COUNTY]
    assert [o["state"] for o in replied] == ["replied"] * ORDERS
    assert all(o["result"] == f"RECTIFIED-{o['index']}" for o in replied)
    # And the county knows that they were received.
    bring(county, answer["replies"][0]["files"], "--no-reply")
    own = county.status()["own"]
    assert own["delivered"] == own["published"]


def test_the_bureau_counts_what_came_by_file(gap):
    rows = wait_for("the bureau to fold", lambda: folded(gap), seconds=60)
    check_row(rows[COUNTY], gap.files[COUNTY])


def folded(federation):
    settle(federation.bureau)
    rows = summary_rows(federation.bureau)
    return rows if COUNTY in rows else None


def test_the_witness_is_evidence(gap):
    county = gap.counties[0]
    file = gap.folder / "one.tjev"
    county.ctl("ledger", "prove", 17, "--out", file)
    verdict = json.loads(gap.ctl("--output", "json", "verify", file, "--root", gap.folder / "pki" / "record-root.pem",
                                 "--origin", COUNTY, "--witness", BUREAU))
    assert verdict["verdict"] == "witnessed"


def test_only_what_is_new_goes_next(gap):
    county, bureau = gap.counties[0], gap.bureau
    before = county.status()["own"]["published"]
    assert county.import_file(gap.more[COUNTY])["quarantined"] == 0
    after = settle(county)["published"]
    next_time = export(county, bureau, gap.folder / "next")
    assert next_time["records"] == after - before > 100
    # Exported once more before any reply came: the newer file is enough, the older one then adds nothing.
    bring(bureau, next_time["files"], "--no-reply")
    assert_equal(bureau, county)
    later = export(county, bureau, gap.folder / "later")
    answer = bring(bureau, later["files"] + next_time["files"], "--no-reply")
    assert answer["records"] == 0


def test_nothing_met_on_a_network_all_that_time(gap):
    assert peers_met(gap) == []
    for node in gap.nodes():
        assert node.fsck()["sound"]


def test_a_network_goes_on_where_files_ended(gap):
    """The county gets a cable; bundles still come, late, twice and together with the stream."""
    county, bureau = gap.counties[0], gap.bureau
    kept = export(county, bureau, gap.folder / "kept")
    county.stop()
    county.offline = False
    county.write_config(**county.options)
    county.start()
    county.wait_delivered()
    hall = gap.folder / "late"
    # Other days than before: the same case numbers would be conflicts.
    gap.ctl("generate", "--county", COUNTY, "--days", 30, "--cases", 400, "--seed", 14, "--to", "2026-03-31", "--out", hall)
    importing = subprocess.Popen([gap.bin / "tongjianctl", "--socket", county.socket, "intake", "import",
                                  hall / f"{COUNTY}.ndjson"], stdout=subprocess.DEVNULL)
    try:
        round_number = 0
        while importing.poll() is None or round_number < 3:
            folder = gap.folder / f"round-{round_number}"
            # A stream that was faster between two frames is no failure.
            bring(bureau, export(county, bureau, folder)["files"] + kept["files"], "--no-reply")
            round_number += 1
        assert importing.wait(timeout=120) == 0
    finally:
        importing.kill()
    settle(county)
    county.wait_delivered()
    assert_equal(bureau, county)
    assert bring(bureau, kept["files"] + gap.up["files"], "--no-reply")["records"] == 0
    for node in (county, bureau):
        assert node.fsck()["sound"]


def test_what_went_in_is_told_when_no_reply_can_be_written(gap):
    nowhere = gap.passphrase / "reply"  # as a disc that cannot be written
    answer = bring(gap.bureau, gap.up["files"], "--reply", nowhere, accept=(1,))
    assert [(result["part"], result["code"]) for result in answer["files"]] == [(n, "") for n in range(1, gap.up["parts"] + 1)]
    assert answer["replies"] == []
    # What is graver stays the exit code: a file that is damaged; one that cannot be read.
    damaged = gap.folder / "damaged.tjb"
    answer = bring(gap.bureau, [damaged, gap.up["files"][0]], "--reply", nowhere, accept=(3,))
    assert sorted(bool(result["code"]) for result in answer["files"]) == [False, True]
    folder = gap.folder / "folder.tjb"
    folder.mkdir()
    answer = bring(gap.bureau, [damaged, folder], "--no-reply", accept=(3,))
    assert all(result["code"] for result in answer["files"])


def test_a_reply_that_cannot_be_made_is_nothing_to_the_others(gap):
    county, other, bureau = gap.counties[0], gap.counties[1], gap.bureau
    files = [export(node, bureau, gap.folder / "both")["files"][0] for node in (county, other)]
    trust = gap.folder / "pki" / "trust.toml"
    whole = trust.read_text(encoding="utf-8")
    before, mark, after = whole.partition(f'code = "{COUNTY}"')
    without = before + mark + re.sub(r"(?s)encryption = \[.*?\]\n", "", after, count=1)
    assert mark and without != whole
    bureau.stop()
    trust.write_text(without, encoding="utf-8")
    bureau.start()
    trust.write_text(whole, encoding="utf-8")
    answer = bring(bureau, files, "--reply", gap.folder / "one", accept=(1,))  # CRYPTO-CERTIFICATE
    assert all(result["code"] == "" for result in answer["files"])
    (reply,) = answer["replies"]
    assert reply["to"] == OTHER and len(reply["files"]) == 1
    bureau.stop()
    bureau.start()


def test_without_its_key_a_node_says_so(gap):
    other = gap.counties[1]
    other.stop()
    config = other.folder / "node.toml"
    config.write_text("".join(line for line in config.read_text(encoding="utf-8").splitlines(keepends=True)
                              if not line.startswith("encryption_key")), encoding="utf-8")
    other.start()
    error = refused(other, gap.reply[0])
    assert error.code == 1 and "error: CONFIG" in error.stderr and "keys.encryption_key" in error.stderr
