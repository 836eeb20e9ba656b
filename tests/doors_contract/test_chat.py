"""The room's chat is the native protocol's: pages at other doors hear nothing of it, neither what is said nor what becomes of it."""

import json
from typing import Any

import pytest

from tests.doors.harness import person, server

from .sockets import SOCKETS, Driver

ROOM = "den"
OTHERS = [door for door in SOCKETS if door.name != "native"]


@pytest.mark.parametrize("door", OTHERS, ids=lambda door: str(door.name))
async def test_nothing_of_it_is_told(door: Driver) -> None:
    async with server() as (app, _):
        ben, cem = await door.enter(app, "ben", ROOM), await door.enter(app, "cem", ROOM)
        ana = await person(app, "Ana", room=ROOM)
        assert (await ana.ask("chat", text="between us"))["type"] == "ok"
        (id,) = (it["message"]["id"] for it in ana.seen if it["type"] == "chat")
        for request in (
            {"type": "chat_edit", "text": "between us two"}, {"type": "chat_react", "reaction": "👍"}, {"type": "chat_delete"},
        ):  # fmt: skip
            assert (await ana.ask(**request, message=id))["type"] == "ok", request
        cem.speak(ben)
        heard: list[dict[str, Any]] = []
        while not heard or not ben.is_speech(heard[-1]):
            heard.append(await ben.client.receive())
        assert "between us" not in json.dumps(heard) and "👍" not in json.dumps(heard, ensure_ascii=False)
        assert not [it for it in heard if "chat" in str(it.get("type")) or "chat" in str(it.get("event"))]
