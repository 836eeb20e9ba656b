"""The samples of docs/reference/socketio.md do what the page says."""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import tertulia.socketio
from tertulia.socketio import Broadcast, Limits, Options, Recovery, Server, Socket
from tests.socketio.fake import WebSocketClient

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "socketio.md").read_text(encoding="utf-8")


def sample(name: str) -> Server:
    """The server that this sample makes."""
    code = re.search(rf"^```python\n# {name}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert code
    names: dict[str, Any] = {}
    exec(compile(code[1], name, "exec"), names)
    server = names["sio"]
    assert isinstance(server, Server)
    return server


async def test_the_chat() -> None:
    app = sample("chat.py")
    ana, bo = await WebSocketClient(app).open(), await WebSocketClient(app).open()
    await ana.enter()
    await bo.enter()
    assert await ana.event() == ["news", f"{bo.sid} is here"]
    bo.say('421["message","hello"]')
    assert await ana.event() == ["message", "hello"]
    assert await bo.text() == '431["passed on"]'
    bo.drop()
    assert await ana.event() == ["news", f"{bo.sid} is gone: transport close"]


async def test_the_members() -> None:
    app = sample("members.py")
    stranger = await WebSocketClient(app).open()
    await stranger.text()
    stranger.say("40/board-a,")
    refusal = json.loads((await stranger.text()).removeprefix("44/board-a,"))
    assert refusal == {"message": "not a member", "data": {"code": "token_invalid"}}
    ana, bo = await WebSocketClient(app).open(), await WebSocketClient(app).open()
    for client in (ana, bo):
        await client.enter("/board-a", {"token": "known"})
        assert (await client.text()).startswith('42/board-a,0["how large?"')
        client.say("43/board-a,0[3]")
    bo.say('451-/board-a,["draw",{"_placeholder":true,"num":0}]')
    bo.say(b"\x01")
    assert '["draw",{"_placeholder":true,"num":0},3' in await ana.text()
    assert await ana.hear() == b"\x01"


def test_the_page_names_all_there_is() -> None:
    words = set(re.findall(r"\w+", PAGE))
    wanted = set(tertulia.socketio.__all__) - {"Handshake"}
    for api in (Server, Broadcast, Socket):
        wanted |= {name for name in vars(api) if not name.startswith("_")} - {
            "known",
            "match",
            "spawn",
            "tidy",
            "options",
        }
    for settings in (Limits, Options, Recovery):
        wanted |= {field.name for field in dataclasses.fields(settings)}
    assert wanted - words == set()
