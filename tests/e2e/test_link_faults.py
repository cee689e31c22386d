"""Real processes over a bad line: cut, held in one direction, corrupted, slow. Nothing is lost, and nobody is asked to do anything."""

import contextlib
import json
import random
import threading

import pytest
from demo_cases import CALENDARS, check_row, events_of, generate, summary_rows
from federation import Federation, wait_for
from ledger_checks import check_ledgers
from proxy import Proxy

SEED = 20261123


@contextlib.contextmanager
def federation_by_proxy(folder, codes):
    """A bureau and counties, each with a proxy of its own on its way up: federation, proxies by code."""
    with Federation(folder, codes, calendars=CALENDARS) as federation, contextlib.ExitStack() as proxies:
        federation.bureau.start()
        ways = {}
        for county in federation.counties:
            ways[county.code] = proxies.enter_context(Proxy(federation.bureau.port))
            county.dial_port = ways[county.code].port
            county.init(**federation.options)
            county.start()
        yield federation, ways


def connected(county):
    (peer,) = json.loads(county.ctl("--output", "json", "peer", "list"))["peers"]
    return peer["connected"]


def check_all(federation, files):
    check_ledgers(federation, files)
    rows = summary_rows(federation.bureau)
    for county in federation.counties:
        check_row(rows[county.code], files[county.code])


def test_cut_again_and_again(tmp_path):
    """Every connection ends in the middle of what it carries, some of them before they carry anything."""
    moments = random.Random(SEED)
    with federation_by_proxy(tmp_path, ["370826"]) as (federation, ways):
        files = generate(federation, cases=1000, seed=31)
        (county,), (way,) = federation.counties, ways.values()
        way.up.rate = 100_000  # so that it lasts
        importing = threading.Thread(target=county.import_file, args=(files[county.code],))
        importing.start()
        for _ in range(5):
            target = way.up.passed + moments.randrange(1, 40_000)
            wait_for("bytes to pass", lambda t=target: way.up.passed >= t, seconds=100)
            way.drop()
        importing.join()
        way.cut()
        wait_for("the county to notice", lambda: not connected(county))
        way.heal()
        county.wait_delivered(seconds=200)
        assert way.accepted > 5
        check_all(federation, files)


def test_a_line_that_only_looks_alive(tmp_path):
    """Nothing comes through in one direction, the other, or both, while TCP says that all is well: noticed and overcome."""
    codes = ["370826", "370827", "370828"]
    with federation_by_proxy(tmp_path, codes) as (federation, ways):
        files = generate(federation, cases=150, seed=32)
        wait_for("all to be connected", lambda: all(connected(county) for county in federation.counties))
        ways["370826"].up.held = True
        ways["370827"].down.held = True
        ways["370828"].up.held = ways["370828"].down.held = True
        for county in federation.counties:
            county.import_file(files[county.code])
        for county in federation.counties:
            wait_for(f"{county.code} to notice", lambda c=county: not connected(c), seconds=150)
        for way in ways.values():
            way.heal()
        for county in federation.counties:
            county.wait_delivered(seconds=200)
        check_all(federation, files)


def test_corrupted_bytes(tmp_path):
    """TLS refuses what was changed on the way; the next connection goes on where the last one ended."""
    with federation_by_proxy(tmp_path, ["370826"]) as (federation, ways):
        files = generate(federation, cases=600, seed=33)
        (county,), (way,) = federation.counties, ways.values()
        wait_for("the county to be connected", lambda: connected(county))
        for damaged in (way.up, way.down, way.up):
            before = way.accepted
            damaged.corrupt = 1
            county.import_file(files[county.code])
            wait_for("a new connection", lambda b=before: way.accepted > b, seconds=150)
        county.wait_delivered(seconds=200)
        check_all(federation, files)


@pytest.mark.parametrize("rate, delay", [(32_000, 0.3)])
def test_a_slow_line(tmp_path, rate, delay):
    """256 kbit/s and 300 ms each way."""
    with federation_by_proxy(tmp_path, ["370826"]) as (federation, ways):
        files = generate(federation, cases=800, seed=34)
        (county,), (way,) = federation.counties, ways.values()
        for direction in (way.up, way.down):
            direction.rate, direction.delay = rate, delay
        rows = county.import_file(files[county.code])["accepted"]
        assert rows == len(events_of(files[county.code]))
        county.wait_delivered(seconds=300)
        check_all(federation, files)
