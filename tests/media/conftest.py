from collections.abc import AsyncIterator, Iterator

import pytest
import structlog

from tests.media.stage import Stage


@pytest.fixture(autouse=True)
def fresh_logs() -> Iterator[None]:
    structlog.reset_defaults()
    yield


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    yield stage
    stage.media.stop()
    stage.engine.dispose()
