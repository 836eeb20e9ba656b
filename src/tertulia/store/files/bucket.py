"""Files in a bucket of an S3-compatible service, by `obstore` (`pip install tertulia[s3]`)."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    pass

PART: Final = 8 * 1024 * 1024
"""Bytes of a part; S3 takes 10,000 parts of 5 MiB at least."""
CHUNK: Final = 256 * 1024


class Bucket:
    """`s3://bucket/prefix`. Endpoint, region and keys come from the environment: AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY, and what else Amazon's own tools read."""

    def __init__(self, url: str) -> None:
        """Raises ValueError for what names no bucket, ImportError without `obstore`."""
        from obstore.store import S3Store

        bucket, _, prefix = url.removeprefix("s3://").partition("/")
        if not url.startswith("s3://") or not bucket:
            raise ValueError(f"{url!r} names no bucket: give s3://bucket/prefix")
        plain = _plain_http()
        self._store: S3Store = S3Store(
            bucket, prefix=prefix.strip("/") or None, client_options={"allow_http": True} if plain else None
        )

    async def open(self) -> None:
        import obstore

        # Something that is not there: it tells whether the service, the bucket and the keys are right.
        await _as_os_error(_first_of(obstore.list(self._store, prefix="tertulia-is-here")))

    async def put(self, key: str, source: Path) -> None:
        import obstore

        try:
            await _as_os_error(obstore.put_async(self._store, key, source, chunk_size=PART))
        except FileNotFoundError:
            # Kept by an earlier try, whose end was not heard of.
            await _as_os_error(obstore.head_async(self._store, key))
            return
        await asyncio.to_thread(source.unlink, missing_ok=True)

    async def read(self, key: str, start: int, end: int) -> AsyncGenerator[bytes]:
        import obstore

        if start >= end:
            return
        result = await _as_os_error(obstore.get_async(self._store, key, options={"range": (start, end)}))
        stream = aiter(result.stream(min_chunk_size=CHUNK))
        while True:
            try:
                chunk = await _as_os_error(anext(stream))
            except StopAsyncIteration:
                return
            yield bytes(chunk)

    async def delete(self, key: str) -> None:
        import obstore

        try:
            await _as_os_error(obstore.delete_async(self._store, key))
        except FileNotFoundError:
            return


async def _first_of(stream: Any) -> object:
    async for page in stream:
        return page
    return None


async def _as_os_error(work: Any) -> Any:
    """What `obstore` raises has a base of its own, and FileNotFoundError for what is not there."""
    from obstore.exceptions import BaseError

    try:
        return await work
    except FileNotFoundError:
        raise
    except BaseError as error:
        raise OSError(f"the bucket failed: {str(error)[:300]}") from error


def _plain_http() -> bool:
    """Whether the endpoint is one without TLS, such as one's own on this machine."""
    import os

    return any(
        os.environ.get(name, "").startswith("http:")
        for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
    )
