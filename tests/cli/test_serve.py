"""`tertulia serve` as it is started by hand: a process, real sockets."""

import asyncio
import json
import os
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

WITHIN = 30.0
PROTOCOL: Any = ["tertulia.v1"]


class Process:
    """The command, its log lines, and where it is."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[dict[str, Any]] = []
        self.texts: list[str] = []
        self.url = ""

    @property
    def ws(self) -> str:
        return self.url.replace("http", "ws", 1) + "/ws"

    async def ready(self) -> None:
        assert self.process.stdout
        while text := await asyncio.wait_for(self.process.stdout.readline(), WITHIN):
            self.texts.append(text.decode())
            if text.startswith(b"{"):
                self.lines.append(json.loads(text))
                if self.lines[-1]["event"] == "ready":
                    self.url = self.lines[-1]["url"]
                    return
        raise AssertionError(self.texts)

    async def ended(self) -> int:
        return await asyncio.wait_for(self.process.wait(), WITHIN)


@asynccontextmanager
async def serve(data: Path, *arguments: str, **environment: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tertulia", "serve", "--port", "0", "--udp-port", "0", "--workers", "1", "--log", "json",
        "--data-dir", str(data), *arguments,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
    )  # fmt: skip
    server = Process(process)
    try:
        await server.ready()
        yield server
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tertulia", *arguments], capture_output=True, text=True, timeout=WITHIN, check=False
    )


async def ask(socket: ClientConnection, **message: Any) -> dict[str, Any]:
    await socket.send(json.dumps(message))
    while True:
        answer: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), WITHIN))
        if answer.get("id") == message["id"]:
            return answer


async def test_a_conversation_and_an_end(tmp_path: Path) -> None:
    async with serve(tmp_path) as server:
        assert any(line["event"].startswith("open:") for line in server.lines)
        async with httpx.AsyncClient() as client:
            assert (await client.get(server.url + "/healthz")).status_code == 200
        async with connect(server.ws, subprotocols=PROTOCOL) as ana, connect(server.ws, subprotocols=PROTOCOL) as ben:
            assert (await ask(ana, type="join", id=1, room="standup", name="Ana"))["type"] == "joined"
            assert (await ask(ben, type="join", id=1, room="standup", name="Ben"))["participants"][0]["name"] == "Ana"
            server.process.send_signal(signal.SIGTERM)
            codes = []
            try:
                while True:
                    codes.append(json.loads(await asyncio.wait_for(ben.recv(), WITHIN)).get("code"))
            except ConnectionClosed as closed:
                assert closed.rcvd is not None and closed.rcvd.code == 1013
            assert codes[-1] == "server_stopping"
        assert await server.ended() == 0


async def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    async with serve(tmp_path, TERTULIA_DRAIN_TIMEOUT="30") as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rsplit(":", 1)[1]))
        writer.write(
            b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: MTIzNDU2Nzg5MDEyMzQ1Ng==\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Protocol: tertulia.v1\r\n\r\n"
        )
        assert b"101" in await asyncio.wait_for(reader.readline(), WITHIN)
        server.process.send_signal(signal.SIGINT)
        await asyncio.wait_for(reader.readuntil(b"server_stopping"), WITHIN)
        server.process.send_signal(signal.SIGINT)
        await server.ended()
        writer.close()


async def test_elsewhere_it_makes_a_secret_and_a_link(tmp_path: Path) -> None:
    async with serve(tmp_path, "--host", "0.0.0.0") as server:
        assert server.process.stdout
        link = (await asyncio.wait_for(server.process.stdout.readline(), WITHIN)).decode()
        token = link.strip().partition("#t=")[2]
        assert "/r/lobby#t=" in link
        assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "turn-secret").stat().st_mode & 0o777 == 0o600
        ws = f"ws://127.0.0.1:{server.url.rsplit(':', 1)[1]}/ws"
        async with connect(ws, subprotocols=PROTOCOL) as ana:
            assert (await ask(ana, type="join", id=1, room="lobby", name="Ana"))["code"] == "token_required"
        async with connect(ws, subprotocols=PROTOCOL) as ana:
            joined = await ask(ana, type="join", id=1, room="lobby", name="Ana", token=token)
            assert joined["you"]["role"] == "moderator"
        made = run("token", "standup", "--identity", "ben", "--data-dir", str(tmp_path))
        async with connect(ws, subprotocols=PROTOCOL) as ben:
            joined = await ask(ben, type="join", id=1, room="standup", name="Ben", token=made.stdout.strip())
            assert joined["you"]["id"] == "ben"
        assert not any(token in text for text in server.texts), "the log has no token"


async def test_with_a_secret_loopback_is_not_open(tmp_path: Path) -> None:
    async with serve(tmp_path, TERTULIA_SECRET="s" * 32) as server, connect(server.ws, subprotocols=PROTOCOL) as ana:
        assert (await ask(ana, type="join", id=1, room="lobby", name="Ana"))["code"] == "token_required"


async def test_self_signed_tls(tmp_path: Path) -> None:
    async with serve(tmp_path, "--tls", "self-signed") as server:
        assert server.url.startswith("https://")
        trust = ssl.create_default_context(cafile=str(tmp_path / "self-signed.crt"))
        async with connect(server.ws, subprotocols=PROTOCOL, ssl=trust) as ana:
            assert (await ask(ana, type="join", id=1, room="standup", name="Ana"))["type"] == "joined"


async def test_strangers_pages_do_not_come_in(tmp_path: Path) -> None:
    async with serve(tmp_path) as server:
        for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example", "Origin": "http://evil.example"}):
            with pytest.raises((InvalidStatus, ConnectionClosed)):
                async with connect(server.ws, subprotocols=PROTOCOL, additional_headers=headers) as stranger:
                    await stranger.recv()


def test_a_taken_port_names_the_flag(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = run("serve", "--port", str(taken.getsockname()[1]), "--data-dir", str(tmp_path))
    assert ended.returncode == 2
    assert "--port" in ended.stderr.splitlines()[-1]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("0.0.0.0", 0))
        ended = run("serve", "--port", "0", "--udp-port", str(taken.getsockname()[1]), "--data-dir", str(tmp_path))
    assert ended.returncode == 2
    assert "--udp-port" in ended.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--p2p", "sometimes"], "--p2p"),
        (["--tls-cert", "a.pem"], "tls-key"),
        (["--tls-cert", "none.pem", "--tls-key", "none.pem"], "--tls-cert"),
        (["--turn-secret", "short"], "--turn-secret"),
        (["--turn-allow-peer", "10.0.0.1/8"], "--turn-allow-peer"),
        (["--secret", "short"], "32 bytes"),
        (["--host", "no-such-host.invalid"], "--host"),
        (["--config", "none.toml"], "--config"),
        (["--token-public-key", "none.pem"], "none.pem"),
        (["--database", "mysql://localhost/x"], "--database"),
        (["--database", "sqlite:////nowhere/at/all.db"], "--database"),
        (["--database", "postgresql://ana:hush@127.0.0.1:1/x"], "--database"),
    ],
)
def test_wrong_settings_are_named_in_a_line(tmp_path: Path, arguments: list[str], named: str) -> None:
    ended = run("serve", "--port", "0", "--udp-port", "0", "--data-dir", str(tmp_path), *arguments)
    assert ended.returncode == 2
    assert named in ended.stderr.strip().splitlines()[-1]
    assert "Traceback" not in ended.stderr


def test_a_newer_versions_database_is_named_in_a_line(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "tertulia.db") as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.execute("INSERT INTO alembic_version VALUES ('9999')")
    ended = run("serve", "--port", "0", "--udp-port", "0", "--data-dir", str(tmp_path), "--chat-retention", "60")
    assert ended.returncode == 2
    told = ended.stderr.strip().splitlines()[-1]
    assert "--data-dir" in told and "a newer version of Tertulia" in told
    assert "Traceback" not in ended.stderr


async def test_a_stalled_reader_over_tcp_stops_nobody(tmp_path: Path) -> None:
    async with (
        serve(tmp_path, TERTULIA_MESSAGES_PER_SECOND="10000") as server,
        connect(server.ws, subprotocols=PROTOCOL, max_queue=1) as stalled,
        connect(server.ws, subprotocols=PROTOCOL) as ana,
        connect(server.ws, subprotocols=PROTOCOL) as ben,
    ):
        stalled.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for one, name in ((stalled, "Stalled"), (ana, "Ana"), (ben, "Ben")):
            await ask(one, type="join", id=1, room="standup", name=name)
        stalled.transport.pause_reading()
        for id in range(2, 2_000):
            assert (await ask(ana, type="chat", id=id, text="x" * 8_000))["type"] == "ok"
            heard = json.loads(await asyncio.wait_for(ben.recv(), WITHIN))
            if heard["type"] == "participant_updated" and not heard["connected"]:
                break
        else:
            raise AssertionError("the stalled reader was never let go")
        stalled.transport.abort()


def test_a_tcp_port_is_for_other_servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERTULIA_TCP_PORT", "0")
    ended = run("serve", "--port", "0", "--udp-port", "0", "--data-dir", str(tmp_path))
    assert ended.returncode == 2
    assert "tcp-port" in ended.stderr.strip().splitlines()[-1]


async def test_without_a_place_for_it_the_turn_secret_is_not_kept(tmp_path: Path) -> None:
    data = tmp_path / "file"
    data.touch()
    async with serve(data / "below", "--host", "0.0.0.0", "--open") as server:
        assert any("TURN" in line["event"] and line["level"] == "warning" for line in server.lines)
