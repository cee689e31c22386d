"""A federation whose data folders an earlier version wrote (tests/golden/README.md), and what it must still answer."""

import hashlib
import json
import pathlib
import subprocess
import tarfile

from federation import BUREAU, ROOT, Federation, Node, program_folder
from ledger_checks import leaves_of, statements_of

GOLDEN = ROOT / "tests" / "golden"
COUNTY = "370826"
ARCHIVE, FIGURES, BUNDLE = "nodes.tar.gz", "nodes.json", "county.tjb"
WRITES_NOTHING = 3600  # a node alone waits so many seconds for its followers before it writes


def recordings():
    return sorted(file.parent for file in GOLDEN.glob(f"*/{ARCHIVE}"))


class Recorded(Federation):
    """A copy of a recording, unpacked into `folder`. `figures` is what its nodes answered when it was made."""

    def __init__(self, recording, folder, **options):  # pylint: disable=super-init-not-called  # nothing is made here
        self.folder = pathlib.Path(folder)
        self.bin = program_folder()
        with tarfile.open(recording / ARCHIVE) as archive:
            archive.extractall(self.folder)
        self.passphrase = self.folder / "passphrase"
        self.figures = json.loads((recording / FIGURES).read_text(encoding="utf-8"))
        self.options = options
        self.bureau = Node(self, BUREAU)
        self.counties = [Node(self, COUNTY, parent=self.bureau)]
        for node in self.nodes():
            node.write_config(**options)

    def start(self):
        self.bureau.start()
        (county,) = self.counties
        county.write_config(**self.options)
        county.start()
        return self


def fsck_of_stopped(node):
    done = subprocess.run([node.federation.bin / "tongjiand", "--config", node.folder / "node.toml", "--fsck"],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{done.returncode}\n{done.stdout}{done.stderr}"
    found = json.loads(done.stdout)
    assert found["sound"] and found["findings"] == [], found
    return {ledger["ledger"]: [ledger["sequenced"], ledger["root"]] for ledger in found["ledgers"]}


def figures_of(federation):
    """Of stopped nodes: ledgers with their roots; then, each started alone: heads, statements, leaves and summaries."""
    found = {}
    for node in federation.nodes():
        ledgers = fsck_of_stopped(node)
        node.write_config(**federation.options, start_wait=WRITES_NOTHING)
        node.start()
        found[node.code] = {
            "ledgers": ledgers,
            "heads": {name: head_of(node, name) for name in ledgers},
            "statements": statements_of(node),
            "leaves": {name: leaves_digest(node, name, int(size)) for name, (size, _) in ledgers.items()},
            "families": families_of(node, ledgers),
            "orders": orders(node),
            "checks": checks(node),
            "summary": node.query("summary", "--group-by", "county")["rows"],
        }
        node.stop()
        node.write_config(**federation.options)
    return found


def orders(node):
    return [[order["order_no"], order["state"]] for order in json.loads(node.ctl("--output", "json", "order", "list"))["orders"]]


def checks(node):
    found = json.loads(node.ctl("--output", "json", "spotcheck", "status")).get("checks", [])
    return [[check["period"], check["county"], check["state"]] for check in found]


def families_of(node, ledgers):
    """How many records of each family a ledger has, and of how many the body is here."""
    return {name: {family: [len(mine), sum(record["body_here"] for record in mine)]
                   for family, mine in by_family(leaves_of(node, int(size), "--ledger", name)).items()}
            for name, (size, _) in ledgers.items()}


def by_family(records):
    found = {}
    for record in records:
        found.setdefault(record["family"], []).append(record)
    return found


def head_of(node, ledger):
    return json.loads(node.ctl("--output", "json", "ledger", "head", "--ledger", ledger))["note"]


def leaves_digest(node, ledger, size):
    text = "".join(record["leaf"] + "\n" for record in leaves_of(node, size, "--ledger", ledger))
    return hashlib.sha256(text.encode()).hexdigest()
