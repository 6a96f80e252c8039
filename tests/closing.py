"""The last line of a test run, plain for people and programs; and, with CI=true, a skipped test is a failure."""

from __future__ import annotations

import os

import pytest


def _counts(config: pytest.Config) -> tuple[int, int, int]:
    stats = config.pluginmanager.get_plugin("terminalreporter").stats  # type: ignore[union-attr]
    passed, failed, errors, skipped = (len(stats.get(kind, ())) for kind in ("passed", "failed", "error", "skipped"))
    return passed, failed + errors, skipped


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where nobody looks at the output, what was not tested counts as broken."""
    if os.environ.get("CI") == "true" and session.exitstatus == 0 and _counts(session.config)[2]:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config: pytest.Config) -> None:
    """The line itself."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and not config.option.collectonly:
        passed, failed, skipped = _counts(config)
        if skipped and os.environ.get("CI") == "true":
            reporter.write_line("CI=true: a skipped test is a failure")
        reporter.write_line(f"{passed} passed, {failed} failed, {skipped} skipped")
