"""Who tests what where two processes do (`make test`). One process alone runs all in their order, as ever."""

from __future__ import annotations

import ctypes
import os

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# Servers that the tests start keep nothing in the home of whoever runs them, and find nothing there. Tests of what is kept say where.
os.environ.setdefault("TERTULIA_CHAT_RETENTION", "0")

# What the machine does beside it is no fault of what is tried.
settings.register_profile("beside others", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("beside others")

# Browsers that root starts take precedence over everything (nice -8), and on a slow machine the server that they talk to waits for them.
# Without CAP_SYS_NICE, which no process that is started from here has, they cannot.
PR_CAPBSET_DROP, CAP_SYS_NICE = 24, 23
if os.geteuid() == 0:
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_SYS_NICE, 0, 0, 0)

BROWSERS = ("tests/e2e/", "tests/embedding/test_tutorial.py", "tests/network/", "tests/quality/")


class BrowsersApart(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist has no types
    """All tests with browsers go to one process, one after another: pictures are encoded and decoded in software here, and who shares two
    cores with another browser is seconds late. It is the first work that is given away, for it is the longest; what is left is taken test
    by test, by whoever is free.

    pytest-xdist's own groups would do, but group nothing since pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "browsers" if nodeid.startswith(BROWSERS) else nodeid


@pytest.hookimpl(optionalhook=True)  # without pytest-xdist nobody asks
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> BrowsersApart:
    return BrowsersApart(config, log)


class Retries:
    """Says at once why a test is tried again: the list of them at the end does not, and a run that is ended early has no end."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self._terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if str(report.outcome) == "rerun":  # which pytest's own types do not know
            crash = getattr(report.longrepr, "reprcrash", None)
            reason = crash.message.strip().partition("\n")[0] if crash else "no reason given"
            self._terminal.write_line(f"\nagain after {report.duration:.0f} s: {report.nodeid}: {reason}")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    if terminal := config.pluginmanager.get_plugin("terminalreporter"):
        config.pluginmanager.register(Retries(terminal), "retries")
