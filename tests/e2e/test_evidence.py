"""Evidence files: made by a county, checked offline by tongjianctl verify, refused when one byte differs."""

import json

import pytest
from demo_cases import CALENDARS, events_of, generate
from federation import CtlError, Federation, wait_for

COUNTY = "370826"
EVERY, ENDS = 7, 64  # bytes that are flipped: each seventh, and all of both ends


@pytest.fixture(scope="module", name="county")
def delivered(tmp_path_factory):
    with Federation(tmp_path_factory.mktemp("tj"), [COUNTY], calendars=CALENDARS) as federation:
        federation.start()
        (county,) = federation.counties
        federation.events = generate(federation, cases=40, seed=3)[COUNTY]
        county.import_file(federation.events)
        county.wait_delivered()
        yield county


def root_of(county):
    return county.federation.folder / "pki" / "record-root.pem"


def prove(county, *what, name="evidence.tjev"):
    out = county.folder / name
    county.ctl("ledger", "prove", *what, "--out", out)
    return out


def verify(county, file, *options, root=None):
    out = county.federation.ctl("--output", "json", "verify", file, "--root", root or root_of(county), *options)
    return json.loads(out)


def refusal(county, file, *options, root=None):
    with pytest.raises(CtlError) as refused:
        verify(county, file, *options, root=root)
    return refused.value


def assert_refused(county, file, *options, code=None, root=None):
    error = refusal(county, file, *options, root=root)
    assert error.code == 3, error
    assert "refused" in error.stderr and "error: " in error.stderr and "\ntry: " in error.stderr
    if code:
        assert f"error: {code}: " in error.stderr


def first_of(county, family):
    records = json.loads(county.ctl("--output", "json", "ledger", "show", 0, "--count", 1000))["records"]
    return [record for record in records if record["family"] == family]


def test_records_are_witnessed_and_delivered(county):
    records = [first_of(county, "case_event")[5], first_of(county, "summary")[0]]
    verdict = verify(county, prove(county, *[record["index"] for record in records]))
    own = county.status()["own"]
    assert (verdict["verdict"], verdict["delivered"], verdict["witness"]) == ("witnessed", True, "370800")
    assert (verdict["ledger"], verdict["root"], verdict["size"]) == (own["ledger"], own["root"], own["sequenced"])
    shown = [(record["index"], record["leaf"], record["recorded_at"], record["body"]) for record in verdict["records"]]
    assert shown == [(int(r["index"]), r["leaf"], r["recorded_at"], True) for r in records]
    assert verdict["witnessed_at"] and verdict["head_at"]


def test_a_case_with_all_its_events(county):
    events = events_of(county.federation.events)
    case = events[0]["case_no"]
    file = prove(county, "--case", case)
    verdict = verify(county, file, "--origin", COUNTY, "--witness", "370800")
    assert verdict["verdict"] == "witnessed"
    shown = json.loads(county.ctl("--output", "json", "case", "show", case))["events"]
    assert [record["index"] for record in verdict["records"]] == [int(event["index"]) for event in shown]
    assert len(shown) == sum(event["case_no"] == case for event in events)
    text = county.federation.ctl("verify", file, "--root", root_of(county))
    assert "已见证 witnessed" in text and "已送达 delivered" in text


def test_the_bureau_can_prove_what_it_holds(county):
    bureau = county.federation.bureau
    index = first_of(county, "case_event")[0]["index"]
    file = prove(bureau, index, "--ledger", f"{COUNTY}/1")
    verdict = verify(county, file, "--published-is-enough", "--origin", COUNTY)
    assert [record["body"] for record in verdict["records"]] == [False], "a county's event travels as a digest"


def test_policy_that_it_does_not_meet(county):
    file = prove(county, first_of(county, "case_event")[0]["index"])
    assert_refused(county, file, "--origin", "370827", code="CRYPTO-ORIGIN")
    assert_refused(county, file, "--witness", "370827", code="CRYPTO-WITNESS")


def test_another_root_is_refused(county):
    federation = county.federation
    federation.ctl("pki", "init", "--dir", federation.folder / "other", "--passphrase-file", federation.passphrase)
    file = prove(county, first_of(county, "case_event")[0]["index"])
    assert_refused(county, file, code="CRYPTO-CHAIN", root=federation.folder / "other" / "record-root.pem")


def test_no_evidence_of_what_is_not_there(county):
    size = county.status()["own"]["sequenced"]
    for what in ((size,), ("--case", "37082600120260101999990"), ()):
        with pytest.raises(CtlError) as refused:
            prove(county, *what, name="none.tjev")
        assert refused.value.code == 1
        assert not (county.folder / "none.tjev").exists()


@pytest.mark.parametrize("damage", [b"", b"\0", b"nonsense\n", "cut", "longer", "twice"])
def test_what_is_no_evidence_file(county, damage):
    good = prove(county, first_of(county, "case_event")[0]["index"]).read_bytes()
    damaged = {"cut": good[:-1], "longer": good + b"\0", "twice": good + good}.get(damage, damage)
    file = county.folder / "damaged.tjev"
    file.write_bytes(damaged)
    assert_refused(county, file)


def test_a_flipped_byte_is_refused(county):
    """One record's file: every byte counts, whichever bit of it."""
    good = prove(county, first_of(county, "case_event")[0]["index"]).read_bytes()
    places = set(range(0, len(good), EVERY)) | set(range(ENDS)) | set(range(len(good) - ENDS, len(good)))
    file = county.folder / "flipped.tjev"
    for place in sorted(places):
        flipped = bytearray(good)
        flipped[place] ^= 1 << place % 8
        file.write_bytes(flipped)
        # Without its witness it could still be published: that must be refused too.
        error = refusal(county, file, "--published-is-enough")
        assert error.code == 3, f"byte {place} of {len(good)}: {error}"


def test_published_before_the_bureau_has_seen_it(county):
    federation = county.federation
    federation.bureau.stop()
    # A new case, made up under another seed, while nobody above listens.
    events = generate(federation, cases=3, seed=99, folder="more")[COUNTY]
    before = county.status()["own"]["sequenced"]
    county.import_file(events)
    file = county.folder / "unseen.tjev"

    def published():
        status = county.status()["own"]
        return status["published"] > before and status["published"] == status["sequenced"]

    wait_for("a signed head", published)
    prove(county, before, name=file.name)
    assert_refused(county, file, code="CRYPTO-WITNESS")
    verdict = verify(county, file, "--published-is-enough")
    assert (verdict["verdict"], verdict["delivered"], verdict["witness"]) == ("published", False, "")
