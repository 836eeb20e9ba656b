"""Who tests what, where several processes run the tests (`make test`: two). One process alone runs all in their order, as ever."""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

BROWSERS = ("tests/e2e/", "tests/embedding/test_tutorial.py", "tests/network/", "tests/quality/")
"""Here pictures are encoded and decoded in software, and are given seconds for it."""


class BrowsersApart(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist has no types
    """Browsers are the first work that is given away, and one process's: each is started once, and no two of these tests meet.

    The other process takes everything else, test by test. pytest-xdist's own groups would do, but group nothing since pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "browsers" if nodeid.startswith(BROWSERS) else nodeid


@pytest.hookimpl(optionalhook=True)  # without pytest-xdist nobody asks
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> BrowsersApart:
    return BrowsersApart(config, log)
