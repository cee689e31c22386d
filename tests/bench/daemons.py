"""The rows that need whole nodes: a county and a bureau as they are installed, over TLS, with the defaults of `node.toml`.

ingest_single (over the intake stream), follow_live, witness_latency, growth, node_rss, disk_bytes. Rows are as in bench.json.
"""

import bisect
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from federation import Federation, wait_for  # noqa: E402  pylint: disable=wrong-import-position

COUNTY = "370826"
# As a node is installed; the tests' own are shorter.
INSTALLED = {"interval": 60, "offer_interval": 60, "start_wait": 2, "heads_interval": 3600, "log_level": "info"}
QUICK = {"interval": 1, "offer_interval": 1}
CPU, RSS = "cpu", "rss_anon"


def row(name, value, unit, **detail):
    print(f"{name:<18} {value:>14.6g} {unit}", file=sys.stderr, flush=True)
    return {"name": name, "value": value, "unit": unit, "detail": detail}


def quantile(values, q):
    return sorted(values)[int(q * (len(values) - 1))] if values else 0.0


class Pair:
    """A bureau and a county that follows it, and the load that the county gets. A context manager."""

    def __init__(self, **options):
        self.folder = tempfile.TemporaryDirectory(prefix="tj-bench-")
        self.federation = Federation(self.folder.name, [COUNTY], **{**INSTALLED, **options}).start()
        self.county, self.bureau = self.federation.counties[0], self.federation.bureau
        self.next_case = 0

    def load(self, records, clients=1, batch=1, **options):
        """What tj_load says; each call goes on with cases of its own."""
        words = [self.federation.bin / "tj_load", "--socket", self.county.socket, "--records", records, "--clients", clients,
                 "--batch", batch, "--first-case", self.next_case]
        for name, value in options.items():
            words += ["--" + name, value]
        for node in (self.county, self.bureau):
            words += ["--pid", node.process.pid]
        self.next_case += records // 8 + clients + 1
        return json.loads(subprocess.run(list(map(str, words)), stdout=subprocess.PIPE, check=True).stdout)

    def processes(self):
        """CPU seconds and RssAnon in bytes: of the county, of the bureau."""
        found = []
        for node in (self.county, self.bureau):
            process = pathlib.Path(f"/proc/{node.process.pid}")
            times = (process / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
            rss = next(line for line in (process / "status").read_text(encoding="ascii").splitlines() if line.startswith("RssAnon"))
            found.append({CPU: (int(times[11]) + int(times[12])) / 100, RSS: int(rss.split()[1]) * 1024})
        return found

    def wire_bytes(self):
        """What the county's connection to the bureau has carried both ways, by the kernel's count."""
        shown = subprocess.run(["ss", "-tinH", "state", "established", f"( dport = :{self.bureau.port} )"],
                               capture_output=True, text=True, check=True).stdout
        return sum(int(word.partition(":")[2]) for word in shown.split() if word.startswith(("bytes_sent:", "bytes_received:")))

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.federation.__exit__(*exc)
        self.folder.cleanup()


class Watch:
    """When the county's numbers changed: `status --watch` in a thread. A context manager."""

    def __init__(self, county, interval):
        self.seen = []  # (Unix milliseconds, witnessed records), when it had grown
        self.program = subprocess.Popen(
            [county.federation.bin / "tongjianctl", "--socket", county.socket, "--output", "json", "status", "--watch",
             "--interval", str(interval)], stdout=subprocess.PIPE, text=True, encoding="utf-8")
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self):
        for line in self.program.stdout:
            witnessed = int(json.loads(line)["own"].get("witnessed", 0))
            if not self.seen or witnessed > self.seen[-1][1]:
                self.seen.append((time.time() * 1000, witnessed))

    def wait_witnessed(self, index, seconds=150):
        """Seconds since the epoch at which record `index` was first known to be witnessed."""
        wait_for(f"record {index} to be witnessed", lambda: self.seen and self.seen[-1][1] > index, seconds=seconds)
        seen = list(self.seen)
        return seen[bisect.bisect_right([size for _, size in seen], index)][0] / 1000

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.program.terminate()
        self.program.wait()
        self.thread.join()


def single(scale):
    """A record a message, each answered before the next of the same client."""
    rows = []
    for clients, records in ((1, scale.records // 20), (32, scale.records // 2)):
        found = []
        for _ in range(scale.rounds):
            with Pair() as pair:
                found.append(pair.load(max(records, clients), clients=clients))
        rates = [load["rate"] for load in found]
        rows.append(row(f"ingest_single_{clients}", quantile(rates, 0.5), "records/s", min=min(rates), max=max(rates),
                        answer_ms_p50=found[-1]["answer_ms"]["p50"], answer_ms_p99=found[-1]["answer_ms"]["p99"]))
    return rows


def live(scale):
    """Five events a second, at their times; then orders and replies, which are urgent."""
    with Pair(**(QUICK if scale.smoke else {})) as pair, Watch(pair.county, 0.1) as watch:
        warm = pair.folder.name + "/warm"
        pair.load(8, sequenced=warm)
        watch.wait_witnessed(7)
        time.sleep(0 if scale.smoke else random.uniform(0, 30))  # not in step with the county's own beat
        before, wire = pair.processes(), pair.wire_bytes()
        file = pathlib.Path(pair.folder.name) / "sequenced"
        records = max(5 * scale.live_seconds, 8)
        load = pair.load(records, rate=5, sequenced=file)
        events = [tuple(map(int, line.split())) for line in file.read_text(encoding="ascii").splitlines()]
        watch.wait_witnessed(max(index for index, _ in events))
        after, carried = pair.processes(), pair.wire_bytes() - wire
        waits = [watch.wait_witnessed(index) - due / 1000 for index, due in events]
        county_cpu, bureau_cpu = ((b[CPU] - a[CPU]) * 1000 / records for a, b in zip(before, after))
        urgent = [reply_seconds(pair, watch, f"DB-{n}") for n in range(scale.orders)]
    return [
        row("follow_live", carried / records, "B", records=records, county_cpu_ms=county_cpu, bureau_cpu_ms=bureau_cpu,
            answer_ms_p50=load["answer_ms"]["p50"], answer_ms_p99=load["answer_ms"]["p99"]),
        row("witness_latency", quantile(waits, 0.5), "s", p99=quantile(waits, 0.99), max=max(waits)),
        row("witness_latency_urgent", quantile(urgent, 0.5), "s", max=max(urgent), orders=len(urgent)),
    ]


def reply_seconds(pair, watch, number):
    """From the county's reply to an order until its record is known to be witnessed."""
    def arrived():
        orders = json.loads(pair.county.ctl("--output", "json", "order", "list"))["orders"]
        return any(order["order_no"] == number for order in orders)

    pair.bureau.ctl("order", "issue", "--to", COUNTY, "--no", number, "--requirement", "EXPLAIN", "--reply-due", "2099-12-31")
    wait_for(f"order {number}", arrived)
    started = time.time()
    pair.county.ctl("order", "reply", "--order", number, "--result", "RECTIFIED")
    index = int(pair.county.status()["own"]["sequenced"]) - 1
    return watch.wait_witnessed(index) - started


def size_of(folder):
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def growth(scale):
    """Millions of records at a steady rate, so that a record's cost is what the nodes use, whatever they put off."""
    windows = 100
    with Pair(**(QUICK if scale.smoke else {})) as pair:
        records = scale.growth_records
        load = pair.load(records, clients=8, batch=100, rate=scale.growth_rate, window=records // windows)
        pair.county.wait_delivered(seconds=3600)
        end = pair.processes()
        cost = lambda a, b, which: (b["processes"][which][CPU] - a["processes"][which][CPU]) * 1e5 / (b["records"] - a["records"])
        samples = load["samples"]
        # Without the start: the first window warms caches. The ends are means of five windows, because compactions come in bursts.
        ends = [(samples[1], samples[6]), (samples[-6], samples[-1])]
        first, last = (sum(cost(a, b, which) for which in (0, 1)) for a, b in ends)
        detail = {f"{name}_s_per_100k_{when}": cost(a, b, which) for which, name in enumerate(("county", "bureau"))
                  for when, (a, b) in zip(("first", "last"), ends)}
        answers = [sample["answer_ms"]["p999"] for sample in samples[1:]]
        rows = [row("growth", last / first, "x", records=records, rate=load["rate"], **load["answer_ms"],
                    p999_first=quantile(answers[:10], 0.5), p999_last=quantile(answers[-10:], 0.5), **detail)]
        for which, name in enumerate(("county", "bureau")):
            rss = [sample["processes"][which][RSS] for sample in samples]
            rows.append(row(f"node_rss_{name}", end[which][RSS], "B", at_tenth=rss[len(rss) // 10], at_half=rss[len(rss) // 2],
                            max=max(rss)))
        pair.county.stop()
        data = pair.county.data
        rows.append(row("disk_bytes_node", size_of(data / "ledger") / records, "B", derived=size_of(data / "derived") / records,
                        records=records))
        return rows
