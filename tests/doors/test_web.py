"""Pages, health and metrics."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from tertulia.doors import pages

from .harness import Client, person, server


@asynccontextmanager
async def browser(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app, client=("127.0.0.1", 1)), base_url="http://testserver"
    ) as client:
        yield client


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "app" / "assets").mkdir(parents=True)
    (tmp_path / "sdk").mkdir()
    (tmp_path / "app" / "index.html").write_text("<!doctype html><html><head><title>t</title></head></html>")
    (tmp_path / "app" / "live.html").write_text("<!doctype html><html><head><title>live</title></head></html>")
    (tmp_path / "app" / "assets" / "index-1a2b.js").write_text("1")
    for name in ("tertulia", "viewer", "element"):
        (tmp_path / "sdk" / f"{name}.js").write_text("2")
    (tmp_path / "secret").write_text("no")
    monkeypatch.setattr(pages, "BUILT_IN", tmp_path)
    return tmp_path


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("path", ["/", "/doctor", "/r/standup", "/r/caf%C3%A9"])
async def test_the_page_knows_where_it_is(path: str) -> None:
    async with server() as (app, _):
        async with browser(app) as client:
            page = await client.get(path)
            assert page.status_code == 200
            assert '<head><base href="/">' in page.text
            assert page.headers["cache-control"] == "no-cache"
            assert "frame-ancestors 'self'" in page.headers["content-security-policy"]
            assert page.headers["referrer-policy"] == "no-referrer"
        mounted = Starlette(routes=[Mount("/rt", app)])
        async with browser(mounted) as client:
            assert '<base href="/rt/">' in (await client.get("/rt" + path)).text


@pytest.mark.usefixtures("built")
async def test_the_viewers_page_is_another_one() -> None:
    async with server() as (app, _):
        mounted = Starlette(routes=[Mount("/rt", app)])
        async with browser(mounted) as client:
            page = await client.get("/rt/live/talk")
            assert '<head><base href="/rt/">' in page.text and "<title>live</title>" in page.text
            assert (await client.get("/rt/live/")).status_code == 404


@pytest.mark.usefixtures("built")
async def test_whose_pages_may_show_ours_in_a_frame() -> None:
    async with (
        server(allow_origin=["https://friend.example", "http://localhost:5173"]) as (app, _),
        browser(app) as client,
    ):
        for path in ("/", "/r/standup", "/live/talk", "/index.html"):
            headers = (await client.get(path)).headers
            rule = headers["content-security-policy"].rpartition("; ")[2]
            assert rule == "frame-ancestors 'self' https://friend.example http://localhost:5173"
            assert "camera=(self)" in headers["permissions-policy"]
            assert "x-frame-options" not in headers


@pytest.mark.usefixtures("built")
async def test_any_page_may_load_the_sdk() -> None:
    async with server() as (app, _), browser(app) as client:
        for name in ("tertulia", "viewer", "element"):
            script = await client.get(f"/sdk/{name}.js", headers={"origin": "https://elsewhere.example"})
            assert script.headers["content-type"].startswith("text/javascript")
            assert script.headers["access-control-allow-origin"] == "*"
            assert script.headers["cross-origin-resource-policy"] == "cross-origin"
            again = await client.get(f"/sdk/{name}.js", headers={"if-none-match": script.headers["etag"]})
            assert again.status_code == 304
        assert (await client.get("/sdk/none.js")).status_code == 404
        assert (await client.get("/sdk/%2e%2e/secret")).text != "no"


@pytest.mark.usefixtures("built")
async def test_files_and_caching() -> None:
    async with server() as (app, _), browser(app) as client:
        asset = await client.get("/assets/index-1a2b.js")
        assert "immutable" in asset.headers["cache-control"]
        assert (await client.get("/sdk/tertulia.js")).headers["content-type"].startswith("text/javascript")
        assert (await client.get("/assets/none.js")).status_code == 404
        for path in ("/../secret", "/%2e%2e/secret", "/assets/..%2f..%2fsecret", "/r/../../secret"):
            assert (await client.get(path)).text != "no"


async def test_without_a_build_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "BUILT_IN", tmp_path)
    async with server() as (app, _), browser(app) as client:
        for path in ("/", "/r/standup", "/live/talk", "/sdk/tertulia.js", "/sdk/element.js"):
            page = await client.get(path)
            assert page.status_code == 503
            assert "make setup" in page.text


async def test_a_folder_in_place_of_the_app(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("mine")
    async with server(web=tmp_path) as (app, _), browser(app) as client:
        page = await client.get("/")
        assert page.text == "mine"
        assert "content-security-policy" not in page.headers


async def test_health_and_metrics() -> None:
    async with server() as (app, media), browser(app) as client:
        media.totals["rtp_in"] = 7
        ana = await person(app, "Ana")
        ana.send_raw("nonsense")
        await ana.settle()
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz")).status_code == 200
        lines = (await client.get("/metrics")).text.splitlines()
        for line in (
            "tertulia_rooms 1.0",
            "tertulia_participants 1.0",
            "tertulia_websockets 1.0",
            "tertulia_rtp_in_total 7.0",
            'tertulia_messages_refused_total{code="malformed"} 1.0',
        ):
            assert line in lines
        assert (await client.get("/ws")).status_code == 426
        assert (await client.get("/_test/rooms")).status_code == 404


async def test_test_commands() -> None:
    async with server(test_commands=True) as (app, _), browser(app) as client:
        ana = await person(app, "Ana")
        rooms = (await client.post("/_test/rooms")).json()
        assert rooms["standup"]["participants"][0]["connected"]
        assert (await client.post(f"/_test/drop-socket?room=standup&participant={ana.me}")).status_code == 204
        await ana.ended()
        assert ana.aborted
        back = await Client(app).open()
        await back.resume(ana)
        assert (await client.post("/_test/drop-socket?room=standup&participant=nobody")).status_code == 404
        elsewhere = httpx.ASGITransport(app, client=("192.0.2.1", 1))
        async with httpx.AsyncClient(transport=elsewhere, base_url="http://testserver") as stranger:
            assert (await stranger.post("/_test/rooms")).status_code == 403
