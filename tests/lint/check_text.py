"""Rule text: what must not stand in a committed file, and calls that have a better one."""

import re
from dataclasses import dataclass

from source_tree import CXX, Finding, line_of

# Words that mean unfinished work, and folders of one machine; put together here so that this file passes.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK"]) + r")\b")
MACHINE = re.compile(r"(?<![\w.~}-])/(" + "|".join(["wo" + "rk", "ro" + "ot", "ho" + "me"]) + r")/")
CONFLICT = re.compile(r"(?m)^(<{7} |>{7} |={7}$)")
TOP_FOLDERS = {"node", "protocol", "crypto", "sync", "admin-cli", "deploy", "tests"}
TOP_FILES = {"CMakeLists.txt", "README.md", "CHANGELOG.md", "CMakePresets.json", "Makefile"}
BLOB_BYTES_MAX = 256 * 1024


@dataclass(frozen=True)
class Banned:
    pattern: re.Pattern
    what: str
    instead: str
    allowed: tuple = ()  # prefixes of paths
    only: tuple = ("",)  # prefixes of paths where the rule holds


CALLS = [
    Banned(re.compile(r"\busing\s+namespace\b"), "using namespace", "name what is used, or use full names"),
    Banned(re.compile(r"\b(v?sprintf|strcpy|strcat|gets)\s*\("), "an unbounded write",
           "use std::string, tj::Cat or snprintf"),
    Banned(re.compile(r"\b(rand|srand|drand48)\s*\("), "rand",
           "take a seed or a generator as a parameter; keys and salts come from crypto"),
    Banned(re.compile(r"\bato(i|l|ll|f)\s*\("), "a conversion that cannot fail visibly", "use std::from_chars"),
    Banned(re.compile(r"\bstd::cout\b"), "std::cout in a library", "return the text, or log in node/app",
           ("admin-cli/", "node/app/", "tests/")),
    Banned(re.compile(r"\bsystem_clock::now\b|\babsl::Now\s*\(|\bgettimeofday\s*\(|\btime\s*\(\s*(nullptr|NULL|0)\s*\)"),
           "the wall clock", "take a tj::Clock or an Instant as a parameter",
           ("protocol/vocab/time.cc", "tests/bench/")),
    Banned(re.compile(r"\bsleep_(for|until)\b|\b(u|nano)?sleep\s*\("), "sleeping",
           "wait for the event itself (condition, timer, test hook)", ("tests/fault/", "tests/bench/")),
    Banned(re.compile(r"\b(steady_clock|high_resolution_clock)::now\b|\bstd::(i|o)?fstream\b|\bstd::getenv\b"),
           "a clock, file or environment in a pure folder", "take it as a parameter or through a port",
           (), ("protocol/", "node/rules/", "sync/core/", "crypto/merkle/")),
    Banned(re.compile(r"\bthrow\s+[\w:]"), "an exception of ours", "return tj::Error(…)", ("tests/",)),
]


def check_text(tree):
    findings = []
    for path in tree.files:
        findings += place(path)
        if not tree.is_text(path):
            continue
        findings += encoding(tree, path)
        findings += words(tree, path)
        if path.endswith(CXX):
            findings += calls(tree, path)
        if path.endswith(".h"):
            findings += guard(tree, path)
    return findings


def place(path):
    top, below, _ = path.partition("/")
    if top.startswith(".") or top in (TOP_FOLDERS if below else TOP_FILES):
        return []
    return [Finding(path, 0, "text", f"{top} at the top of the project",
                    f"the folders there are {', '.join(sorted(TOP_FOLDERS))}; put it into one of them")]


def encoding(tree, path):
    data = tree.bytes(path)
    if len(data) > BLOB_BYTES_MAX:
        return [Finding(path, 0, "text", f"{len(data)} bytes, at most {BLOB_BYTES_MAX}",
                        "generate it, or read it from ../shared/data")]
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return [Finding(path, data.count(b"\n", 0, error.start) + 1, "text", "not UTF-8", "save it as UTF-8")]
    findings = []
    if data and not data.endswith(b"\n"):
        findings.append(Finding(path, data.count(b"\n") + 1, "text", "no newline at the end", "add one"))
    if b"\r" in data:
        findings.append(Finding(path, data.count(b"\n", 0, data.index(b"\r")) + 1, "text", "a carriage return",
                                "write lines that end with LF"))
    if b"\t" in data and path.endswith(CXX):
        findings.append(Finding(path, data.count(b"\n", 0, data.index(b"\t")) + 1, "text", "a tab",
                                "indent with blanks; in a literal write \\t"))
    return findings


def words(tree, path):
    text = tree.text(path)
    rules = [
        (UNFINISHED, "a mark of unfinished work", "do it now, or open an issue and strike the mark"),
        (MACHINE, "a path of one machine", "make it relative, or take it from a variable"),
        (CONFLICT, "a mark of a merge conflict", "resolve it"),
    ]
    return [Finding(path, line_of(text, m.start()), "text", f"{what} ({m.group(0).strip()})", todo)
            for pattern, what, todo in rules for m in pattern.finditer(text)]


def calls(tree, path):
    code = tree.code(path)
    findings = []
    for rule in CALLS:
        if not path.startswith(rule.only) or (rule.allowed and path.startswith(rule.allowed)):
            continue
        findings += [Finding(path, line_of(code, m.start()), "text", f"{rule.what} ({m.group(0)})", rule.instead)
                     for m in rule.pattern.finditer(code)]
    return findings


def guard(tree, path):
    name = "TJ_" + re.sub(r"[^A-Za-z0-9]", "_", path).upper() + "_"
    found = re.search(r"(?m)^#ifndef (\S+)\n#define (\S+)$", tree.code(path))
    if found and found.group(1) == found.group(2) == name:
        return []
    line = line_of(tree.code(path), found.start()) if found else 1
    return [Finding(path, line, "text", "include guard missing or of another name", f"name it {name}")]
