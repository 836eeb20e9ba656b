"""Files on their way, kept and forgotten: rows in SQLite, bytes in a folder."""

import asyncio
import errno
import hashlib
import io
import os
import time
from collections.abc import AsyncIterator
from io import FileIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tertulia.core.files import Picture, SharedFile
from tertulia.core.ids import ParticipantId
from tertulia.errors import Code, TertuliaError
from tertulia.store import Database
from tertulia.store.files import FileStore, Folder, Limits, Sender, Upload, staging
from tertulia.store.files.staging import BUFFER

ANA, BEN, CY = (ParticipantId(name) for name in ("ana", "ben", "cy"))
SENDER = Sender(ANA, "Ana")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'test.db'}")
    await opened.open()
    yield opened
    await opened.close()


async def make(database: Database, tmp_path: Path, **limits: Any) -> FileStore:
    store = FileStore(database, Folder(tmp_path / "kept"), tmp_path / "uploads", Limits(**limits))
    await store.open()
    return store


@pytest.fixture
async def store(database: Database, tmp_path: Path) -> FileStore:
    return await make(database, tmp_path, file_bytes=10_000_000, room_bytes=20_000_000)


async def write(store: FileStore, upload: Upload, data: bytes) -> int:
    async with store.turn(upload):
        part = await store.part(upload)
        try:
            await part.write(data)
        finally:
            await part.close()
    return part.offset


async def share(
    store: FileStore,
    data: bytes = b"hello",
    name: str = "a.txt",
    *,
    room: str = "standup",
    to: ParticipantId | None = None,
) -> SharedFile:
    upload = await store.begin(room, "ana", name, len(data), to)
    await write(store, upload, data)
    file, is_new = await store.finish(await store.find(room, upload.key), SENDER)
    assert is_new
    return file


async def content(store: FileStore, file: SharedFile, start: int = 0, end: int | None = None) -> bytes:
    chunks = await store.read(file, start, file.size if end is None else end)
    return b"".join([chunk async for chunk in chunks])


def code_of(error: pytest.ExceptionInfo[TertuliaError]) -> Code:
    return error.value.code


def left_in(folder: Path) -> list[Path]:
    return [it for it in folder.rglob("*") if it.is_file() and "test.db" not in it.name]


def picture(kind: str, size: tuple[int, int] = (800, 600), **options: Any) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 50).convert("RGB").save(out, kind, **options)
    return out.getvalue()


async def test_what_was_uploaded_in_parts_is_a_file(store: FileStore, tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    upload = await store.begin("standup", "ana", "../x.bin", len(data))
    assert await write(store, upload, data[:1_500_000]) == 1_500_000
    assert await store.offset(upload) == 1_500_000
    await write(store, upload, data[1_500_000:])
    file, is_new = await store.finish(upload, SENDER)
    assert is_new
    assert (file.name, file.size, file.type) == ("x.bin", len(data), "application/octet-stream")
    assert file.sha256 == hashlib.sha256(data).hexdigest()
    assert (file.sender, file.sender_name, file.preview) == (ANA, "Ana", None)
    assert await content(store, file) == data
    assert await content(store, file, 10, 20) == data[10:20]
    assert list((tmp_path / "uploads").iterdir()) == []
    again = await store.find("standup", upload.key)
    assert again.file == file
    assert await store.finish(again, SENDER) == (file, False)


async def test_an_upload_outlives_a_restart(store: FileStore, database: Database, tmp_path: Path) -> None:
    upload = await store.begin("standup", "ana", "a", 10)
    await write(store, upload, b"12345")
    later = await make(database, tmp_path)
    await later.look(time.time(), retention=3600)
    found = await later.find("standup", upload.key)
    assert await later.offset(found) == 5


async def test_an_upload_is_its_rooms(store: FileStore) -> None:
    upload = await store.begin("standup", "ana", "a", 10)
    for room, key in (("other", upload.key), ("standup", upload.id), ("standup", "x")):
        with pytest.raises(TertuliaError) as caught:
            await store.find(room, key)
        assert code_of(caught) is Code.NO_SUCH_FILE


async def test_limits(database: Database, tmp_path: Path) -> None:
    store = await make(database, tmp_path, file_bytes=1000, room_bytes=2500, uploads=2)
    with pytest.raises(TertuliaError) as caught:
        await store.begin("standup", "ana", "a", 1001)
    assert code_of(caught) is Code.TOO_LARGE
    first = await store.begin("standup", "ana", "a", 1000)
    await store.begin("standup", "ana", "a", 1000)
    with pytest.raises(TertuliaError) as caught:
        await store.begin("standup", "ana", "a", 10)
    assert code_of(caught) is Code.TOO_MANY_UPLOADS
    await store.begin("standup", "ben", "a", 10)
    with pytest.raises(TertuliaError) as caught:
        await store.begin("standup", "ben", "a", 1000)
    assert code_of(caught) is Code.STORAGE_FULL, "what is on its way counts as large as it will be"
    await store.begin("other", "ana", "a", 1000)
    await store.abandon(first)
    await store.begin("standup", "ana", "a", 1000)


async def test_types_are_refused_by_content_and_the_upload_is_forgotten(database: Database, tmp_path: Path) -> None:
    store = await make(database, tmp_path, types=("image/*",), refused=("image/gif",))
    for data in (b"<html>", b"GIF89a" + bytes(20)):
        upload = await store.begin("standup", "ana", "cat.png", len(data))
        await write(store, upload, data)
        with pytest.raises(TertuliaError) as caught:
            await store.finish(upload, SENDER)
        assert code_of(caught) is Code.TYPE_REFUSED
        with pytest.raises(TertuliaError):
            await store.find("standup", upload.key)
    assert list((tmp_path / "uploads").iterdir()) == []
    assert (await share(store, picture("PNG", (8, 6)))).type == "image/png"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
async def test_a_picture_has_a_preview_that_was_made_here(store: FileStore, kind: str) -> None:
    file = await share(store, picture(kind))
    assert file.preview == Picture(640, 480)
    preview = Image.open(io.BytesIO(await store.preview(file)))
    assert (preview.format, preview.size) == ("WEBP", (640, 480))


async def test_a_preview_stands_upright_and_says_nothing_of_where_it_was_taken(store: FileStore) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it by 90 degrees
    exif[0x010E] = "secret place"
    file = await share(store, picture("JPEG", exif=exif, comment=b"secret place"))
    assert file.preview == Picture(480, 640)
    preview = await store.preview(file)
    assert b"secret" not in preview and b"EXIF" not in preview and b"Exif" not in preview


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n" + os.urandom(2000),
        b"GIF89a/*" + b"<script>alert(1)</script>" * 20,
        picture("JPEG")[:3000][:200],
    ],
    ids=["noise", "polyglot", "cut"],
)
async def test_what_only_looks_like_a_picture_has_no_preview(store: FileStore, data: bytes, tmp_path: Path) -> None:
    file = await share(store, data)
    assert file.preview is None
    assert await content(store, file) == data
    assert list((tmp_path / "uploads").iterdir()) == []


def bomb(width: int, height: int) -> bytes:
    """A small file that is a large picture."""
    out = io.BytesIO()
    Image.new("1", (width, height)).save(out, "PNG", compress_level=9)
    return out.getvalue()


async def test_a_picture_that_would_fill_the_memory_has_no_preview(store: FileStore) -> None:
    data = bomb(20_000, 20_000)
    assert len(data) < 100_000
    assert (await share(store, data)).preview is None


async def test_pages_are_of_what_one_may_see(store: FileStore) -> None:
    files = [await share(store, name=f"{n}.txt") for n in range(5)]
    private = await share(store, to=BEN)
    assert [it.number for it in files] == sorted({it.number for it in files})
    last = await store.page("standup", CY, limit=2)
    assert ([it.name for it in last.files], last.more) == (["3.txt", "4.txt"], True)
    before = await store.page("standup", CY, before=files[3].number)
    assert ([it.name for it in before.files], before.more) == (["0.txt", "1.txt", "2.txt"], False)
    assert [private in (await store.page("standup", who)).files for who in (ANA, BEN, CY, None)] == [
        True,
        True,
        False,
        True,
    ]
    assert await store.get("standup", [private.id, files[0].id], CY) == (files[0],)
    assert await store.get("other", [files[0].id], None) == ()


async def test_what_is_deleted_is_gone_with_its_preview(store: FileStore, tmp_path: Path) -> None:
    file = await share(store, picture("PNG", (8, 6)))
    await store.delete(file)
    assert await store.get("standup", [file.id], None) == ()
    assert [it for it in (tmp_path / "kept").rglob("*") if it.is_file()] == []
    with pytest.raises(TertuliaError) as caught:
        await content(store, file)
    assert code_of(caught) is Code.NO_SUCH_FILE


async def test_what_is_old_is_forgotten_and_so_are_uploads_that_nobody_goes_on_with(
    store: FileStore, tmp_path: Path
) -> None:
    old = await share(store)
    upload = await store.begin("standup", "ana", "a", 10)
    await store.look(time.time(), retention=3600)
    assert await store.get("standup", [old.id], None) == (old,)
    await store.look(time.time() + store.limits.expiry + 1, retention=None)
    assert await store.get("standup", [old.id], None) == (old,)
    with pytest.raises(TertuliaError):
        await store.find("standup", upload.key)
    await store.look(time.time() + 3601, retention=3600)
    assert await store.get("standup", [old.id], None) == ()
    assert left_in(tmp_path) == []


async def test_a_room_takes_its_files_along(store: FileStore) -> None:
    file, other = await share(store), await share(store, room="other")
    await store.begin("standup", "ana", "a", 10)
    store.forget_room("standup")
    await store.flush()
    assert await store.get("standup", [file.id], None) == ()
    assert await store.get("other", [other.id], None) == (other,)


async def test_what_a_lost_database_left_of_uploads_is_forgotten_in_time(store: FileStore, tmp_path: Path) -> None:
    orphan, fresh = tmp_path / "uploads" / "orphan", tmp_path / "uploads" / "fresh"
    for path in (orphan, fresh):
        path.write_bytes(b"x")
    os.utime(orphan, (time.time() - 7200,) * 2)
    await store.look(time.time(), retention=None)
    assert not orphan.exists() and fresh.exists()


class FullDisk(FileIO):
    """Takes so much, and no more."""

    room = BUFFER

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data) or 0


async def test_a_full_disk_keeps_what_it_has(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = await store.begin("standup", "ana", "a", 3 * BUFFER)
    monkeypatch.setattr(staging, "FileIO", FullDisk)
    with pytest.raises(TertuliaError) as caught:
        await write(store, upload, bytes(BUFFER) + bytes(BUFFER) + bytes(10))
    assert code_of(caught) is Code.STORAGE_FULL
    await write(store, upload, bytes(BUFFER))
    with pytest.raises(TertuliaError) as caught:
        await write(store, upload, bytes(BUFFER))
    assert code_of(caught) is Code.STORAGE_FULL
    assert await store.offset(upload) == BUFFER
    monkeypatch.undo()
    assert await write(store, upload, bytes(2 * BUFFER)) == 3 * BUFFER
    assert (await store.finish(upload, SENDER))[0].size == 3 * BUFFER


async def test_a_disk_without_room_is_not_begun_on(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "SPARE", 2**62)
    with pytest.raises(TertuliaError) as caught:
        await store.begin("standup", "ana", "a", 1)
    assert code_of(caught) is Code.STORAGE_FULL
    monkeypatch.undo()
    for _ in range(store.limits.uploads):
        await store.begin("standup", "ana", "a", 1)


class Trouble(Folder):
    fails = False

    async def put(self, key: str, source: Path) -> None:
        if self.fails:
            raise OSError("the bucket is away")
        await super().put(key, source)


async def test_what_could_not_be_kept_is_kept_when_it_is_tried_again(database: Database, tmp_path: Path) -> None:
    blobs = Trouble(tmp_path / "kept")
    store = FileStore(database, blobs, tmp_path / "uploads", Limits())
    await store.open()
    upload = await store.begin("standup", "ana", "a.png", len(data := picture("PNG", (8, 6))))
    await write(store, upload, data)
    blobs.fails = True
    with pytest.raises(TertuliaError) as caught:
        await store.finish(upload, SENDER)
    assert code_of(caught) is Code.STORE_FAILED
    assert await store.offset(upload) == len(data)
    assert (await store.page("standup", None)).files == ()
    blobs.fails = False
    file, is_new = await store.finish(upload, SENDER)
    assert is_new and file.preview == Picture(8, 6)
    assert await content(store, file) == data


async def test_a_new_turn_ends_the_old_one(store: FileStore) -> None:
    upload = await store.begin("standup", "ana", "a", 10)
    ended = asyncio.Event()

    async def reads_for_ever() -> None:
        async with store.turn(upload) as turn:
            try:
                async with asyncio.timeout(60) as timeout:
                    turn.yields_by(timeout)
                    await asyncio.Event().wait()
            except TimeoutError:
                assert turn.is_taken
                ended.set()

    reader = asyncio.create_task(reads_for_ever())
    await asyncio.sleep(0)
    async with asyncio.timeout(30), store.turn(upload):
        assert ended.is_set()
    await reader
