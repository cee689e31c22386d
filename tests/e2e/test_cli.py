"""What the programs say: help with examples, usage errors, a node that is not there, bad configuration."""

import os
import re
import subprocess

import pytest
from federation import ROOT

BIN = ROOT / "build" / os.environ.get("TJ_PRESET", "dev") / "bin"
if "TJ_BIN_DIR" in os.environ:
    BIN = type(ROOT)(os.environ["TJ_BIN_DIR"])

LEAVES = [
    "init", "pki init", "pki issue", "status", "intake import", "ledger head", "ledger show", "ledger prove", "ledger fsck", "ledger open",
    "spotcheck draw", "spotcheck reveal", "spotcheck status", "spotcheck report",
    "peer list", "peer show", "peer ping", "bundle export", "bundle import", "bundle show", "order issue", "order reply", "order list",
    "doctor recover", "alarm list", "query summary", "query ranking", "query trend", "case list", "case show", "verify", "generate",
]
NEED_A_NODE = ["status", "ledger head", "ledger show 0", "ledger prove 0", "ledger fsck", "peer list", "peer show 370800", "peer ping 370800",
               "query summary", "query ranking", "query trend --from 2026-01 --to 2026-02", "case list", "case show 1",
               "bundle export --to 370800", "alarm list", "order list", "order reply --order DB-1 --result RECTIFIED",
               "ledger open 370826 --reason X", "ledger open 370826 --request 1 --from 2",
               "spotcheck draw --period 2026-11", "spotcheck reveal --period 2026-11",
               "spotcheck status", "spotcheck report"]
WRONG = ["", "nonsense", "query", "query nonsense", "status --nonsense", "--output xml status", "peer show", "peer ping",
         "peer ping 370800 --timeout 0", "status --watch --until-delivered", "case show",
         "intake import", "generate", "verify", "doctor recover", "status --timeout soon", "ledger show minus",
         "bundle", "bundle export", "bundle export --to 370800 --size large", "bundle import", "bundle show",
         "order", "order issue --to 370826", "order reply",
         "ledger open 370826", "ledger open 370826 --case 1 --first 2 --reason X", "ledger open 370826 --request 1 --reason X",
         "ledger open 370826 --request 1 --first 2", "ledger open 370826 --from 2 --reason X", "spotcheck", "spotcheck draw"]
CONFIG = """[node]
code = "370826"
data = "data"
[keys]
sign_certificate = "sign.pem"
sign_key = "sign.key"
tls_certificate = "tls.pem"
tls_key = "tls.key"
tls_root = "tls-root.pem"
[trust]
file = "trust.toml"
"""


def run(program, *arguments):
    return subprocess.run([BIN / program, *map(str, arguments)], capture_output=True, text=True, encoding="utf-8",
                          timeout=60, check=False, stdin=subprocess.DEVNULL)


def subcommands(*words):
    """Names under "Subcommands:" of a command's help."""
    text = run("tongjianctl", *words, "--help").stdout
    below = text.partition("Subcommands:\n")[2]
    return re.findall(r"(?m)^  ([a-z]\S*)", below)


def test_the_list_of_commands_is_whole():
    found = []
    for name in subcommands():
        below = subcommands(name)
        found += [f"{name} {sub}" for sub in below] or [name]
    assert sorted(found) == sorted(LEAVES)


@pytest.mark.parametrize("command", LEAVES)
def test_help_has_an_example(command):
    done = run("tongjianctl", *command.split(), "--help")
    assert done.returncode == 0 and not done.stderr
    # What to add to it is shown below; that the top says so too is the help of the group.
    group = run("tongjianctl", *command.split()[:-1], "--help").stdout
    assert f"例 example: tongjianctl {command}" in done.stdout + group
    assert f"例 example: tongjianctl {command}" in done.stdout


def test_what_is_not_confirmed_is_not_done():
    done = run("tongjianctl", "doctor", "recover", "--from", "370800")
    assert done.returncode == 2 and "error: USAGE" in done.stderr and "not confirmed" in done.stderr


@pytest.mark.parametrize("command", WRONG)
def test_wrong_usage(command):
    done = run("tongjianctl", *command.split())
    assert done.returncode == 2
    assert "error: USAGE" in done.stderr and "\ntry: " in done.stderr
    assert not done.stdout


@pytest.mark.parametrize("command", ["", "--nonsense", "--config a --check --init"])
def test_wrong_usage_of_the_node(command):
    done = run("tongjiand", *command.split())
    assert done.returncode == 2
    assert "error: USAGE" in done.stderr and "\ntry: " in done.stderr


@pytest.mark.parametrize("command", NEED_A_NODE)
@pytest.mark.parametrize("output", ["text", "json"])
def test_no_node(tmp_path, command, output):
    done = run("tongjianctl", "--socket", tmp_path / "no.sock", "--output", output, *command.split())
    assert done.returncode == 1
    assert done.stderr.startswith("error: CONTROL: ") and "\ntry: " in done.stderr
    assert not done.stdout


def test_import_without_node_or_file(tmp_path):
    file = tmp_path / "a.ndjson"
    done = run("tongjianctl", "--socket", tmp_path / "no.sock", "intake", "import", file)
    assert done.returncode == 1 and done.stderr.startswith("error: FILE: ")
    file.write_text("{}\n", encoding="utf-8")
    done = run("tongjianctl", "--socket", tmp_path / "no.sock", "intake", "import", file)
    assert done.returncode == 1 and done.stderr.startswith("error: CONTROL: ")


def test_bundles_without_node_or_file(tmp_path):
    file = tmp_path / "a.tjb"
    for command in (("--socket", tmp_path / "no.sock", "bundle", "import", file), ("bundle", "show", file)):
        done = run("tongjianctl", *command)
        assert done.returncode == 1 and done.stderr.startswith("error: FILE: ")
    file.write_text("no bundle\n", encoding="utf-8")
    done = run("tongjianctl", "bundle", "show", file)
    assert done.returncode == 3 and done.stderr.startswith("error: SYNC-BUNDLE: ")
    done = run("tongjianctl", "--socket", tmp_path / "no.sock", "bundle", "import", file)
    assert done.returncode == 1 and done.stderr.startswith("error: CONTROL: ")


@pytest.mark.parametrize("program", ["tongjianctl", "tongjiand"])
def test_version(program):
    done = run(program, "--version")
    assert done.returncode == 0 and re.fullmatch(r"\d+\.\d+\.\d+\n", done.stdout)


def check(folder, text):
    file = folder / "node.toml"
    file.write_text(text, encoding="utf-8")
    done = run("tongjiand", "--config", file, "--check")
    places = {int(line): what for line, what in re.findall(rf"(?m)^{re.escape(str(file))}:(\d+): (.*)$", done.stderr)}
    return done, places


@pytest.mark.parametrize("line, word", [
    ('[nodes]', "nodes"),
    ('[log]\nlevel = "loud"', "log.level"),
    ('[log]\nformat = "xml"', "log.format"),
    ('[log]\ncolour = "red"', "log.colour"),
    ('[summary]\ninterval_seconds = 0', "summary.interval_seconds"),
    ('[summary]\ninterval_seconds = "1"', "summary.interval_seconds"),
    ('[publish]\nupward = "all"', "publish.upward"),
    ('[parent]\ncode = "37"\naddress = "a:1"', "parent.code"),
    ('[calendars]\ndemonstration_years = [1066]', "calendars.demonstration_years"),
])
def test_check_names_file_line_and_key(tmp_path, line, word):
    done, places = check(tmp_path, CONFIG + line + "\n")
    assert done.returncode == 1 and not done.stdout
    assert done.stderr.startswith("error: CONFIG: ") and "\ntry: " in done.stderr
    first = CONFIG.count("\n") + 1
    assert places, done.stderr
    assert any(first <= number <= first + line.count("\n") and word in what for number, what in places.items()), done.stderr


def test_check_reports_every_problem(tmp_path):
    text = CONFIG.replace('[trust]', 'colour = "red"\n[trust]') + '[log]\nlevel = "loud"\nformat = "xml"\n'
    done, places = check(tmp_path, text)
    assert done.returncode == 1
    assert len(places) == 3, done.stderr


def test_check_of_what_is_no_toml(tmp_path):
    done, places = check(tmp_path, CONFIG + "what = = this\n")
    assert done.returncode == 1 and list(places) == [CONFIG.count("\n") + 1], done.stderr


def test_check_without_mandatory_key(tmp_path):
    done, _ = check(tmp_path, CONFIG.replace('data = "data"\n', ""))
    assert done.returncode == 1 and "node.data" in done.stderr
    done, _ = check(tmp_path, CONFIG.replace('code = "370826"\n', ""))
    assert done.returncode == 1 and "node.code" in done.stderr


def test_check_of_no_file(tmp_path):
    done = run("tongjiand", "--config", tmp_path / "none.toml", "--check")
    assert done.returncode == 1 and re.match(r"error: (CONFIG|FILE): ", done.stderr) and ":0:" not in done.stderr


def test_check_of_missing_keys(tmp_path):
    done, _ = check(tmp_path, CONFIG)
    assert done.returncode == 1 and re.match(r"error: [A-Z-]+: ", done.stderr) and "trust.toml" in done.stderr
