"""Rule format: every .h and .cc is as clang-format writes it."""

import re
import shutil
import subprocess

from source_tree import Finding

PROGRAM = "clang-format-19"
FILES_AT_ONCE = 50
MESSAGE = re.compile(r"^(.+?):(\d+):\d+: error:", re.M)


def check_format(tree):
    files = tree.with_suffix(".h", ".cc")
    if not shutil.which(PROGRAM):
        return [Finding(".clang-format", 0, "format", f"{PROGRAM} is not installed", "run deploy/install-deps")]
    first = {}
    for at in range(0, len(files), FILES_AT_ONCE):
        command = [PROGRAM, "--dry-run", "-Werror", *files[at:at + FILES_AT_ONCE]]
        result = subprocess.run(command, cwd=tree.root, capture_output=True, text=True, check=False)
        for path, line in MESSAGE.findall(result.stderr):
            first.setdefault(path, int(line))
        if result.returncode != 0 and not first:
            return [Finding(".clang-format", 0, "format", result.stderr.strip()[:200], "see what it says")]
    return [Finding(path, line, "format", "not as clang-format writes it, here first", "run make fix")
            for path, line in first.items()]
