"""What one process leaves for the next, on SQLite: in memory and in a file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tertulia.store import Database, Images, SavedImage


@pytest.fixture(params=["memory", "file"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database("sqlite://" if request.param == "memory" else f"sqlite:///{tmp_path / 'test.db'}")
    await opened.open()
    yield opened
    await opened.close()


async def test_an_image_is_read_once(database: Database) -> None:
    images = Images(database)
    await images.save({"standup": b"\x00\xff", "büro": b"2"}, 7.5)
    assert sorted(await images.take(), key=lambda it: it.room) == [
        SavedImage("büro", 7.5, b"2"),
        SavedImage("standup", 7.5, b"\x00\xff"),
    ]
    assert await images.take() == []


async def test_newer_images_take_the_place_of_all_older_ones(database: Database) -> None:
    images = Images(database)
    await images.save({"standup": b"1", "gone": b"1"}, 1.0)
    await images.save({"standup": b"2"}, 2.0)
    assert await images.take() == [SavedImage("standup", 2.0, b"2")]
