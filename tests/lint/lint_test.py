"""Tests of the lint itself: each rule catches what it is for, in a small tree made for it, and lets the rest pass.

Run by ctest (lint_self), or alone: cd tests/lint && /usr/bin/python3 -m unittest lint_test
"""

import contextlib
import io
import os
import shutil
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import check_build  # noqa: E402
import check_layers  # noqa: E402
import lint  # noqa: E402
from source_tree import Tree, blank  # noqa: E402


def header(path, includes="", namespace="tj"):
    guard = "TJ_" + "".join(c if c.isalnum() else "_" for c in path).upper() + "_"
    blocks = [f"#ifndef {guard}\n#define {guard}", includes.strip(),
              f"namespace {namespace} {{\nint First();\n}}  // namespace {namespace}", f"#endif  // {guard}"]
    return "\n\n".join(b for b in blocks if b) + "\n"


# A tree in which every rule finds nothing.
CLEAN = {
    "CMakeLists.txt": "add_subdirectory(protocol/vocab)\nadd_subdirectory(crypto)\nadd_subdirectory(tests)\n",
    "README.md": "x\n" * 300,
    ".clang-format": "BasedOnStyle: Google\nColumnLimit: 100\n",
    "protocol/vocab/CMakeLists.txt": "tj_library(tj_vocab\n  SOURCES ids.cc)\n",
    "protocol/vocab/README.md": "# vocab\n",
    "protocol/vocab/ids.h": header("protocol/vocab/ids.h", includes="#include <absl/status/status.h>\n"),
    "protocol/vocab/ids.cc": '#include "protocol/vocab/ids.h"\n\n#include <string>\n',
    "crypto/CMakeLists.txt": "tj_library(tj_crypto SOURCES sm3.cc)  # sm4.cc\n",
    "crypto/README.md": "# crypto\n",
    "crypto/sm3.h": header("crypto/sm3.h", namespace="tj::crypto"),
    "crypto/sm3.cc": '#include "crypto/sm3.h"\n\n#include <openssl/evp.h>\n\n#include "protocol/vocab/ids.h"\n',
    "tests/CMakeLists.txt": "add_test(NAME t COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/test_x.py)\n"
                            "tj_test(u LABEL unit SOURCES sm3_test.cc)\n",
    "tests/test_x.py": "pass\n",
    "tests/sm3_test.cc": "#include <leveldb/db.h>\n",
}


class LintTest(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="tj_lint_")
        self.addCleanup(shutil.rmtree, self.root)
        self.write(CLEAN)
        self.write({"tests/lint/layers.txt": self.read_rules()})

    @staticmethod
    def read_rules():
        with open(os.path.join(HERE, "layers.txt"), encoding="utf-8") as file:
            return file.read()

    def write(self, files):
        for name, text in files.items():
            path = os.path.join(self.root, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(text if isinstance(text, bytes) else text.encode())

    def remove(self, name):
        os.unlink(os.path.join(self.root, name))

    def findings(self, rule):
        return [str(f) for f in sorted(lint.rules()[rule](Tree(self.root)))]

    def assert_finds(self, rule, *pieces):
        found = self.findings(rule)
        self.assertEqual(len(found), 1, found)
        for piece in pieces:
            self.assertIn(piece, found[0])

    def test_clean_tree_passes_every_rule(self):
        for rule in lint.rules():
            self.assertEqual(self.findings(rule), [], rule)

    # --- layers ---

    def test_upward_include(self):
        self.write({"protocol/vocab/ids.cc": '#include "protocol/vocab/ids.h"\n#include "crypto/sm3.h"\n'})
        self.assert_finds("layers", "protocol/vocab/ids.cc:2:", "may not include crypto")

    def test_include_is_read_through_comments_only(self):
        self.write({"protocol/vocab/ids.cc": '// #include "crypto/sm3.h"\n/* \n#include "crypto/sm3.h"\n*/\n'})
        self.assertEqual(self.findings("layers"), [])

    def test_what_an_allowed_folder_may_include_is_allowed_too(self):
        self.write({"node/case/fold.cc": '#include "crypto/sm3.h"\n'})  # through the store
        self.assertEqual(self.findings("layers"), [])

    def test_third_party_outside_its_folder(self):
        self.write({"protocol/vocab/ids.cc": "#include <openssl/sha.h>\n"})
        self.assert_finds("layers", "protocol/vocab/ids.cc:1:", "<openssl/sha.h>", "only in crypto")

    def test_third_party_that_nobody_may_use(self):
        self.write({"crypto/sm3.cc": "#include <boost/regex.hpp>\n"})
        self.assert_finds("layers", "crypto/sm3.cc:1:", "in no folder")

    def test_third_party_in_one_file_of_its_folder(self):
        self.write({"node/store/level_kv.cc": "#include <leveldb/db.h>\n", "node/store/ledger.cc": "#include <leveldb/db.h>\n"})
        self.assert_finds("layers", "node/store/ledger.cc:1:", "outside node/store/level_kv.cc")

    def test_third_party_type_shown_to_another_folder(self):
        self.write({"crypto/sm3.h": header("crypto/sm3.h", includes="#include <openssl/evp.h>\n", namespace="tj::crypto"),
                    "node/store/a.cc": '#include "crypto/sm3.h"\n'})
        self.assert_finds("layers", "crypto/sm3.h:4:", "shows <openssl/evp.h> to node/store/a.cc")

    def test_unknown_folder(self):
        self.write({"node/newthing/a.cc": "\n"})  # node's own line is flat
        self.assert_finds("layers", "node/newthing/a.cc:", "in no line of layers.txt")

    def test_include_that_does_not_start_at_the_root(self):
        self.write({"crypto/sm3.cc": '#include "sm3.h"\n'})
        self.assert_finds("layers", "crypto/sm3.cc:1:", "no file of the project")

    def test_pure_folder_does_without_threads(self):
        self.write({"sync/core/a.cc": "#include <thread>\n"})
        self.assert_finds("layers", "sync/core/a.cc:1:", "does without")

    def test_generated_headers(self):
        self.write({"protocol/wire/a.proto": 'syntax = "proto3";\n',
                    "crypto/sm3.cc": '#include "protocol/wire/a.pb.h"\n',
                    "node/control/a.cc": '#include "protocol/wire/a.grpc.pb.h"\n'})
        self.assertEqual(self.findings("layers"), [])
        self.write({"crypto/sm3.cc": '#include "protocol/wire/a.grpc.pb.h"\n'})
        self.assert_finds("layers", "crypto/sm3.cc:1:", "gRPC")

    def test_import_of_a_proto(self):
        self.write({"node/case/state.proto": 'syntax = "proto3";\n',
                    "protocol/wire/a.proto": 'syntax = "proto3";\nimport "node/case/state.proto";\n'})
        self.assert_finds("layers", "protocol/wire/a.proto:2:", "may not include node/case")

    def test_namespace_of_another_folder(self):
        self.write({"crypto/sm3.h": header("crypto/sm3.h", namespace="tj::store")})
        self.assert_finds("layers", "crypto/sm3.h:4:", "tj::crypto")

    def test_verifier_and_builder_are_kept_apart(self):
        self.write({"crypto/merkle/verify.h": header("crypto/merkle/verify.h", namespace="tj::merkle",
                                                     includes='#include "crypto/merkle/shared.h"\n'),
                    "crypto/merkle/shared.h": header("crypto/merkle/shared.h", namespace="tj::merkle",
                                                     includes='#include "crypto/merkle/frontier.h"\n'),
                    "crypto/merkle/frontier.h": header("crypto/merkle/frontier.h", namespace="tj::merkle")})
        self.assert_finds("layers", "crypto/merkle/verify.h:", "share no code")

    def test_rules_that_cannot_be_read(self):
        self.write({"tests/lint/layers.txt": "folder a\n  amy b\n"})
        with self.assertRaisesRegex(check_layers.BadRules, "layers.txt:2"):
            self.findings("layers")
        self.write({"tests/lint/layers.txt": "folder a\n  may b\n"})
        with self.assertRaisesRegex(check_layers.BadRules, "no line describes"):
            self.findings("layers")

    # --- cycles ---

    def test_cycle_of_includes(self):
        self.write({"protocol/vocab/ids.cc": '#include "crypto/sm3.h"\n'})
        self.assert_finds("cycles", "crypto → protocol/vocab → crypto")

    def test_cycle_in_the_rules(self):
        self.write({"tests/lint/layers.txt": "folder a\n  may b\nfolder b\n  may a\n"})
        self.assert_finds("cycles", "a → b → a")

    # --- build ---

    def test_source_that_is_in_no_build(self):
        self.write({"tests/sm4_test.cc": "\n"})
        self.assert_finds("build", "tests/sm4_test.cc:", "in no CMakeLists.txt")

    def test_source_that_is_commented_out(self):
        self.write({"crypto/sm4.cc": "\n"})
        self.assert_finds("build", "crypto/sm4.cc:", "in no CMakeLists.txt")

    def test_python_test_that_ctest_does_not_know(self):
        self.write({"tests/test_y.py": "pass\n"})
        self.assert_finds("build", "tests/test_y.py:", "ctest does not know")

    def test_listed_file_that_is_gone(self):
        self.remove("crypto/sm3.cc")
        self.assert_finds("build", "crypto/CMakeLists.txt:1:", "crypto/sm3.cc")

    def test_folder_that_no_add_subdirectory_reaches(self):
        self.write({"sync/CMakeLists.txt": "\n"})
        self.assert_finds("build", "sync/CMakeLists.txt:", "no add_subdirectory")

    def test_labels_that_ctest_knows(self):
        self.write({"b/CTestTestfile.cmake": 'add_test(good "true")\nset_tests_properties(good PROPERTIES LABELS unit)\n'
                                             'add_test(none "true")\nadd_test(odd "true")\n'
                                             'set_tests_properties(odd PROPERTIES LABELS "unit;quick")\n'})
        found = check_build.labels(Tree(self.root), os.path.join(self.root, "b"))
        self.assertEqual([f.what.split()[1] for f in found], ["none", "odd"])

    # --- sizes ---

    def test_long_source(self):
        self.write({"crypto/sm3.cc": "\n" * 601})
        self.assert_finds("sizes", "crypto/sm3.cc:601:", "601 lines")
        self.write({"crypto/sm3.cc": "// Over 600 lines because it is a table.\n" + "\n" * 601})
        self.assertEqual(self.findings("sizes"), [])

    def test_long_include_and_long_script(self):
        self.write({"crypto/table.inc": "\n" * 601, "deploy/tool": "#!/bin/bash\n" + "\n" * 600})
        self.assertEqual([f.split(":")[0] for f in self.findings("sizes")], ["crypto/table.inc", "deploy/tool"])

    def test_long_readme(self):
        self.write({"crypto/README.md": "x\n" * 81})
        self.assert_finds("sizes", "crypto/README.md:81:")

    def test_missing_readme(self):
        self.remove("crypto/README.md")
        self.assert_finds("sizes", "crypto/README.md:", "missing")

    # --- format ---

    def test_format(self):
        self.write({"crypto/sm3.cc": "int a;\nint   b;\n"})
        self.assert_finds("format", "crypto/sm3.cc:2:", "make fix")

    # --- text ---

    def test_text_that_is_refused(self):
        todo, work = "TO" + "DO", "/wo" + "rk/main"
        cases = [
            ("crypto/a.cc", f"int a;\n// {todo}: b\n", ":2:", "unfinished"),
            ("deploy/a.md", f"see {work}\n", ":1:", "one machine"),
            ("crypto/a.cc", "int a;\n\tint b;\n", ":2:", "tab"),
            ("crypto/a.cc", "int a;\r\n", ":1:", "carriage return"),
            ("crypto/a.cc", "int a;", ":1:", "no newline"),
            ("crypto/a.cc", b"// \xff\n", ":1:", "UTF-8"),
            ("crypto/a.md", "<" * 7 + " HEAD\n", ":1:", "merge conflict"),
            ("crypto/a.h", "#ifndef A_H\n#define A_H\n#endif\n", ":1:", "TJ_CRYPTO_A_H_"),
            ("crypto/a.h", "#pragma once\n", ":1:", "include guard"),
            ("docs/a.md", "x\n", "docs/a.md:", "at the top"),
            ("notes.txt", "x\n", "notes.txt:", "at the top"),
            ("deploy/big.json", " " * 300_000 + "\n", "big.json:", "bytes"),
        ]
        for path, text, place, piece in cases:
            with self.subTest(path=path, piece=piece):
                self.write({path: text})
                self.assert_finds("text", path, place, piece)
                self.remove(path)

    def test_calls_that_are_refused(self):
        cases = [
            ("crypto/a.cc", "using namespace std;"),
            ("crypto/a.cc", "sprintf(a, b);"),
            ("crypto/a.cc", "strcpy(a, b);"),
            ("crypto/a.cc", "int a = rand();"),
            ("crypto/a.cc", "int a = atoi(b);"),
            ("node/store/a.cc", "std::cout << 1;"),
            ("protocol/vocab/clock.cc", "auto a = std::chrono::system_clock::now();"),
            ("tests/unit/a.cc", "auto a = std::chrono::system_clock::now();"),
            ("tests/unit/a.cc", "std::this_thread::sleep_for(a);"),
            ("sync/core/a.cc", "auto a = std::chrono::steady_clock::now();"),
            ("node/rules/a.cc", "std::ifstream a;"),
            ("crypto/a.cc", "throw std::runtime_error(a);"),
        ]
        for path, line in cases:
            with self.subTest(path=path, line=line):
                self.write({path: f"int first;\n{line}\n"})
                self.assert_finds("text", f"{path}:2:")
                self.remove(path)

    def test_calls_that_are_allowed(self):
        cases = [
            ("crypto/a.cc", "snprintf(a, 1, b);"),
            ("crypto/a.cc", "// sprintf(a, b) would not do"),
            ("crypto/a.cc", 'Log("using namespace std");'),
            ("crypto/a.cc", "int operand(3), strand(4);"),
            ("admin-cli/a.cc", "std::cout << 1;"),
            ("protocol/vocab/time.cc", "auto a = std::chrono::system_clock::now();"),
            ("tests/bench/a.cc", "auto a = std::chrono::system_clock::now();"),
            ("tests/fault/a.cc", "std::this_thread::sleep_for(a);"),
            ("node/store/a.cc", "auto a = std::chrono::steady_clock::now();"),
        ]
        for path, line in cases:
            with self.subTest(path=path, line=line):
                self.write({path: f"{line}\n"})
                self.assertEqual(self.findings("text"), [])
                self.remove(path)

    def test_test_data_may_be_anything(self):
        self.write({"tests/fuzz/corpus/x/bad": b"\xff", "tests/golden/a": b"\t"})
        self.assertEqual(self.findings("text"), [])

    # --- the reader of C++ and the program ---

    def test_blanking_keeps_lines_and_digit_separators(self):
        code = "a(\"x//y\"); // \"b\nc = 86'400'000; d('\"'); /* e\n'*/ f R\"(g\")\" h\n"
        self.assertEqual(blank(code, literals=False), "a(\"\");  \nc = 86'400'000; d(\"\");  \n f \"\" h\n")

    def test_program_prints_and_exits(self):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            self.assertEqual(lint.main(["--root", self.root]), 0)
            self.write({"crypto/sm3.cc": "#include <boost/regex.hpp>\n"})
            self.assertEqual(lint.main(["layers", "--root", self.root]), 1)
        self.assertRegex(output.getvalue(), r"crypto/sm3.cc:1: \[layers\] .*; .*\n\d+ files, 1 findings\n$")


if __name__ == "__main__":
    unittest.main()
