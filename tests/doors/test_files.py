"""Uploads by tus, downloads by links: what is said, and what is refused."""

import asyncio
import base64
import hashlib
import io
import os
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest
from PIL import Image

from tertulia.doors.files import body as bodies
from tests.doors.files import BODY, Tus, code, http, link, metadata, uploader
from tests.doors.harness import SECRET, Client, person, server

DATA = os.urandom(100_000)


async def test_a_file_goes_up_in_parts_and_everybody_hears_of_it() -> None:
    async with server() as (app, _), uploader(app) as (ana, tus):
        ben = await person(app, "Ben")
        where = await tus.begin(len(DATA), "Grüße 世界.bin")
        first = await tus.patch(where, 0, DATA[:60_000])
        assert (first.status_code, first.headers["upload-offset"]) == (204, "60000")
        assert "tertulia-file" not in first.headers and first.headers["upload-expires"].endswith("GMT")
        there = await tus.head(where)
        assert (there.headers["upload-offset"], there.headers["upload-length"]) == ("60000", "100000")
        assert there.headers["cache-control"] == "no-store"
        last = await tus.patch(where, 60_000, DATA[60_000:])
        assert last.headers["upload-offset"] == "100000"
        file: dict[str, Any] = {}
        for who in (ana, ben):
            file = (await who.until("file_added"))["file"]
            assert (file["name"], file["size"], file["sender"], file["senderName"]) == (
                "Grüße 世界.bin",
                100_000,
                ana.me,
                "Ana",
            )
            assert file["sha256"] == hashlib.sha256(DATA).hexdigest()
            assert file["id"] == last.headers["tertulia-file"]
        page = await ben.ask("file_list")
        assert ([it["id"] for it in page["files"]], page["more"]) == ([file["id"]], False)
        found = await tus.http.get("/" + (await link(ben, file["id"]))["url"])
        assert (found.status_code, found.content) == (200, DATA)
        done = await tus.head(where)
        assert done.headers["tertulia-file"] == file["id"], "also to who missed the answer"
        assert (await tus.patch(where, 100_000, b"")).headers["tertulia-file"] == file["id"]
        assert not [it for it in await ben.settle() if it["type"] == "file_added"], "it was told once"


async def test_what_the_server_can() -> None:
    async with server(max_file_size=1234) as (app, _), http(app) as client:
        told = await client.options("/files/standup")
        assert told.status_code == 204
        assert told.headers["tus-version"] == told.headers["tus-resumable"] == "1.0.0"
        assert told.headers["tus-max-size"] == "1234"
        assert set(told.headers["tus-checksum-algorithm"].split(",")) == {"sha1", "sha256"}
        extensions = {"creation", "creation-with-upload", "termination", "checksum", "expiration"}
        assert set(told.headers["tus-extension"].split(",")) == extensions


async def test_an_upload_can_begin_with_its_first_bytes_and_an_empty_file_is_whole_at_once() -> None:
    async with server() as (app, _), uploader(app) as (ana, tus):
        created = await tus.ask(
            "POST",
            "/files/standup",
            DATA,
            upload_length=str(len(DATA)),
            content_type=BODY,
            upload_metadata=metadata(filename="a"),
        )
        assert (created.status_code, created.headers["upload-offset"]) == (201, str(len(DATA)))
        assert (await ana.until("file_added"))["file"]["id"] == created.headers["tertulia-file"]
        empty = await tus.create(0, "empty.txt")
        assert empty.status_code == 201
        file = (await ana.until("file_added"))["file"]
        assert (file["id"], file["size"]) == (empty.headers["tertulia-file"], 0)
        found = await tus.http.get("/" + (await link(ana, file["id"]))["url"])
        assert (found.status_code, found.content) == (200, b"")


async def test_an_upload_can_be_given_up() -> None:
    async with server() as (app, _), uploader(app) as (_, tus):
        where = await tus.begin(10)
        assert (await tus.ask("DELETE", where)).status_code == 204
        assert code(await tus.patch(where, 0, b"x")) == (404, "no_such_file")
        assert (await tus.head(where)).status_code == 404
        hidden = await tus.begin(10)
        assert (await tus.ask("POST", hidden, x_http_method_override="DELETE")).status_code == 204
        assert (await tus.head(hidden)).status_code == 404


async def test_the_grant_is_for_who_is_in_the_room() -> None:
    async with server() as (app, _), uploader(app) as (ana, tus), uploader(app, room="other") as (_, stranger):
        where = await tus.begin(10)
        assert code(await stranger.create(10)) == (403, "wrong_room")
        assert code(await stranger.patch(where, 0, b"x")) == (403, "wrong_room")
        assert code(await Tus(tus.http, None).create(10)) == (401, "token_required")
        assert code(await Tus(tus.http, "grant.x").create(10)) == (401, "token_invalid")
        assert code(await Tus(tus.http, "x").create(10)) == (401, "token_invalid")
        viewer = await person(app, "Viewer", role="viewer")
        refused = await viewer.ask("file_grant")
        assert (refused["type"], refused["code"]) == ("error", "not_allowed")
        room = app.room("standup")
        assert room is not None
        await room.remove(ana.me)
        assert code(await tus.patch(where, 0, b"x")) == (403, "not_allowed"), "who was removed goes on with nothing"


async def test_a_program_uploads_by_a_join_token() -> None:
    async with server(open=False, secret=SECRET) as (app, _), http(app) as client:
        ana = await person(app, "Ana", token=app.token("standup", role="moderator"))
        bot = Tus(client, app.token("standup", identity="bot", name="Bot"))
        await bot.upload(b"hello")
        file = (await ana.until("file_added"))["file"]
        assert (file["sender"], file["senderName"]) == ("bot", "Bot")
        nameless = Tus(client, app.token("standup"))
        where = await nameless.begin(5)
        assert (await nameless.patch(where, 0, b"hello")).status_code == 204
        for token, refusal in (
            (app.token("other"), (403, "wrong_room")),
            (app.token("standup", role="viewer"), (403, "not_allowed")),
            (app.token("standup", can=["chat"]), (403, "not_allowed")),
            (app.token("standup", ttl=-60), (401, "token_expired")),
            (app.admin_token(), (401, "token_invalid")),
        ):
            assert code(await Tus(client, token).create(10)) == refusal
        await ana.ask("lock", locked=True)
        assert code(await bot.create(10)) == (403, "room_locked")


async def test_a_private_file_is_for_two() -> None:
    async with server() as (app, _), uploader(app) as (ana, tus):
        ben, cy = await person(app, "Ben"), await person(app, "Cy")
        id = await tus.upload(b"psst", to=ben.me)
        for who in (ana, ben):
            assert (await who.until("file_added"))["file"]["to"] == ben.me
            assert (await who.ask("file_list"))["files"][0]["id"] == id
        assert (await cy.ask("file_list"))["files"] == []
        assert (await cy.ask("file_links", files=[id]))["links"] == []
        refused = await cy.ask("file_delete", file=id)
        assert refused["code"] == "no_such_file"
        assert code(await tus.create(4, told={"to": "nobody"})) == (404, "no_such_participant")
        assert code(await tus.create(4, told={"to": "no body"})) == (400, "invalid")


async def test_who_deletes() -> None:
    async with server(open=False, secret=SECRET) as (app, _):
        people = [
            await person(app, name, token=app.token("standup", role=role))
            for name, role in (("Mo", "moderator"), ("Ana", "speaker"), ("Ben", "speaker"))
        ]
        mo, ana, ben = people
        async with http(app) as client:
            tus = Tus(client, (await ana.ask("file_grant"))["token"])
            one, other = await tus.upload(b"1"), await tus.upload(b"2")
            assert (await ben.ask("file_delete", file=one))["code"] == "not_allowed"
            assert (await ana.ask("file_delete", file=one))["type"] == "ok"
            assert (await ben.until("file_removed"))["file"] == one
            url = "/" + (await link(ben, other))["url"]
            assert (await mo.ask("file_delete", file=other))["type"] == "ok"
            assert (await mo.ask("file_delete", file=other))["code"] == "no_such_file"
            assert code(await client.get(url)) == (404, "no_such_file")


# --- what is not taken ------------------------------------------------------------------------------------------------------------------


async def test_requests_that_are_no_tus() -> None:
    async with server() as (app, _), uploader(app) as (_, tus):
        where = await tus.begin(10)
        old = await tus.ask("PATCH", where, b"x", tus_resumable="0.2.2", upload_offset="0", content_type=BODY)
        assert (code(old), old.headers["tus-version"]) == ((412, "tus_version"), "1.0.0")
        assert code(await tus.ask("POST", "/files/standup", tus_resumable="", upload_length="1")) == (
            412,
            "tus_version",
        )
        assert code(await tus.patch(where, 0, b"x", content_type="text/plain")) == (415, "unsupported_media_type")
        for size in ("", "-1", "1.5", "x", "0x10", str(2**53), "9" * 100):
            assert code(await tus.ask("POST", "/files/standup", upload_length=size)) == (400, "invalid")
        assert code(await tus.ask("POST", "/files/standup", upload_defer_length="1")) == (400, "invalid")
        assert code(await tus.ask("POST", "/files/standup", upload_length="1", upload_metadata="filename !")) == (
            400,
            "invalid",
        )
        assert code(await tus.ask("POST", "/files/standup", upload_length="1", upload_metadata="filename /w==")) == (
            400,
            "invalid",
        )
        long = "filename " + base64.b64encode(b"x" * 9000).decode()
        assert code(await tus.ask("POST", "/files/standup", upload_length="1", upload_metadata=long)) == (
            400,
            "invalid",
        )
        assert code(await tus.ask("PUT", where)) == (405, "method_not_allowed")
        assert code(await tus.ask("POST", where, x_http_method_override="PURGE")) == (405, "method_not_allowed")
        assert code(await tus.ask("POST", "/files/a%20b", upload_length="1")) == (422, "invalid")
        assert code(await tus.http.get("/files/standup")) == (405, "method_not_allowed")


async def test_a_wrong_offset_changes_nothing() -> None:
    async with server() as (app, _), uploader(app) as (_, tus):
        where = await tus.begin(10)
        await tus.patch(where, 0, b"1234")
        for offset in (0, 3, 5, 10, 11):
            answer = await tus.patch(where, offset, b"xx")
            assert code(answer) == (409, "offset_conflict") and answer.headers["upload-offset"] == "4"
        assert code(await tus.ask("PATCH", where, b"x", content_type=BODY)) == (400, "invalid")
        assert (await tus.head(where)).headers["upload-offset"] == "4"


async def test_more_than_was_announced_is_not_taken() -> None:
    async with server(max_file_size=1000) as (app, _), uploader(app) as (ana, tus):
        assert code(await tus.create(1001)) == (413, "too_large")
        where = await tus.begin(10)
        assert code(await tus.patch(where, 0, b"x" * 11)) == (413, "too_large")

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(100):
                yield b"x" * 7

        assert code(await tus.patch(where, 0, endless())) == (413, "too_large")
        assert (await tus.head(where)).headers["upload-offset"] == "0"
        await tus.patch(where, 0, b"0123456789")
        file = (await ana.until("file_added"))["file"]
        assert (await tus.http.get("/" + (await link(ana, file["id"]))["url"])).content == b"0123456789"


async def test_a_body_is_what_its_checksum_says_or_nothing() -> None:
    async with server() as (app, _), uploader(app) as (_, tus):
        where = await tus.begin(10)
        await tus.patch(where, 0, b"12")
        right = "sha1 " + base64.b64encode(hashlib.sha1(b"345").digest()).decode()
        assert code(await tus.patch(where, 2, b"346", upload_checksum=right)) == (460, "checksum_mismatch")
        assert (await tus.head(where)).headers["upload-offset"] == "2"
        assert (await tus.patch(where, 2, b"345", upload_checksum=right)).headers["upload-offset"] == "5"
        right = "sha256 " + base64.b64encode(hashlib.sha256(b"67890").digest()).decode()
        assert (await tus.patch(where, 5, b"67890", upload_checksum=right)).status_code == 204
        for wrong in ("md5 AAAA", "sha1 !", "sha1"):
            other = await tus.begin(1)
            assert code(await tus.patch(other, 0, b"x", upload_checksum=wrong))[0] in (400, 460)
            assert (await tus.head(other)).headers["upload-offset"] == "0"


async def test_types_are_refused_before_all_of_a_file_has_come() -> None:
    async with server(refuse_file_type=["text/html"]) as (app, _), uploader(app) as (_, tus):
        where = await tus.begin(50_000_000, "cat.png")
        sent = 0

        async def page() -> AsyncIterator[bytes]:
            nonlocal sent
            yield b"<html>"
            while sent < 50_000_000 - 6:
                sent += 10_000
                yield b"x" * 10_000

        assert code(await tus.patch(where, 0, page())) == (415, "type_refused")
        assert sent < 100_000
        assert (await tus.head(where)).status_code == 404
        small = await tus.begin(6)
        assert code(await tus.patch(small, 0, b"<html>")) == (415, "type_refused")
        await tus.upload(b"<!-", "page.html")


async def test_places_end() -> None:
    async with server(max_room_files=1000, max_uploads=2) as (app, _), uploader(app) as (_, tus):
        assert code(await tus.create(1001)) == (507, "storage_full")
        await tus.begin(10)
        await tus.begin(10)
        assert code(await tus.create(10)) == (429, "too_many_uploads")


async def test_an_address_may_ask_so_often() -> None:
    async with server(messages_per_second=1) as (app, _), uploader(app) as (_, tus):
        answers = [await tus.head("/files/standup/upload/x") for _ in range(6)]
        assert answers[-1].status_code == 429 and answers[-1].headers["retry-after"]


# --- bodies that do not come --------------------------------------------------------------------------------------------------------------


class Slow:
    """A request whose body comes as the test says."""

    def __init__(self, app: Any, where: str, token: str, offset: int = 0, **headers: str) -> None:
        given = {"host": "testserver", "tus-resumable": "1.0.0", "authorization": f"Bearer {token}"}
        given |= {"upload-offset": str(offset), "content-type": BODY} | {
            k.replace("_", "-"): v for k, v in headers.items()
        }
        scope = {
            "type": "http", "http_version": "1.1", "method": "PATCH", "path": where, "raw_path": where.encode(), "root_path": "",
            "query_string": b"", "scheme": "http", "server": ("testserver", 80), "client": ("10.0.0.2", 1),
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        }  # fmt: skip
        self._to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.said: list[dict[str, Any]] = []
        self.task = asyncio.create_task(app(scope, self._to_app.get, self._hear))

    async def _hear(self, message: dict[str, Any]) -> None:
        self.said.append(message)

    def send(self, data: bytes) -> None:
        self._to_app.put_nowait({"type": "http.request", "body": data, "more_body": True})

    def drop(self) -> None:
        self._to_app.put_nowait({"type": "http.disconnect"})

    async def status(self) -> int:
        await asyncio.wait_for(self.task, 30)
        return int(self.said[0]["status"])


async def taken(slow: Slow) -> None:
    """Until it waits for more."""
    while not slow._to_app.empty():  # noqa: ASYNC110 - a queue announces nothing
        await asyncio.sleep(0)
    await asyncio.sleep(0.05)


async def test_what_came_of_a_body_that_breaks_off_stays() -> None:
    async with server() as (app, _), uploader(app) as (_, tus):
        assert tus.token is not None
        where = await tus.begin(10)
        slow = Slow(app, where, tus.token)
        slow.send(b"123")
        slow.drop()
        await slow.task
        assert (await tus.head(where)).headers["upload-offset"] == "3"
        checked = Slow(
            app, where, tus.token, 3, upload_checksum="sha1 " + base64.b64encode(hashlib.sha1(b"45").digest()).decode()
        )
        checked.send(b"4")
        checked.drop()
        await checked.task
        assert (await tus.head(where)).headers["upload-offset"] == "3", "nobody knows whether it is right"


async def test_who_comes_back_before_the_loss_was_noticed_does_not_wait() -> None:
    async with server() as (app, _), uploader(app) as (_, tus):
        assert tus.token is not None
        where = await tus.begin(10)
        slow = Slow(app, where, tus.token)
        slow.send(b"12345")
        await taken(slow)
        there = await asyncio.wait_for(tus.head(where), 30)
        assert there.headers["upload-offset"] == "5"
        assert await slow.status() == 423
        assert (await tus.patch(where, 5, b"67890")).status_code == 204


async def test_of_requests_at_the_same_time_one_writes() -> None:
    async with server() as (app, _), uploader(app) as (ana, tus):
        where = await tus.begin(len(DATA))

        async def pieces(begin: bytes) -> AsyncIterator[bytes]:
            for at in range(0, len(begin), 1000):
                await asyncio.sleep(0)
                yield begin[at : at + 1000]

        for _ in range(50):
            offset = int((await tus.head(where)).headers["upload-offset"])
            answers = await asyncio.gather(*[tus.patch(where, offset, pieces(DATA[offset:])) for _ in range(5)])
            assert {it.status_code for it in answers} <= {204, 409, 423}
            if any("tertulia-file" in it.headers for it in answers):
                break
        file = (await ana.until("file_added"))["file"]
        assert file["sha256"] == hashlib.sha256(DATA).hexdigest()


async def test_a_body_that_comes_too_slowly_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "WINDOW", 0.0)
    async with server() as (app, _), uploader(app) as (_, tus):
        assert tus.token is not None
        where = await tus.begin(10)
        slow = Slow(app, where, tus.token)
        slow.send(b"1")
        assert await slow.status() == 408
        assert (await tus.head(where)).headers["upload-offset"] == "1"


# --- downloads ------------------------------------------------------------------------------------------------------------------------


async def test_no_file_is_shown_as_a_page() -> None:
    contents = {
        b"<!doctype html><script>alert(1)</script>": "application/octet-stream",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>": "application/octet-stream",
        b"<?xml version='1.0'?><x/>": "application/octet-stream",
        b"%PDF-1.7 ...": "application/octet-stream",
        b"GIF89a=1;/*<script>alert(1)</script>*/": "image/gif",
        b"just text": "text/plain; charset=utf-8",
    }
    async with server() as (app, _), uploader(app) as (ana, tus):
        for content, kind in contents.items():
            id = await tus.upload(content, "page.html")
            links = await link(ana, id)
            answer = await tus.http.get("/" + links["url"])
            assert answer.content == content
            assert answer.headers["content-type"].partition(";")[0] == kind.partition(";")[0]
            assert answer.headers["content-disposition"].startswith("attachment;")
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"
            assert links["preview"] is None
            bent = "/" + links["url"].replace(f"/{id}/page.html", f"/preview/{id}")
            assert code(await tus.http.get(bent)) == (401, "token_invalid")


async def test_a_preview_is_shown_and_is_ours() -> None:
    out = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(out, "PNG")
    picture = out.getvalue() + b"<script>alert(1)</script>"
    async with server() as (app, _), uploader(app) as (ana, tus):
        id = await tus.upload(picture, "a.html")
        file = (await ana.until("file_added"))["file"]
        assert file["preview"] == {"width": 30, "height": 20}
        answer = await tus.http.get("/" + (await link(ana, id))["preview"])
        assert answer.headers["content-type"] == "image/webp"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert b"script" not in answer.content and Image.open(io.BytesIO(answer.content)).size == (30, 20)
        again = await tus.http.get(
            "/" + (await link(ana, id))["preview"], headers={"if-none-match": answer.headers["etag"]}
        )
        assert again.status_code == 304


@pytest.mark.parametrize(
    ("name", "plain", "extended"),
    [
        ("a.txt", "a.txt", "a.txt"),
        ('a"b\\c;d%.txt', "c_d_.txt", "c%3Bd%25.txt"),
        ("Übersicht 世界.txt", "_bersicht __.txt", quote("Übersicht 世界.txt")),
        ("x\r\nset-cookie: a=b", "xset-cookie: a=b", quote("xset-cookie: a=b")),
        ("../../../etc/passwd", "passwd", "passwd"),
        ("\u202egpj.exe", "gpj.exe", "gpj.exe"),
    ],
)
async def test_a_name_is_told_to_the_browser_as_a_name(name: str, plain: str, extended: str) -> None:
    async with server() as (app, _), uploader(app) as (ana, tus):
        answer = await tus.http.get("/" + (await link(ana, await tus.upload(b"x", name)))["url"])
        assert answer.headers["content-disposition"] == f"attachment; filename=\"{plain}\"; filename*=UTF-8''{extended}"
        assert "set-cookie" not in answer.headers


async def test_parts_of_a_file() -> None:
    async with server() as (app, _), uploader(app) as (ana, tus):
        url = "/" + (await link(ana, await tus.upload(DATA)))["url"]
        whole = await tus.http.get(url)
        etag, size = whole.headers["etag"], len(DATA)
        assert whole.headers["accept-ranges"] == "bytes"

        async def part(wanted: str, **headers: str) -> Any:
            return await tus.http.get(url, headers={"range": wanted, **headers})

        for wanted, start, end in (
            ("bytes=0-0", 0, 1),
            ("bytes=10-19", 10, 20),
            ("bytes=99990-", 99_990, size),
            ("bytes=-5", size - 5, size),
            ("bytes=-999999", 0, size),
            ("bytes=10-99999999", 10, size),
        ):
            answer = await part(wanted)
            assert (answer.status_code, answer.content) == (206, DATA[start:end])
            assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
        for wanted in (
            "bytes=5-1",
            "bytes=a-b",
            "bytes=",
            "bytes=-",
            "lines=1-2",
            "bytes=0-1,5-6",
            "bytes=" + "1" * 99 + "-",
        ):
            assert (await part(wanted)).status_code == 200
        for wanted in (f"bytes={size}-", "bytes=-0", "bytes=500000-600000"):
            answer = await part(wanted)
            assert code(answer) == (416, "range_not_satisfiable")
            assert answer.headers["content-range"] == f"bytes */{size}"
        assert (await part("bytes=0-1", **{"if-range": etag})).status_code == 206
        assert (await part("bytes=0-1", **{"if-range": '"other"'})).status_code == 200
        assert (await tus.http.get(url, headers={"if-none-match": f'W/{etag}, "x"'})).status_code == 304
        head = await tus.http.head(url)
        assert (head.headers["content-length"], head.content) == (str(size), b"")


async def test_a_link_is_for_one_file_of_one_room_and_ends() -> None:
    async with server() as (app, _), uploader(app) as (ana, tus), uploader(app, "Ben", "other") as (ben, others):
        one, other = await tus.upload(b"1"), await tus.upload(b"2")
        foreign = await others.upload(b"3", room="other")
        url = "/" + (await link(ana, one))["url"]
        path, _, query = url.partition("?")
        get = tus.http.get
        assert (await get(url)).content == b"1"
        assert code(await get(path)) == (401, "token_required")
        assert code(await get(path.replace(one, other) + "?" + query)) == (401, "token_invalid")
        assert code(await get(path.replace(one, foreign).replace("standup", "other") + "?" + query)) == (
            401,
            "token_invalid",
        )
        assert code(await get(path + "?" + query[:-2])) == (401, "token_invalid")
        assert code(await get(path + "?" + query.replace("expires=1", "expires=2"))) == (401, "token_invalid")
        assert (await ben.ask("file_links", files=[one]))["links"] == [], "who is in another room gets no link"


async def test_a_link_that_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    async with server() as (app, _), uploader(app) as (ana, tus):
        id = await tus.upload(b"1")
        tickets = app._running.doors[0].files.tickets  # type: ignore[union-attr]
        old = tickets.link("standup", id, "a.txt", now=1_000_000.0)
        assert code(await tus.http.get("/" + old)) == (401, "token_expired")
        assert (await link(ana, id))["url"] != old


async def test_pages_of_other_origins_read_what_they_may() -> None:
    async with server(allow_origin=["https://app.example"]) as (app, _), uploader(app) as (ana, tus):
        preflight = {
            "origin": "https://app.example",
            "access-control-request-method": "PATCH",
            "access-control-request-headers": "upload-offset,tus-resumable",
        }
        allowed = await tus.http.options("/files/standup/upload/x", headers=preflight)
        assert allowed.status_code == 200 and "PATCH" in allowed.headers["access-control-allow-methods"]
        created = await tus.create(3, origin="https://app.example")
        assert created.headers["access-control-allow-origin"] == "https://app.example"
        assert "Location" in created.headers["access-control-expose-headers"].title()
        assert (await tus.create(3, origin="https://evil.example")).status_code == 403
        url = "/" + (await link(ana, await tus.upload(b"x")))["url"]
        assert (await tus.http.get(url)).headers["cross-origin-resource-policy"] == "cross-origin"


async def test_files_end_with_their_room_where_nothing_is_kept() -> None:
    async with server(open=False, secret=SECRET) as (app, _), http(app) as client:
        tus = Tus(client, app.token("standup", identity="bot"))
        assert code(await tus.create(3)) == (503, "room_ended"), "nobody is there, and nothing would be left"
        ana: Client = await person(app, "Ana", token=app.token("standup"))
        url = "/" + (await link(ana, await tus.upload(b"abc")))["url"]
        assert (await client.get(url)).status_code == 200
        room = app.room("standup")
        assert room is not None
        await room.end()
        async with asyncio.timeout(30):
            while (await client.get(url)).status_code != 404:  # noqa: ASYNC110 - nobody announces it
                await asyncio.sleep(0.01)
