"""Of all tests of this folder: a file whose tests were all skipped ends with 77, which ctest shows as skipped; what was measured is shown."""

import measured

SKIPPED = 77


def pytest_sessionfinish(session, exitstatus):
    stats = session.config.pluginmanager.get_plugin("terminalreporter").stats
    if exitstatus == 0 and stats.get("skipped") and not stats.get("passed"):
        session.exitstatus = SKIPPED


def pytest_terminal_summary(terminalreporter):
    measured.show(terminalreporter.write_line)
