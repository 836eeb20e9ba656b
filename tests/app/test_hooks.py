"""Webhooks that come in: another service says something, and who subscribes hears it."""

import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from tertulia import Tertulia
from tests.doors.harness import SECRET, Client, person, server

from .test_api import client, problem

BUILDS = "/hooks/ci/builds"
STRANGER = {"address": "203.0.113.7", "host": "meet.example.org"}


@asynccontextmanager
async def service(**settings: Any) -> AsyncIterator[tuple[Tertulia, httpx.AsyncClient, Client]]:
    """A server, another service that may not do anything by itself, and somebody who hears `/ci/*`."""
    given = {"open": False, "secret": SECRET, "topic": ["/ci/*"]} | settings
    async with server(**given) as (app, _), client(app, **STRANGER) as api:
        ana = await person(app, "Ana", token=app.token("*"))
        await ana.ask("topic_subscribe", topic="/ci/*")
        yield app, api, ana


async def heard(ana: Client) -> tuple[str, str, Any]:
    it = await ana.until("data")
    return it["from"], it["topic"], it["data"]


def signed_as_github_does(key: str, body: bytes) -> dict[str, str]:
    return {"x-hub-signature-256": "sha256=" + hmac.new(key.encode(), body, hashlib.sha256).hexdigest()}


async def test_with_a_token_in_the_address_or_in_the_header() -> None:
    async with service() as (app, api, ana):
        token = app.webhook_token("/ci/builds")
        answer = await api.post(BUILDS, params={"token": token}, json={"state": "green"})
        assert (answer.status_code, answer.content) == (204, b"")
        assert await heard(ana) == ("server", "/ci/builds", {"state": "green"})
        bearer = {"authorization": f"Bearer {token}"}
        # Not every service says that its JSON is JSON.
        assert (await api.post(BUILDS, content=b'"red"', headers=bearer)).status_code == 204
        assert await heard(ana) == ("server", "/ci/builds", "red")
        octets = bearer | {"content-type": "application/octet-stream"}
        assert (await api.post(BUILDS, content=b"\x00\xff", headers=octets)).status_code == 204
        assert await heard(ana) == ("server", "/ci/builds", "AP8=")


async def test_signed() -> None:
    async with service() as (app, api, ana):
        body = b'{"state": "green"}'
        headers = signed_as_github_does(app.webhook_key("/ci/builds"), body)
        assert (await api.post(BUILDS, content=body, headers=headers)).status_code == 204
        assert await heard(ana) == ("server", "/ci/builds", {"state": "green"})
        assert problem(await api.post(BUILDS, content=body + b" ", headers=headers)) == (401, "signature_invalid")
        assert problem(await api.post("/hooks/ci/other", content=body, headers=headers)) == (401, "signature_invalid")


async def test_who_may_not() -> None:
    async with service() as (app, api, ana):

        async def told(path: str, token: str) -> tuple[int, str]:
            return problem(await api.post(path, params={"token": token}, json=1))

        token = app.webhook_token("/ci/builds")
        assert problem(await api.post(BUILDS, json=1)) == (401, "token_required")
        assert await told(BUILDS, "x") == (401, "token_invalid")
        assert await told(BUILDS, app.webhook_token("/ci/builds", ttl=-60)) == (401, "token_expired")
        assert await told("/hooks/ci/deploys", token) == (403, "not_allowed")
        assert await told(BUILDS, app.admin_token()) == (403, "not_allowed")
        assert await told(BUILDS, app.token("*", topics={"publish": ["/ci/*"]})) == (403, "not_allowed")
        # And it is good for this alone.
        bearer = {"authorization": f"Bearer {token}"}
        assert problem(await api.post("/topics/ci/builds", json=1, headers=bearer)) == (403, "not_allowed")
        assert problem(await api.get("/rooms", headers=bearer)) == (403, "not_allowed")
        # A good signature does not mend a bad token.
        headers = signed_as_github_does(app.webhook_key("/ci/builds"), b"1")
        answer = await api.post(BUILDS, content=b"1", params={"token": "x"}, headers=headers)
        assert problem(answer) == (401, "token_invalid")
        app.publish("/ci/end", None)
        assert await heard(ana) == ("server", "/ci/end", None), "nothing of all that was passed on"


async def test_what_is_none_of_a_topics_values() -> None:
    async with service() as (app, api, ana):
        bearer = {"authorization": f"Bearer {app.webhook_token('/ci/builds')}"}

        async def told(content: bytes, kind: str = "application/json") -> tuple[int, str]:
            return problem(await api.post(BUILDS, content=content, headers=bearer | {"content-type": kind}))

        assert await told(b"state=green", "application/x-www-form-urlencoded") == (400, "malformed")
        assert await told(b"[" * 70 + b"]" * 70) == (400, "invalid")
        assert await told(b'"' + b"x" * 16_384 + b'"') == (413, "too_large")
        assert await told(b"x" * 12_289, "application/octet-stream") == (413, "too_large")
        for path in ("/hooks/a%20b", "/hooks/ci/*", "/hooks/" + "x" * 64):
            assert problem(await api.post(path, json=1, headers=bearer)) == (400, "invalid")
        assert problem(await api.get(BUILDS, headers=bearer)) == (405, "method_not_allowed")
        app.publish("/ci/end", None)
        assert await heard(ana) == ("server", "/ci/end", None)


async def test_no_faster_than_is_declared_and_one_topic_does_not_slow_another() -> None:
    async with service(topic=["/ci/*;rate=0.5"]) as (app, api, ana):

        async def sent(topic: str, number: int) -> int:
            params = {"token": app.webhook_token(topic)}
            return (await api.post(f"/hooks{topic}", params=params, json=number)).status_code

        assert [await sent("/ci/builds", number) for number in range(4)] == [204, 204, 429, 429]
        assert await sent("/ci/deploys", 4) == 204
        answer = await api.post(BUILDS, params={"token": app.webhook_token("/ci/builds")}, json=0)
        assert problem(answer) == (429, "too_many_messages") and answer.headers["retry-after"] == "1"
        assert [await heard(ana) for _ in range(3)] == [
            ("server", "/ci/builds", 0), ("server", "/ci/builds", 1), ("server", "/ci/deploys", 4),
        ]  # fmt: skip


async def test_who_tries_tokens_is_stopped_and_nobody_else() -> None:
    async with service(messages_per_second=2) as (app, api, _):
        codes = [problem(await api.post(BUILDS, params={"token": "x"}, json=1))[1] for _ in range(12)]
        assert codes[:8] == ["token_invalid"] * 8 and codes[-1] == "too_many_messages"
        async with client(app, address="203.0.113.8", host="meet.example.org") as other:
            params = {"token": app.webhook_token("/ci/builds")}
            assert (await other.post(BUILDS, params=params, json=1)).status_code == 204


async def test_an_open_server_without_a_secret_takes_none() -> None:
    async with server(topic=["/ci/*"]) as (app, _), client(app) as api:
        for make in (app.webhook_token, app.webhook_key):
            with pytest.raises(ValueError, match="without a secret"):
                make("/ci/builds")
        assert problem(await api.post(BUILDS, json=1)) == (401, "token_required")
        assert problem(await api.post(BUILDS, params={"token": "x"}, json=1)) == (401, "token_invalid")
        headers = signed_as_github_does("", b"1")
        assert problem(await api.post(BUILDS, content=b"1", headers=headers)) == (401, "signature_invalid")
