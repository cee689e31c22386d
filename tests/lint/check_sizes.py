"""Rule sizes: sources stay small, and every library's folder says in one screen what it is."""

import posixpath
import re

from source_tree import CXX, Finding

LINES_MAX = 600
README_LINES_MAX = 80
EXCUSE = "Over 600 lines because"
EXCUSE_LINES = 20
SOURCES = CXX + (".proto", ".py", ".ts", ".js", ".mjs", ".vue", ".css", ".html", ".cmake")
LIBRARY = re.compile(r"(?m)^\s*tj_(library|program)\s*\(")


def check_sizes(tree):
    findings = []
    for path in tree.files:
        source = tree.is_text(path) and (path.endswith(SOURCES) or tree.is_script(path))
        if source and count(tree, path) > LINES_MAX and EXCUSE not in head(tree, path):
            findings.append(Finding(path, LINES_MAX + 1, "sizes", f"{count(tree, path)} lines, at most {LINES_MAX}",
                                    f'make it two files, or say in its header "{EXCUSE} …"'))
        readme = posixpath.basename(path) == "README.md" and path != "README.md"
        if readme and count(tree, path) > README_LINES_MAX:
            findings.append(Finding(path, README_LINES_MAX + 1, "sizes",
                                    f"{count(tree, path)} lines, at most {README_LINES_MAX}",
                                    "point at the source instead of repeating it"))
        listing = posixpath.basename(path) == "CMakeLists.txt" and not path.startswith("tests/")
        if listing and LIBRARY.search(tree.text(path)):
            readme = posixpath.join(posixpath.dirname(path), "README.md")
            if readme not in tree.known:
                findings.append(Finding(readme, 0, "sizes", "missing beside a library or program",
                                        "say there: purpose, files, may include, invariants, threads, decisions"))
    return findings


def count(tree, path):
    text = tree.text(path)
    return text.count("\n") + (not text.endswith("\n"))


def head(tree, path):
    return "\n".join(tree.lines(path)[:EXCUSE_LINES])
