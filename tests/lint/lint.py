#!/usr/bin/python3
"""The house rules as tests. Each finding is one line: file:line: [rule] what is wrong; what to do.

  tests/lint/lint.py [RULE]… [--root FOLDER] [--build-dir FOLDER]

RULE: layers cycles build sizes format text (default: all). Exit: 0 nothing found, 1 found, 2 usage.
"""

import argparse
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import check_build  # noqa: E402
import check_format  # noqa: E402
import check_layers  # noqa: E402
import check_sizes  # noqa: E402
import check_text  # noqa: E402
from source_tree import Tree  # noqa: E402


def rules(build_folder=None):
    return {
        "layers": check_layers.check_layers,
        "cycles": check_layers.check_cycles,
        "build": lambda tree: check_build.check_build(tree, build_folder),
        "sizes": check_sizes.check_sizes,
        "format": check_format.check_format,
        "text": check_text.check_text,
    }


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rule", nargs="*")
    parser.add_argument("--root", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    parser.add_argument("--build-dir", help="also check the labels of the tests that this build registered")
    options = parser.parse_args(arguments)
    known = rules(options.build_dir)
    for name in options.rule:
        if name not in known:
            parser.error(f"no rule {name}; there are: {' '.join(known)}")
    tree = Tree(options.root)
    if not tree.files:
        parser.error(f"no files in {options.root}")
    found = 0
    for name in options.rule or known:
        try:
            findings = sorted(known[name](tree))
        except check_layers.BadRules as error:
            print(error)
            return 1
        for finding in findings:
            print(finding)
        found += len(findings)
    print(f"{len(tree.files)} files, {found} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
