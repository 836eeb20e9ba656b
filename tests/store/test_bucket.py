"""Files in a bucket, of an S3 service that runs here."""

import os
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from tertulia.core.files import Picture
from tertulia.core.ids import ParticipantId
from tertulia.errors import Code, TertuliaError
from tertulia.store import Database
from tertulia.store.files import Bucket, FileStore, Limits, Sender, bucket
from tests.store.test_files import content, picture, share

SENDER = Sender(ParticipantId("ana"), "Ana")


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    before = set(threading.enumerate())
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()
    for thread in set(threading.enumerate()) - before:
        thread.join(5)


@pytest.fixture
def endpoint(service: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AWS_ENDPOINT_URL", service)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    make_bucket(service)
    return service


def make_bucket(service: str) -> None:
    import httpx

    assert httpx.put(f"{service}/files").status_code in (200, 409)


@pytest.fixture
async def store(endpoint: str, tmp_path: Path) -> AsyncIterator[FileStore]:
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    await database.open()
    made = FileStore(database, Bucket("s3://files/some/where"), tmp_path / "uploads", Limits())
    await made.open()
    yield made
    await database.close()


async def test_a_file_goes_to_the_bucket_and_comes_back(store: FileStore, tmp_path: Path) -> None:
    data = os.urandom(20_000_000)
    file = await share(store, data)
    assert list((tmp_path / "uploads").iterdir()) == [], "nothing of it is left here"
    assert await content(store, file) == data
    assert await content(store, file, 8_000_000, 8_000_010) == data[8_000_000:8_000_010]
    await store.delete(file)
    with pytest.raises(TertuliaError) as caught:
        await content(store, file)
    assert caught.value.code is Code.NO_SUCH_FILE


async def test_a_preview_and_an_empty_file_are_there_too(store: FileStore) -> None:
    file = await share(store, picture("PNG", (80, 60)))
    assert file.preview == Picture(80, 60)
    assert (await store.preview(file)).startswith(b"RIFF")
    assert await content(store, await share(store, b"")) == b""


async def test_a_service_that_fails_refuses_and_can_be_tried_again(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = await store.begin("standup", "ana", "a", 5)
    async with store.turn(upload):
        part = await store.part(upload)
        await part.write(b"hello")
        await part.close()

    async def fails(*_: object, **__: object) -> None:
        from obstore.exceptions import GenericError

        raise GenericError("away")

    with monkeypatch.context() as broken:
        broken.setattr("obstore.put_async", fails)
        with pytest.raises(TertuliaError) as caught:
            await store.finish(upload, SENDER)
        assert caught.value.code is Code.STORE_FAILED
    file, is_new = await store.finish(upload, SENDER)
    assert is_new and await content(store, file) == b"hello"


async def test_a_bucket_that_is_not_there_is_told_at_the_start(endpoint: str) -> None:
    with pytest.raises(OSError, match="bucket"):
        await Bucket("s3://nobodys-bucket/x").open()


@pytest.mark.parametrize("url", ["s3://", "s3:///prefix", "files"])
def test_what_names_no_bucket(url: str) -> None:
    with pytest.raises(ValueError, match="s3://bucket/prefix"):
        Bucket(url)


def test_only_an_endpoint_without_tls_is_spoken_to_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert not bucket._plain_http()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://s3.example")
    assert not bucket._plain_http()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9000")
    assert bucket._plain_http()
