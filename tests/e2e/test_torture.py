"""torture.py for half a minute; `make torture` runs it for ten."""

import torture


def test_kill_at_random(tmp_path):
    found = torture.torture(tmp_path, seconds=30, seed=20261124)
    assert torture.passed(found), found
    assert sum(found["kills"].values()) > 5, found
