"""Files: up, down, and what is refused, over the loss of connections and servers."""

import asyncio
import hashlib
import http.client
import os
import signal
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from tertulia.client import Client
from tertulia.client import http as client_http
from tertulia.errors import Code
from tertulia.wire import native

from .door import Door
from .server import Server
from .support import WITHIN, Invite, next_of, refused


@pytest.fixture
def big(tmp_path: Path) -> Path:
    path = tmp_path / "Übersicht 世界.bin"
    path.write_bytes(os.urandom(5_000_000))
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


async def test_a_file_comes_to_everybody_as_it_was(invite: Invite, big: Path, tmp_path: Path) -> None:
    ana, ben = await invite("Ana"), await invite("Ben")
    progress: list[tuple[int, int]] = []
    with ben.events(native.FileAdded) as added:
        shared = await ana.files.upload(big, chunk=1_000_000, on_progress=lambda done, of: progress.append((done, of)))
        assert (await next_of(added, native.FileAdded)).file == shared
    assert (shared.name, shared.size, shared.sender, shared.sha256) == (big.name, 5_000_000, ana.identity, sha256(big))
    assert progress[0] == (0, 5_000_000) and progress[-1] == (5_000_000, 5_000_000) and len(progress) == 6
    copy = await ben.files.download(shared, tmp_path / "copy.bin")
    assert sha256(copy) == sha256(big)
    assert sorted(it.name for it in big.parent.iterdir()) == ["copy.bin", big.name]
    late = await invite("Cy")
    assert (await late.files.list()).files == [shared]
    await ana.files.delete(shared)
    with refused(Code.NO_SUCH_FILE):
        await ben.files.download(shared, tmp_path / "gone.bin")
    with refused(Code.NO_SUCH_FILE):
        await ana.files.delete(shared)


async def test_files_and_messages_are_in_one_order(invite: Invite, tmp_path: Path) -> None:
    ana = await invite("Ana")
    path = tmp_path / "a.txt"
    path.write_text("a")
    numbers = []
    for _ in range(3):
        await ana.chat("hi")
        numbers.append(ana.room.messages[-1].number)
        await asyncio.sleep(0.002)
        numbers.append((await ana.files.upload(path)).number)
        await asyncio.sleep(0.002)
    assert numbers == sorted(numbers)


async def test_what_is_not_taken(door: Door, fresh: Callable[..., Server], room: str, tmp_path: Path) -> None:
    server = fresh("--max-file-size", "1000", "--refuse-file-type", "text/html", max_room_files=1500, max_uploads=1)
    path = tmp_path / "a"
    async with door.client(server.url, room=room, name="Ana") as ana:
        path.write_bytes(bytes(1001))
        with refused(Code.TOO_LARGE):
            await ana.files.upload(path)
        path.write_bytes(b"<html>")
        with refused(Code.TYPE_REFUSED):
            await ana.files.upload(path)
        path.write_bytes(bytes(900))
        await ana.files.upload(path)
        with refused(Code.STORAGE_FULL):
            await ana.files.upload(path)
        with refused(Code.NO_SUCH_PARTICIPANT):
            path.write_bytes(b"x")
            await ana.files.upload(path, to="nobody")
        await begun(ana, 10)
        with refused(Code.TOO_MANY_UPLOADS):
            await ana.files.upload(path)
    async with door.client(server.url, room=room, name="Viewer", role="viewer") as viewer:
        with refused(Code.NOT_ALLOWED):
            await viewer.files.upload(path)


async def begun(client: Client, size: int) -> str:
    """Where an upload is that nobody goes on with."""
    return await client.files._create("left alone", size, None)


async def test_an_upload_goes_on_after_its_connection_was_cut(
    invite: Invite, big: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await invite("Ana")
    ask, cut = client_http.ask, 0

    async def unreliable(method: str, url: str, headers: object, body: bytes | None = None) -> client_http.Answer:
        nonlocal cut
        if method == "PATCH" and body and cut < 3:
            cut += 1
            await asyncio.to_thread(send_half, url, dict(headers), body)  # type: ignore[call-overload]
            raise ConnectionError("cut")
        return await ask(method, url, headers, body)  # type: ignore[arg-type]

    monkeypatch.setattr(client_http, "ask", unreliable)
    shared = await ana.files.upload(big, chunk=1_000_000)
    assert cut == 3
    assert shared.sha256 == sha256(big)


def send_half(url: str, headers: dict[str, str], body: bytes) -> None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    connection.putrequest("PATCH", parts.path)
    for name, value in {**headers, "content-length": str(len(body))}.items():
        connection.putheader(name, value)
    connection.endheaders()
    connection.send(body[: len(body) // 2])
    connection.close()


async def test_an_upload_goes_on_after_the_server_was_killed(
    door: Door, fresh: Callable[..., Server], room: str, big: Path, tmp_path: Path
) -> None:
    server = fresh("--data-dir", str(tmp_path / "data"), chat_retention=3600)
    async with door.client(server.url, room=room, name="Ana") as ana:
        before = await ana.files.upload(big)
        kills = 0

        def kill(done: int, of: int) -> None:
            nonlocal kills
            if kills < 2 and done >= (kills + 1) * 1_500_000:
                kills += 1
                server.stop(signal.SIGKILL)
                server.start()

        shared = await ana.files.upload(big, chunk=500_000, on_progress=kill)
        assert kills == 2
        assert shared.sha256 == sha256(big)
        assert [it.id for it in (await ana.files.list()).files] == [before.id, shared.id]
        copy = await ana.files.download(before, tmp_path / "copy.bin")
        assert sha256(copy) == sha256(big)


async def test_where_nothing_outlives_its_room_no_file_does(
    door: Door, fresh: Callable[..., Server], room: str, big: Path
) -> None:
    server = fresh(chat_retention=0)
    async with door.client(server.url, room=room, name="Ana") as ana:
        await ana.files.upload(big)
        await ana.end()
    async with door.client(server.url, room=room, name="Ana") as ana:
        assert (await ana.files.list()).files == []


async def test_a_person_is_told_of_a_file_once_also_over_a_lost_socket(invite: Invite, tmp_path: Path) -> None:
    ana, ben = await invite("Ana"), await invite("Ben")
    path = tmp_path / "a.txt"
    path.write_text("a")
    with ben.events(native.FileAdded) as added:
        for n in range(5):
            ben.reconnect()
            await ana.files.upload(path, name=f"{n}.txt")
        names = [(await added.next(WITHIN)).file.name for _ in range(5)]
    assert names == [f"{n}.txt" for n in range(5)]


async def test_the_api_lists_and_deletes(server: Server, invite: Invite, room: str, tmp_path: Path) -> None:
    ana = await invite("Ana")
    path = tmp_path / "a.txt"
    path.write_text("a")
    shared = await ana.files.upload(path)
    where = f"{server.url}/api/v1/rooms/{room}/files"
    listed = await client_http.ask("GET", where + "?limit=10", {})
    assert msgspec.json.decode(listed.body)["files"][0]["id"] == shared.id
    for query in ("limit=0", "limit=x", "before=-1"):
        with pytest.raises(client_http.Refused) as caught:
            await client_http.ask("GET", f"{where}?{query}", {})
        assert caught.value.answer.status == 400
    with ana.events(native.FileRemoved) as removed:
        await client_http.ask("DELETE", f"{where}/{shared.id}", {})
        assert (await next_of(removed, native.FileRemoved)).file == shared.id
    with pytest.raises(client_http.Refused) as caught:
        await client_http.ask("DELETE", f"{where}/{shared.id}", {})
    assert caught.value.answer.status == 404
