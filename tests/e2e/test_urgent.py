"""A county whose 50 MB of backlog crawl over 256 kbit/s: an alarm and a reply overtake them, with their proofs, and an order comes down
meanwhile, each in seconds."""

import json
import os
import random
import shutil
import time

from demo_cases import CALENDARS, generate
from federation import Federation, Node, wait_for
from measured import record
from proxy import Proxy

COUNTY, TOWN = "370826", "370826001"
BYTES_A_SECOND = 32_000  # 256 kbit/s, each way
BACKLOG_BYTES = int(os.environ.get("TJ_URGENT_BACKLOG_BYTES", "50000000"))
# What is asked for; a machine that is busy with other tests does not change the line's speed, which is what takes the time.
SECONDS_MAX = 10.0
FIELDS, FIELD_CHARS = 32, 64  # as many and as long as a correction may name
BYTES_A_RECORD = 3_500  # at least, packed: 14 bits a character


class WithTown(Federation):
    """A bureau, a county, and a town below it."""

    def __init__(self, folder, **options):
        super().__init__(folder, [COUNTY], **options)
        self.county = self.counties[0]
        self.county.listens = True
        self.town = Node(self, TOWN, parent=self.county)
        self.ctl("pki", "issue", "--dir", self.folder / "pki", "--node", TOWN, "--name", "镇", "--parent", COUNTY,
                 "--passphrase-file", self.passphrase)
        self.counties.append(self.town)


def backlog(file):
    """Events that do not compress: corrections that name many fields, in characters at random."""
    noise = random.Random(7)
    high_bytes = bytes(0x4E + (byte & 0x3F) for byte in range(256))  # U+4E00 to U+8DFF

    def text():
        units = bytearray(noise.randbytes(2 * FIELD_CHARS))
        units[1::2] = units[1::2].translate(high_bytes)
        return units.decode("utf-16-le")

    with open(file, "w", encoding="utf-8") as out:
        for i in range(BACKLOG_BYTES // BYTES_A_RECORD + 1):
            fields = [text() for _ in range(FIELDS)]
            out.write(json.dumps({"event": {
                "source": "demo-hall", "source_event_id": f"c{i}", "case_no": f"BL{i}", "type": "CORRECT",
                "occurred_at_ms": "1781574960000", "org": "11370826MB0000004D",
                "item": "11370826MB0000004D4000790010001", "region": COUNTY, "data_ver": 1,
                "time_provenance": "OBSERVED",
                "correct": {"target": "0", "fields": fields, "reason_code": "R1", "approver_id": "P1"}}},
                ensure_ascii=False) + "\n")
    return file


def forked_bundle(federation, parts):
    """A file in which the town shows the county another past than the one that the county holds."""
    town, county = federation.town, federation.county
    town.import_file(parts[0])
    town.wait_delivered()
    town.stop()
    copy = federation.folder / "copy"
    shutil.copytree(town.data, copy)
    town.start()
    town.import_file(parts[1])
    town.wait_delivered()
    town.stop()
    shutil.rmtree(town.data)
    shutil.copytree(copy, town.data)
    town.offline = True
    town.write_config(**federation.options)
    town.start()
    town.import_file(parts[2])
    wait_for("the town to sign", lambda: (own := town.status()["own"])["published"] == own["sequenced"])
    folder = federation.folder / "gap"
    town.ctl("bundle", "export", "--to", county.code, "--out", folder)
    town.stop()
    return sorted(folder.iterdir())


def lines_of(file, first, last, out):
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    out.write_text("".join(lines[first:last]), encoding="utf-8")
    return out


def held(federation):
    """Records of the county that are at the bureau."""
    (ledger,) = [l for l in federation.bureau.status()["followed"] if l["ledger"] == f"{COUNTY}/1"]
    return int(ledger["sequenced"])


def alarms(node):
    listed = json.loads(node.ctl("--output", "json", "alarm", "list"))["alarms"]
    return [alarm for alarm in listed if alarm["ledger"] == f"{COUNTY}/1"]


def order_at(node):
    orders = json.loads(node.ctl("--output", "json", "order", "list"))["orders"]
    return orders[0] if orders else {}


def timed(action, what, condition):
    """The first true value of condition() after `action`, and how long both took."""
    started = time.monotonic()
    action()
    value = wait_for(what, condition, seconds=120)
    return value, time.monotonic() - started


def test_what_is_urgent_overtakes_a_backlog(tmp_path):
    with WithTown(tmp_path, calendars=CALENDARS, upward="headers") as federation:
        county, bureau = federation.county, federation.bureau
        bureau.start()
        with Proxy(bureau.port) as line:
            county.dial_port = line.port
            for node in federation.counties:
                node.init(**federation.options)
                node.start()
            events = generate(federation, cases=40, seed=5)[TOWN]
            parts = [lines_of(events, *part, tmp_path / f"part{part[0]}.ndjson") for part in ((0, 20), (20, 80), (80, 90))]
            bundle = forked_bundle(federation, parts)
            county.wait_delivered()

            line.cut()
            answer = county.import_file(backlog(tmp_path / "backlog.ndjson"))
            assert answer["quarantined"] == 0, answer
            (tmp_path / "backlog.ndjson").unlink()
            total = wait_for("the backlog to be signed",
                             lambda: (own := county.status()["own"])["published"] == own["sequenced"] and int(own["sequenced"]))
            before, passed = held(federation), line.up.passed
            line.heal()
            line.up.rate = line.down.rate = BYTES_A_SECOND
            wait_for("the backlog to flow", lambda: held(federation) > before + 10, seconds=120)

            seen, alarm = timed(lambda: county.ctl("bundle", "import", *bundle, accept=(0, 3)), "the alarm at the bureau",
                                lambda: alarms(bureau))
            _, order = timed(lambda: bureau.ctl("order", "issue", "--to", COUNTY, "--no", "DB-1", "--requirement", "EXPLAIN",
                                                "--reply-due", "2099-12-31"),
                             "the order at the county", lambda: order_at(county).get("state") == "arrived")
            replied, reply = timed(lambda: county.ctl("order", "reply", "--order", "DB-1", "--result", "RECTIFIED"),
                                   "the reply at the bureau", lambda: (o := order_at(bureau))["state"] == "replied" and o)
            outstanding = (total - held(federation)) * BYTES_A_RECORD
            behind = (f"{outstanding / 1e6:.0f} MB to go at {BYTES_A_SECOND * 8 // 1000} kbit/s, "
                      f"{(line.up.passed - passed) / 1e6:.2f} MB had passed")
            record("urgent", ("urgent_alarm", round(alarm, 2), "s", behind), ("urgent_order", round(order, 2), "s", behind),
                   ("urgent_reply", round(reply, 2), "s", behind))
            assert [(a["code"], a["provisional"]) for a in seen] == [("SEC-FORK", True)]
            assert replied["result"] == "RECTIFIED" and replied["reply_provisional"] and replied["reply_index"] >= total
            assert outstanding > 0.9 * BACKLOG_BYTES
            assert max(alarm, order, reply) < SECONDS_MAX
            overtaken = held(federation)
            wait_for("the backlog to go on", lambda: held(federation) > overtaken, seconds=60)

            line.heal()
            county.wait_delivered()
            own = wait_for("the rest", lambda: (own := county.status()["own"])["sequenced"] == held(federation) and own)
            (arrived,) = alarms(bureau)
            assert not arrived["provisional"] and arrived["index"] == seen[0]["index"]
            assert json.loads(arrived["payload_json"]) == json.loads(seen[0]["payload_json"])
            assert int(own["sequenced"]) > total
            at_last = wait_for("the reply in its ledger", lambda: not (o := order_at(bureau))["reply_provisional"] and o)
            assert at_last == {**replied, "reply_provisional": False}
            for node in (bureau, county):
                reply = node.fsck()
                assert reply["sound"] and reply["findings"] == [], (node.code, reply["findings"])
