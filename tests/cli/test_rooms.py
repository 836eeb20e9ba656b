"""`tertulia rooms` and `tertulia token --admin` against a server that was started by hand."""

import asyncio
import contextlib
import json
import os
import pty
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner
from websockets.asyncio.client import connect

from tertulia.auth.tokens import TokenVerifier
from tertulia.cli.main import app
from tertulia.cli.table import show

from .test_serve import PROTOCOL, WITHIN, ask, serve

SECRET = "s" * 32


async def tertulia(*arguments: str, **environment: str) -> tuple[int, str, str]:
    """The command in this process; a new one takes a second to begin."""
    result = await asyncio.to_thread(CliRunner().invoke, app, arguments, env=environment)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


async def rooms(*arguments: str, **environment: str) -> tuple[int, str, str]:
    return await tertulia("rooms", *arguments, **environment)


async def test_list_show_and_close(tmp_path: Path) -> None:
    async with serve(tmp_path) as server, connect(server.ws, subprotocols=PROTOCOL) as ana:
        here = ["--url", server.url, "--data-dir", str(tmp_path)]
        assert await rooms("list", *here) == (0, "", "")
        joined = await ask(ana, type="join", id=1, room="café", name="Ana\t\x1b[2J")
        await ask(ana, type="publish", id=2, source="camera", kind="video", muted=True)
        await ask(ana, type="lock", id=3, locked=True)
        assert await rooms(*here, "list") == await rooms(*here) == (0, "café\t1\t0\t1\tlocked\n", "")
        code, out, _ = await rooms("show", "café", *here)
        assert (code, out) == (0, f"{joined['you']['id']}\tAna  [2J\tmoderator\tcamera (muted)\t\t\n")
        code, out, _ = await rooms("show", "café", "--json", *here)
        assert json.loads(out)["participants"][0]["publications"][0]["source"] == "camera"
        assert json.loads((await rooms("--json", *here))[1])["rooms"][0]["name"] == "café"
        assert await rooms("close", "café", *here) == (0, "", "")
        while json.loads(await asyncio.wait_for(ana.recv(), WITHIN)).get("code") != "room_ended":
            pass
        for command in ("show", "close"):
            code, _, err = await rooms(command, "café", *here)
            assert (code, err) == (1, "tertulia: no room café is open (no_such_room)\n")


async def test_what_needs_a_name_and_what_takes_none() -> None:
    for arguments in (["show"], ["close"], ["list", "den"], ["den"]):
        code, out, err = await rooms(*arguments)
        assert (code, out) == (2, "") and err


async def test_who_may(tmp_path: Path) -> None:
    async with serve(tmp_path / "server", TERTULIA_SECRET=SECRET) as server:
        here = ["--url", server.url, "--data-dir", str(tmp_path / "none")]
        code, _, err = await rooms(*here)
        assert code == 2 and "(token_required)" in err
        code, _, err = await rooms(*here, TERTULIA_SECRET="another " * 5)
        assert code == 2 and "(token_invalid)" in err
        assert (await rooms(*here, TERTULIA_SECRET=SECRET))[0] == 0
        code, token, _ = await tertulia("token", "--admin", "--secret", SECRET)
        token = token.strip()
        TokenVerifier(secret=SECRET).verify_admin(token)
        assert (await rooms(*here, "--token", token))[0] == 0
        assert (await rooms("list", "--data-dir", str(tmp_path), TERTULIA_URL=server.url, TERTULIA_SECRET=SECRET))[
            0
        ] == 0


async def test_the_secret_and_the_certificate_that_the_server_made(tmp_path: Path) -> None:
    async with serve(tmp_path, "--host", "0.0.0.0", "--tls", "self-signed") as server:
        url = f"https://127.0.0.1:{server.url.rsplit(':', 1)[1]}"
        assert await rooms("--url", url, "--data-dir", str(tmp_path)) == (0, "", "")
        code, _, err = await rooms("--url", url, "--data-dir", str(tmp_path / "none"))
        assert code == 2 and "certificate" in err


async def test_what_is_no_server(tmp_path: Path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 5\r\nconnection: close\r\n\r\nnope\n")
        writer.close()

    stranger = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = stranger.sockets[0].getsockname()[1]
    for url, says in (
        ("localhost:3000", "--url"),
        ("ftp://localhost", "--url"),
        (f"http://127.0.0.1:{port}", "404"),
    ):
        code, out, err = await rooms("--url", url, "--data-dir", str(tmp_path))
        assert (code, out) == (2, "") and says in err and "Traceback" not in err and len(err.splitlines()) == 1
    stranger.close()
    code, _, err = await rooms("--url", f"http://127.0.0.1:{port}", "--data-dir", str(tmp_path))
    assert code == 2 and "does not answer" in err


@pytest.mark.parametrize(
    "arguments", [[], ["standup", "--admin"], ["--admin", "--identity", "ana"], ["--admin", "--role", "moderator"]]
)
async def test_a_token_is_for_a_room_or_for_an_administrator(arguments: list[str]) -> None:
    code, out, err = await tertulia("token", *arguments, "--secret", SECRET)
    assert (code, out) == (2, "") and "--admin" in err


def test_a_table_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        show(["room", "people"], [["a [bold]name[/bold]\x1b[2J", 2]], empty="none")
        show(["room", "people"], [], empty="no room is open")
    pieces = []
    # The kernel hands it over in its own time; EIO says that the other side is closed and all was read.
    with contextlib.suppress(OSError):
        while piece := os.read(master, 10_000):
            pieces.append(piece)
    os.close(master)
    shown = b"".join(pieces).decode()
    assert "room" in shown and "a [bold]name[/bold] [2J" in shown and "no room is open" in shown
