"""The same programs with hashing forced to each level that this processor has: the same roots, and sound folders."""

import json
import os
import subprocess

import pytest
from demo_cases import CALENDARS, generate
from federation import Federation, wait_for

LEVELS = ["off", "portable", "sse2", "avx2", "avx512"]


def available(federation):
    """The error message of the daemon tells which there are."""
    answer = run_at(federation.bureau, "none", "--check")
    assert answer.returncode == 1
    assert "TONGJIAN_SM3" in answer.stderr and "CONFIG" in answer.stderr
    return [level for level in LEVELS if level in answer.stderr.split("this processor has", 1)[1]]


def run_at(node, level, *arguments):
    return subprocess.run([node.federation.bin / "tongjiand", "--config", node.folder / "node.toml", *arguments], capture_output=True,
                          text=True, check=False, env={**os.environ, "TONGJIAN_SM3": level})


@pytest.fixture(scope="module", name="job")
def written_and_followed(tmp_path_factory):
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TONGJIAN_SM3", "off")
        with Federation(tmp_path_factory.mktemp("tj"), ["370826"], calendars=CALENDARS) as federation:
            federation.bureau.start()
            environment.delenv("TONGJIAN_SM3")  # the county hashes in lanes, the bureau checks what comes one by one
            county = federation.counties[0]
            county.init(**federation.options)
            county.start()
            county.import_file(generate(federation, cases=150, seed=11)[county.code])
            county.wait_delivered()
            yield federation


def root_of(node, *ledger):
    """The second and third line of a head's note: size and root."""
    return json.loads(node.ctl("--output", "json", "ledger", "head", *ledger))["note"].split("\n")[1:3]


def test_every_level_gives_the_same_roots(job):
    county = job.counties[0]
    assert county.fsck()["sound"] and job.bureau.fsck()["sound"]
    size, root = root_of(job.bureau, "--ledger", "370826")
    assert int(size) > 500
    wait_for("the same head above and below", lambda: root_of(county) == root_of(job.bureau, "--ledger", "370826"))
    assert root
    levels = available(job)
    assert levels[:2] == ["off", "portable"]
    for node in job.nodes():
        node.stop()
    for level in levels:
        for node in job.nodes():
            answer = run_at(node, level, "--fsck")
            assert answer.returncode == 0, (level, node.code, answer.stdout, answer.stderr)
            assert json.loads(answer.stdout)["sound"]
    print("levels:", levels)
