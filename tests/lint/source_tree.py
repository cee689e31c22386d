"""The files that the lint looks at, and C++ source with comments and literals blanked out.

A Tree is read once and never changes. Paths are relative to its root, with "/".
"""

import os
import re
import subprocess
from dataclasses import dataclass

CXX = (".h", ".cc", ".inc", ".c")
# What git would commit, where there is no git: all but these folders.
NOT_WALKED = {".git", "build", "run", "node_modules", "__pycache__", ".cache"}
# Inputs of tests, kept byte for byte; they may be anything.
DATA_FOLDERS = ("tests/fuzz/corpus/", "tests/golden/")
BINARY = (".png", ".ico", ".gz", ".woff2", ".jpg", ".pdf", ".xlsx")


@dataclass(frozen=True, order=True)
class Finding:
    path: str
    line: int  # from 1; 0 when the file as a whole is meant
    rule: str
    what: str
    todo: str

    def __str__(self):
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: [{self.rule}] {self.what}; {self.todo}"


class Tree:
    def __init__(self, root):
        self.root = os.path.abspath(root)
        self.files = sorted(set(self._from_git() or self._from_walk()))
        self.known = set(self.files)
        self._text = {}
        self._code = {}

    def _from_git(self):
        # safe.directory: a clone made by another user (a container, a chroot) is only read here.
        command = ["git", "-c", "safe.directory=*", "-C", self.root, "ls-files", "-z", "--cached", "--others",
                   "--exclude-standard"]
        if not os.path.exists(os.path.join(self.root, ".git")):
            return None
        result = subprocess.run(command, capture_output=True, check=True)
        names = result.stdout.decode().split("\0")
        # A file deleted but not yet committed is still in the index.
        return [n for n in names if n and os.path.isfile(os.path.join(self.root, n))]

    def _from_walk(self):
        found = []
        for folder, folders, names in os.walk(self.root):
            folders[:] = [f for f in folders if f not in NOT_WALKED]
            found += [os.path.relpath(os.path.join(folder, n), self.root) for n in names]
        return found

    def path(self, name):
        return os.path.join(self.root, name)

    def bytes(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def text(self, name):
        if name not in self._text:
            self._text[name] = self.bytes(name).decode("utf-8", errors="replace")
        return self._text[name]

    def lines(self, name):
        return self.text(name).split("\n")

    def code(self, name, literals=False):
        """C++ text without comments, and without the insides of literals unless asked; lines stay where they are."""
        key = (name, literals)
        if key not in self._code:
            self._code[key] = blank(self.text(name), literals)
        return self._code[key]

    def is_text(self, name):
        return not name.startswith(DATA_FOLDERS) and not name.endswith(BINARY)

    def is_script(self, name):
        return self.is_text(name) and self.bytes(name)[:2] == b"#!"

    def with_suffix(self, *suffixes):
        return [f for f in self.files if f.endswith(suffixes) and self.is_text(f)]


# One token that matters at a time: a comment, a raw string, a string, a character; a digit separator is none of these.
TOKEN = re.compile(
    r"(?P<comment>//[^\n]*(?:\\\n[^\n]*)*|/\*.*?\*/)"
    r'|(?P<raw>R"(?P<mark>[^()\\\s]*)\(.*?\)(?P=mark)")'
    r'|(?P<string>"(?:[^"\\\n]|\\.)*")'
    r"|(?P<separator>(?<=[0-9a-fA-F])'(?=[0-9a-fA-F]))"
    r"|(?P<char>'(?:[^'\\\n]|\\.)*')",
    re.S)


def blank(text, literals):
    def keep_lines(match):
        token = match.group(0)
        if match.group("separator"):
            return token
        if match.group("comment"):
            return " " + "\n" * token.count("\n")
        if literals:
            return token
        return '""' + "\n" * token.count("\n")

    return TOKEN.sub(keep_lines, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1
