"""Which Host and which Origin come in."""

import pytest

from tertulia.doors.guard import Guard

from .harness import Client, Closed, server


@pytest.mark.parametrize(
    ("host", "origin", "comes_in"),
    [
        ("example.org", None, True),
        ("example.org", "https://example.org", True),
        ("example.org:443", "https://example.org", True),
        ("example.org:3000", "http://example.org:3000", True),
        ("EXAMPLE.org", "https://example.ORG", True),
        ("[::1]:3000", "http://[::1]:3000", True),
        ("example.org", "https://friend.example", True),
        ("example.org", "https://evil.example", False),
        ("example.org", "https://example.org.evil.example", False),
        ("example.org", "https://example.org:444", False),
        ("example.org", "http://friend.example", False),
        ("example.org", "null", False),
        ("example.org", "file://", False),
        ("example.org", "", False),
        ("example.org", "https://", False),
    ],
)
async def test_origins(host: str, origin: str | None, comes_in: bool) -> None:
    async with server(allow_origin=["https://friend.example"]) as (app, _):
        client = Client(app, headers={"host": host} | ({} if origin is None else {"origin": origin}))
        if comes_in:
            await client.open()
        else:
            with pytest.raises(Closed):
                await client.open()


@pytest.mark.parametrize(
    ("host", "comes_in"),
    [
        ("localhost:3000", True),
        ("127.0.0.1:3000", True),
        ("127.9.9.9", True),
        ("[::1]:3000", True),
        ("app.localhost", True),
        ("call.example.org", True),
        ("evil.example:3000", False),
        ("127.0.0.1.evil.example", False),
        ("192.168.1.5", False),
        ("", False),
    ],
)
async def test_dns_rebinding(host: str, comes_in: bool) -> None:
    async with server(local_names_only=True, allow_origin=["https://call.example.org"]) as (app, _):
        client = Client(app, headers={"host": host, "origin": f"http://{host}"})
        if comes_in and host != "call.example.org":
            await client.open()
        elif comes_in:
            client = Client(app, headers={"host": host, "origin": f"https://{host}"})
            await client.open()
        else:
            with pytest.raises(Closed):
                await client.open()


def test_two_hosts_or_none_are_refused() -> None:
    async def app(*_: object) -> None: ...

    guard = Guard(app)
    for hosts in ([], ["a", "b"]):
        headers = [(b"host", host.encode()) for host in hosts]
        assert guard.refusal({"type": "http", "headers": headers})
    assert guard.refusal(
        {"type": "websocket", "headers": [(b"host", b"a"), (b"origin", b"x"), (b"origin", b"http://a")]}
    )
