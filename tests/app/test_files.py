"""A room's files in Python."""

import asyncio
from pathlib import Path

import pytest

from tertulia import File, FileAdded, FileRemoved, Room
from tertulia.errors import Code, TertuliaError
from tests.doors.harness import WITHIN, person, server


async def test_the_server_shares_and_deletes(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_text("hello")
    async with server() as (app, _):
        ana = await person(app, "Ana")
        room = app.room("standup")
        assert room is not None
        stream = app.events("file_added", "file_removed")
        told: list[File] = []

        @app.on("file_added")
        async def hear(_: Room, file: File) -> None:
            told.append(file)

        file = await room.files.add(path)
        assert (file.name, file.size, file.sender, file.type) == ("report.txt", 5, None, "text/plain")
        assert (await ana.until("file_added"))["file"]["sender"] == "server"
        assert await room.files.list() == (file,)
        await room.files.remove(file)
        assert (await ana.until("file_removed"))["file"] == file.id
        added, removed = [await asyncio.wait_for(anext(stream), WITHIN) for _ in range(2)]
        assert isinstance(added, FileAdded) and added.file == file and added.room == room
        assert isinstance(removed, FileRemoved) and removed.file == file
        assert told == [file]
        with pytest.raises(TertuliaError) as caught:
            await room.files.remove(file)
        assert caught.value.code is Code.NO_SUCH_FILE


async def test_what_the_server_cannot_share(tmp_path: Path) -> None:
    async with server(max_file_size=3) as (app, _):
        await person(app, "Ana")
        room = app.room("standup")
        assert room is not None
        path = tmp_path / "a"
        with pytest.raises(FileNotFoundError):
            await room.files.add(path)
        path.write_bytes(b"1234")
        with pytest.raises(TertuliaError) as caught:
            await room.files.add(path)
        assert caught.value.code is Code.TOO_LARGE
        with pytest.raises(ValueError, match="1000"):
            await room.files.list(limit=0)


async def test_a_private_file_of_the_server(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"1")
    async with server() as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        room = app.room("standup")
        assert room is not None
        file = await room.files.add(path, name="for ana", to=ana.me)
        assert (await ana.until("file_added"))["file"]["name"] == "for ana"
        assert (await ben.ask("file_list"))["files"] == []
        assert file.to == ana.me
