"""Other people's tus clients, and curl, unmodified, against a server as a user starts it."""

import asyncio
import hashlib
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from tertulia.client import Client
from tertulia.wire import native
from tests.contract.server import Server
from tests.contract.support import next_of

pytestmark = pytest.mark.interop
SCRIPT = Path(__file__).with_name("tus_client.mjs")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    started = Server(messages_per_second=1000).start()
    yield started
    started.stop()
    assert started.faults() == []


@pytest.fixture
async def ana(server: Server) -> AsyncIterator[Client]:
    async with Client(server.url, room="standup", name="Ana") as client:
        yield client


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data.bin"
    path.write_bytes(os.urandom(7_654_321))
    return path


async def granted(client: Client) -> native.FileGranted:
    return await client.request(lambda n: native.FileGrant(id=n), native.FileGranted)


def content_of(path: Path) -> bytes:
    return path.read_bytes()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def test_tus_js_client_goes_on_where_it_was_stopped(server: Server, ana: Client, data: Path) -> None:
    grant = await granted(ana)
    with ana.events(native.FileAdded) as added:
        process = await asyncio.create_subprocess_exec(
            *("node", str(SCRIPT), f"{server.url}/{grant.url}", grant.token, str(data), "Übersicht.bin"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(process.communicate(), 50)
        assert process.returncode == 0, said.decode()
        file = (await next_of(added, native.FileAdded)).file
    assert (file.name, file.size, file.sha256) == ("Übersicht.bin", len(content_of(data)), sha256(content_of(data)))


async def test_tuspy_goes_on_where_it_was_stopped(server: Server, ana: Client, data: Path) -> None:
    grant = await granted(ana)
    client = TusClient(f"{server.url}/{grant.url}", headers={"Authorization": f"Bearer {grant.token}"})

    def upload() -> None:
        first = client.uploader(
            str(data), chunk_size=1_000_000, metadata={"filename": "data.bin"}, upload_checksum=True
        )
        first.upload(stop_at=3_000_000)
        later = client.uploader(str(data), chunk_size=1_000_000, url=first.url, upload_checksum=True)
        assert later.offset == 3_000_000
        later.upload()

    with ana.events(native.FileAdded) as added:
        await asyncio.to_thread(upload)
        file = (await next_of(added, native.FileAdded)).file
    assert file.sha256 == sha256(content_of(data))


async def test_tuspy_is_told_what_is_wrong(server: Server, ana: Client, data: Path) -> None:
    grant = await granted(ana)
    client = TusClient(f"{server.url}/{grant.url}", headers={"Authorization": "Bearer grant.x"})
    with pytest.raises(TusCommunicationError) as caught:
        await asyncio.to_thread(lambda: client.uploader(str(data), chunk_size=1_000_000).upload())
    assert caught.value.status_code == 401


async def curl(*arguments: str) -> tuple[bytes, str]:
    def run() -> tuple[bytes, str]:
        done = subprocess.run(
            ["curl", "--silent", "--show-error", *arguments], capture_output=True, timeout=30, check=True
        )
        return done.stdout, done.stderr.decode()

    return await asyncio.to_thread(run)


async def test_curl_fetches_a_file_its_parts_and_what_is_missing(
    server: Server, ana: Client, data: Path, tmp_path: Path
) -> None:
    shared = await ana.files.upload(data)
    content = content_of(data)
    url = (await ana.files.links(shared.id)).links[0].url
    whole, _ = await curl(url)
    assert whole == content
    part, _ = await curl("--range", "1000-1999", url)
    assert part == content[1000:2000]
    (tmp_path / "broken.bin").write_bytes(content[:2_000_000])
    await curl("--continue-at", "-", "--output", str(tmp_path / "broken.bin"), url)
    assert sha256((tmp_path / "broken.bin").read_bytes()) == shared.sha256
    status, _ = await curl("--output", os.devnull, "--write-out", "%{http_code}", url[:-3])
    assert status == b"401"
    named: Any = tmp_path / "named"
    named.mkdir()
    await asyncio.to_thread(
        lambda: subprocess.run(
            ["curl", "--silent", "--remote-name", "--remote-header-name", url], cwd=named, timeout=30, check=True
        )
    )
    assert [it.name for it in named.iterdir()] == ["data.bin"]
