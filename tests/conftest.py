"""Who tests what, where several processes run the tests (`make test`: two). One process alone runs all in their order, as ever."""

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

PAGES_AND_NETWORKS = (
    "tests/e2e/test_accessibility.py",
    "tests/e2e/test_doctor_page.py",
    "tests/e2e/test_examples.py",
    "tests/e2e/test_files.py",
    "tests/e2e/test_keyboard.py",
    "tests/e2e/test_meeting_board.py",
    "tests/e2e/test_meeting_chat",
    "tests/e2e/test_meeting_documents.py",
    "tests/e2e/test_phone.py",
    "tests/embedding/test_tutorial.py",
    "tests/network/",
    "tests/quality/",
)
"""These look at pages rather than at pictures, or have browsers of their own in networks of their own."""
CALLS = ("tests/e2e/",)
"""All others with browsers. No two of them meet: pictures are encoded and decoded in software here, and are given seconds for it."""


class BrowsersApart(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist has no types
    """Browsers are the first work that is given away, for it is the longest: calls to one process, all else with browsers to another.

    What is left is taken test by test, by whoever is free. pytest-xdist's own groups would do, but group nothing since pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(PAGES_AND_NETWORKS):
            return "pages and networks"
        return "calls" if nodeid.startswith(CALLS) else nodeid


@pytest.hookimpl(optionalhook=True)  # without pytest-xdist nobody asks
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> BrowsersApart:
    return BrowsersApart(config, log)
