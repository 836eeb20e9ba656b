"""Small things that the scenarios share."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from tertulia.client import Client, EventStream
from tertulia.errors import Code, TertuliaError
from tertulia.wire import native

Invite = Callable[..., Awaitable[Client]]
WITHIN = 30.0
"""Seconds that anything may take on a busy machine."""


@contextlib.contextmanager
def refused(code: Code) -> Iterator[None]:
    """What is done within is answered by this error. tests/contract/test_codes.py counts the codes that are named here."""
    with pytest.raises(TertuliaError) as caught:
        yield
    assert caught.value.code is code, caught.value


async def ends(client: Client, code: Code) -> None:
    """The session ends for this reason."""
    error = await asyncio.wait_for(client.ended(), WITHIN)
    assert isinstance(error, TertuliaError)
    assert error.code is code, error


async def next_of(stream: EventStream[Any], kind: type[Any]) -> Any:
    """The next event of a type."""
    while not isinstance(event := await stream.next(WITHIN), kind):
        pass
    return event


async def settled(*clients: Client) -> None:
    """Returns when everything that was done before has reached all of them."""
    for client in clients:
        with client.events(native.ChatReceived) as chats:
            await client.chat("settled", to=client.identity)
            while (await chats.next(WITHIN)).message.text != "settled":
                pass


async def meets(client: Client, *identities: str) -> None:
    """Waits until these, and nobody else, are the others."""
    await client.until(lambda c: set(c.room.participants) == set(identities), WITHIN)
