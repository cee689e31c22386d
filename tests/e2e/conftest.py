"""Of all tests of this folder: a file whose tests were all skipped ends with 77, which ctest shows as skipped; what was measured is shown.

The temporary folder (data folders, private keys) goes when all passed; pytest keeps the last three that did not. It is the system's, for
below a build folder the paths of control sockets (100 bytes at most) would be too long.
"""

import shutil

import pytest

import measured

SKIPPED = 77
FOLDERS = []


@pytest.fixture(scope="session", autouse=True)
def temporary_folder(tmp_path_factory):
    FOLDERS.append(tmp_path_factory.getbasetemp())


def pytest_sessionfinish(session, exitstatus):
    stats = session.config.pluginmanager.get_plugin("terminalreporter").stats
    if exitstatus == 0 and stats.get("skipped") and not stats.get("passed"):
        session.exitstatus = SKIPPED
    if exitstatus == 0:
        for folder in FOLDERS:
            shutil.rmtree(folder, ignore_errors=True)


def pytest_terminal_summary(terminalreporter):
    measured.show(terminalreporter.write_line)
