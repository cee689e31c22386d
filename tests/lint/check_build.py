"""Rule build: what is on disk is in the build, so that no test can be forgotten; and every test has one label."""

import json
import posixpath
import re
import subprocess

from source_tree import Finding, line_of

LABELS = "unit contract scenario sim fault attack privacy e2e browser ops fuzz bench lint".split()
TOKEN = re.compile(r'[^\s()"]+')
LISTED = (".cc", ".c", ".proto", ".py")
SUBDIRECTORY = re.compile(r"\badd_subdirectory\s*\(\s*([^\s)]+)")
# Python that others import or that is run by hand is no test; these names are.
PYTHON_TEST = re.compile(r"(test_[^/]*|[^/]*_test)\.py$")


def check_build(tree, build_folder=None):
    lists = [f for f in tree.files if posixpath.basename(f) == "CMakeLists.txt"]
    listed, findings = {}, []
    for path in lists:
        text = without_comments(tree.text(path))
        for match in TOKEN.finditer(text):
            name = resolve(path, match.group(0))
            if name and name.endswith(LISTED):
                listed.setdefault(name, (path, line_of(text, match.start())))
    for path in tree.with_suffix(".cc", ".c", ".proto"):
        if path not in listed:
            findings.append(Finding(path, 0, "build", "is in no CMakeLists.txt",
                                    "list it in its folder's CMakeLists.txt, or delete it"))
    for path in tree.with_suffix(".py"):
        if PYTHON_TEST.search(path) and path not in listed:
            findings.append(Finding(path, 0, "build", "is a test that ctest does not know",
                                    "name it in an add_test of its folder's CMakeLists.txt"))
    for name, (path, line) in sorted(listed.items()):
        if name not in tree.known:
            findings.append(Finding(path, line, "build", f"lists {name}, which is not on disk",
                                    "add the file (git add) or strike the line"))
    findings += unreached(tree, lists)
    return findings + (labels(tree, build_folder) if build_folder else [])


def without_comments(text):
    return re.sub(r"(?m)#[^\n]*", "", text)


def resolve(path, token):
    """The path in the tree that a word of a CMakeLists.txt names; None when it holds a variable."""
    folder = posixpath.dirname(path)
    token = re.sub(r"^\$\{(CMAKE|PROJECT)_SOURCE_DIR\}/", "/", token)
    token = re.sub(r"^\$\{CMAKE_CURRENT_(SOURCE|LIST)_DIR\}/", "", token)
    if "$" in token or "*" in token:
        return None
    joined = token[1:] if token.startswith("/") else posixpath.join(folder, token)
    return posixpath.normpath(joined)


def unreached(tree, lists):
    """CMakeLists.txt that no add_subdirectory leads to."""
    seen, todo = set(), ["CMakeLists.txt"]
    while todo:
        path = todo.pop()
        if path in seen or path not in tree.known:
            continue
        seen.add(path)
        for match in SUBDIRECTORY.finditer(without_comments(tree.text(path))):
            folder = resolve(path, match.group(1))
            if folder:
                todo.append(posixpath.join(folder, "CMakeLists.txt"))
    return [Finding(path, 0, "build", "no add_subdirectory leads here",
                    "add it to the CMakeLists.txt of the folder above")
            for path in lists if path not in seen]


def labels(tree, build_folder):
    """Asks ctest, which is the only one to know what every macro registered."""
    command = ["ctest", "--test-dir", build_folder, "--show-only=json-v1"]
    tests = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["tests"]
    findings = []
    for test in tests:
        properties = {p["name"]: p["value"] for p in test.get("properties", [])}
        found = properties.get("LABELS", [])
        if len(found) != 1 or found[0] not in LABELS:
            findings.append(Finding("CMakeLists.txt", 0, "build",
                                    f"test {test['name']} has the labels {found or 'none'}",
                                    f"give it one of: {' '.join(LABELS)}"))
    return findings
