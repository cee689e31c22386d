"""What a test measures is written down and shown: build/<preset>/measured/<name>.json, in the form of bench.json.

conftest.py prints what one file measured at the end of its run, deploy/test that of all before ctest's closing lines.
"""

import json

from federation import program_folder

FILES = []  # of this run of pytest


def record(name, *measures):
    """Each (name, value, unit, detail), whether the test then passes or not."""
    rows = [dict(zip(("name", "value", "unit", "detail"), measure)) for measure in measures]
    folder = program_folder().parent / "measured"
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}.json"
    file.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n", encoding="utf-8")
    FILES.append(file)


def show(write_line):
    for file in FILES:
        for row in json.loads(file.read_text(encoding="utf-8")):
            write_line("measured: {name}: {value:,} {unit} ({detail})".format(**row))
