"""What an operator sees of the nodes above and below: peer list, show and ping, quotas, status --watch."""

import json
import os
import pty
import select
import signal
import socket
import subprocess
import time

import pytest
from demo_cases import CALENDARS, events_of, generate
from federation import BUREAU, CtlError, Federation, wait_for
from test_tls import Stranger, own_keys

COUNTY = "370826"


@pytest.fixture(name="pair")
def running(tmp_path):
    with Federation(tmp_path, [COUNTY], calendars=CALENDARS) as federation:
        federation.start()
        yield federation


def peer(node, code):
    return json.loads(node.ctl("--output", "json", "peer", "show", code))


def ledger(node, code, direction):
    (row,) = [row for row in peer(node, code)["ledgers"] if row["direction"] == direction]
    return row


def ping(node, code, *options):
    """Exit code, and the steps by their names."""
    command = [node.federation.bin / "tongjianctl", "--socket", node.socket, "--output", "json", "peer", "ping", code, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    reply = json.loads(done.stdout)
    assert reply["ok"] == (done.returncode == 0), reply
    return done.returncode, {step["step"]: step for step in reply["steps"]}


def test_a_working_pair(pair):
    (county,) = pair.counties
    files = generate(pair, cases=50, seed=61)
    county.import_file(files[COUNTY])
    county.wait_delivered()

    below = wait_for("the bureau to hold all", lambda: ledger(pair.bureau, COUNTY, "following")["lag_records"] == 0 and
                     peer(pair.bureau, COUNTY))
    size = county.status()["own"]["sequenced"]
    assert (below["relation"], below["connected"], below["version"]) == ("child", True, 1)
    assert below["software"].startswith("tongjian/")
    row = ledger(pair.bureau, COUNTY, "following")
    assert (row["position"], row["held"], row["seen"]) == (size, size, size)
    assert row["held_at"] and row["seen_at"] and row["lag_seconds"] == 0
    assert 300 < below["signing_days"] and 300 < below["tls_days"]

    above = peer(county, BUREAU)
    assert (above["relation"], above["connected"]) == ("parent", True)
    assert ledger(county, BUREAU, "publishing")["held"] == size
    assert above["bytes_out"] > 0 and above["tls_days"] > 300
    assert above["last_heard"] and above["offences"] == below["offences"] == 0
    text = county.ctl("peer", "list")
    assert "滞后" in text and str(size) in text

    code, steps = ping(county, BUREAU)
    assert code == 0, steps
    for step in ("trust", "connect", "tls", "certificate", "own-certificate", "let-in", "version", "clock", "stream", "held"):
        assert steps[step]["result"] == "ok", steps[step]
    assert "days left" in steps["certificate"]["detail"] and "CN" in steps["certificate"]["detail"]
    assert f"there {size} of {size} of {COUNTY}/1" in steps["held"]["detail"]
    assert "round trip" in steps["clock"]["detail"]
    assert "all is well" in county.ctl("peer", "ping", BUREAU)

    code, steps = ping(pair.bureau, COUNTY)
    assert code == 0, steps
    assert steps["connect"]["result"] == "skipped"
    assert steps["stream"]["result"] == steps["clock"]["result"] == steps["certificate"]["result"] == "ok"


def test_the_parent_is_gone(pair):
    (county,) = pair.counties
    files = generate(pair, cases=20, seed=62)
    wait_for("a connection", lambda: peer(county, BUREAU)["connected"])
    pair.bureau.stop()
    wait_for("the county to notice", lambda: not peer(county, BUREAU)["connected"])
    county.import_file(files[COUNTY])
    gone = wait_for("a next try", lambda: peer(county, BUREAU)["next_try"] and peer(county, BUREAU))
    assert gone["last_error"]
    lag = wait_for("the lag to show", lambda: ledger(county, BUREAU, "publishing")["lag_records"])
    assert lag >= len(events_of(files[COUNTY]))
    with pytest.raises(CtlError):
        county.ctl("peer", "ping", BUREAU)
    code, steps = ping(county, BUREAU)
    assert code == 1
    assert steps["connect"]["result"] == "failed" and steps["connect"]["code"] == "SYNC-LINK"
    assert steps["connect"]["try_zh"] and steps["connect"]["try_en"]
    assert steps["stream"]["result"] == "failed"
    assert "tls" not in steps

    # From above nobody can dial a child that is gone.
    pair.bureau.start()
    county.wait_delivered()
    county.stop()
    wait_for("the bureau to notice", lambda: not peer(pair.bureau, COUNTY)["connected"])
    code, steps = ping(pair.bureau, COUNTY)
    assert code == 1
    assert steps["stream"]["code"] == "SYNC-NOT-CONNECTED"
    assert "child dials" in steps["connect"]["en"]
    with pytest.raises(CtlError, match="STORE-ABSENT"):
        pair.bureau.ctl("peer", "show", "370899")


def test_rates_are_those_of_lately(pair):
    """Both ends tell of the bytes that pass now, and of none when the line has been quiet."""
    (county,) = pair.counties
    files = generate(pair, cases=400, seed=64)
    idle = peer(county, BUREAU)["rate_out"]
    county.import_file(files[COUNTY])
    sent = wait_for("a rate at the county", lambda: (p := peer(county, BUREAU))["rate_out"] > idle + 1000 and p)
    received = wait_for("a rate at the bureau", lambda: (p := peer(pair.bureau, COUNTY))["rate_in"] > idle + 1000 and p)
    assert sent["rate_out"] > sent["rate_in"] and received["rate_in"] > received["rate_out"]
    assert sent["bytes_out"] > sent["rate_out"] / 10 and received["last_heard"] >= received["since"]
    county.wait_delivered()
    busy = peer(county, BUREAU)["rate_out"]
    wait_for("the line to be quiet", lambda: peer(county, BUREAU)["rate_out"] < 0.7 * busy)


def test_a_peer_of_another_time(pair, request):
    """No version in common, a clock that is a minute ahead, and what it says on a stream breaks the protocol."""
    (county,) = pair.counties
    wait_for("a connection", lambda: peer(county, BUREAU)["connected"])
    pair.bureau.stop()
    strange = subprocess.Popen([pair.bin / "future_bureau", pair.bureau.folder / "node.toml"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    request.addfinalizer(strange.kill)
    assert strange.stdout.readline() == f"listening {pair.bureau.port}\n"
    shown = wait_for("an offence", lambda: (p := peer(county, BUREAU))["offences"] and p)
    assert shown["offence"].startswith("WIRE-") and shown["refused_until"] and not shown["connected"], shown
    assert shown["last_error"].startswith("WIRE-")
    assert shown["offence"].split(":")[0] in county.ctl("peer", "show", BUREAU)
    report = json.loads(county.ctl("--output", "json", "doctor", accept=(0, 3)))
    assert any(finding["code"] == shown["offence"].split(":")[0] and "in a row" in finding["detail"] for finding in report["findings"])

    code, steps = ping(county, BUREAU)
    assert code == 1
    assert [steps[step]["result"] for step in ("connect", "tls", "certificate", "let-in")] == ["ok"] * 4, steps
    assert (steps["version"]["result"], steps["version"]["code"]) == ("failed", "WIRE-VERSION")
    assert f"speaks versions 2 to 3, node {COUNTY}" in steps["version"]["detail"] and steps["version"]["try_en"]
    assert steps["clock"]["result"] == "warning" and "timedatectl" in steps["clock"]["try_en"]
    ahead = int(steps["clock"]["detail"].split("by ")[1].split(" ms")[0])
    assert steps["clock"]["detail"].startswith("there ahead of here by") and abs(ahead - 60_000) < 5_000, steps["clock"]
    assert steps["stream"]["result"] == "failed"

    # In a row: they are counted, and forgotten only long after.
    assert wait_for("another", lambda: (p := peer(county, BUREAU))["offences"] > shown["offences"] and p)
    strange.stdin.close()
    assert strange.wait(timeout=60) == 0
    pair.bureau.start()
    county.wait_delivered()
    assert peer(county, BUREAU)["offences"] > 1


def test_who_may_not_connect_is_told_why(pair):
    secret = ("--passphrase-file", pair.passphrase)
    late = pair.folder / "pki-late"
    subprocess.run(["cp", "-r", pair.folder / "pki", late], check=True)
    pair.ctl("pki", "issue", "--dir", late, "--node", "370830", "--name", "未登记", "--parent", BUREAU, *secret)
    unlisted = Stranger(pair, "370830", late)
    other = pair.folder / "other"
    pair.ctl("pki", "init", "--dir", other, *secret)
    for code in (BUREAU, COUNTY):
        pair.ctl("pki", "issue", "--dir", other, "--node", code, "--name", "别处", "--parent", "" if code == BUREAU else BUREAU, *secret)
    other_root = Stranger(pair, COUNTY, other)
    for stranger, step in ((unlisted, "let-in"), (other_root, "tls")):
        stranger.init()
        try:
            stranger.start()
            code, steps = ping(stranger, BUREAU)
            assert code == 1
            assert steps["connect"]["result"] == "ok", steps
            assert steps[step]["result"] == "failed", steps
            assert steps[step]["try_en"]
        finally:
            stranger.kill()


def test_a_quota_pauses_and_loses_nothing(tmp_path):
    with Federation(tmp_path, [COUNTY], calendars=CALENDARS) as federation:
        trust = tmp_path / "pki" / "trust.toml"

        def set_quota(records):
            lines = [line for line in trust.read_text(encoding="utf-8").splitlines() if "quota" not in line]
            at = lines.index(f'code = "{COUNTY}"')
            lines.insert(at + 1, f"quota_records_per_day = {records}")
            trust.write_text("\n".join(lines) + "\n", encoding="utf-8")

        set_quota(1)
        federation.start()
        (county,) = federation.counties
        files = generate(federation, cases=30, seed=63)
        county.import_file(files[COUNTY])
        paused = wait_for("following to pause", lambda: ledger(federation.bureau, COUNTY, "following")["paused_until"] and
                          ledger(federation.bureau, COUNTY, "following"))
        assert paused["lag_records"] > 0
        wait_for("the head to be seen", lambda: ledger(federation.bureau, COUNTY, "following")["seen"] >= 30)
        assert peer(federation.bureau, COUNTY)["quota_records_per_day"] == 1
        wait_for("the county to know", lambda: "SYNC-QUOTA" in county.status()["own"]["problem"])
        (followed,) = federation.bureau.status()["followed"]
        assert "SYNC-QUOTA" in followed["problem"]

        set_quota(100_000)
        federation.bureau.stop()
        federation.bureau.start()
        county.wait_delivered()
        wait_for("the county to forget it", lambda: not county.status()["own"]["problem"])


def test_a_connection_that_never_calls_is_closed(pair):
    """TLS with the right certificate, HTTP/2 begun, and then nothing."""
    root = pair.folder / "pki" / COUNTY / "tls-root.pem"
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{pair.bureau.port}", "-CAfile", root, "-alpn", "h2",
               "-servername", f"{BUREAU}.node.tongjian", "-quiet", "-no_ign_eof", *own_keys(pair)]
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\x04\0\0\0\0\0"
    with subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        # And one that does not even begin TLS.
        with socket.create_connection(("127.0.0.1", pair.bureau.port)) as silent:
            process.stdin.write(preface)
            process.stdin.flush()
            silent.settimeout(60)
            assert silent.recv(1) == b"", "closed within the handshake's time"
        process.wait(timeout=120)  # by the server: our end stays open
        process.stdin.close()
    assert peer(pair.bureau, COUNTY)["connected"]


def read_until(descriptor, shown, wanted, seconds=60):
    """Reads on until `wanted` is in what was read since `shown`; all of it."""
    deadline = time.monotonic() + seconds
    new = b""
    while wanted not in new:
        assert select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))[0], (wanted, new[-2000:])
        new += os.read(descriptor, 65536)
    return shown + new


def test_status_watch(pair):
    (county,) = pair.counties
    base = [pair.bin / "tongjianctl", "--socket", county.socket]
    files = [generate(pair, cases=20, seed=65 + n, folder=f"watch{n}", last_day=day)[COUNTY]
             for n, day in enumerate(("2026-03-31", "2026-06-30"))]

    def hand_in(file):
        """The number that the status must show then."""
        county.import_file(file)
        wait_for("the sums", lambda: county.status()["summary_rows_due"] == 0)
        county.wait_delivered()
        return county.status()["own"]["sequenced"]

    with subprocess.Popen([*base, "--output", "json", "status", "--watch", "--interval", "0.1"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as watch:
        before = json.loads(watch.stdout.readline())
        size = hand_in(files[0])
        assert before["node"] == COUNTY and before["own"]["sequenced"] < size
        wait_for("the new number", lambda: json.loads(watch.stdout.readline())["own"]["sequenced"] >= size)
        watch.send_signal(signal.SIGINT)
        assert watch.wait(timeout=60) == 0
        assert watch.stderr.read() == ""

    # On a terminal it redraws in place, what has become of it.
    redraw = b"\x1b[H\x1b[2J"
    leader, follower = pty.openpty()
    with subprocess.Popen([*base, "status", "--watch", "--interval", "0.1"], stdout=follower, stderr=follower) as watch:
        os.close(follower)
        shown = read_until(leader, b"", b" %d " % size)
        size = hand_in(files[1])
        assert b" %d " % size not in shown
        shown = read_until(leader, shown, b" %d " % size)
        shown = read_until(leader, shown, redraw)
        watch.send_signal(signal.SIGINT)
        assert watch.wait(timeout=60) == 0
    os.close(leader)
    assert shown.count(redraw) >= 3 and COUNTY.encode() in shown

    # Into a pipe there is nothing to redraw.
    with pytest.raises(CtlError) as refused:
        county.ctl("status", "--watch")
    assert refused.value.code == 2
