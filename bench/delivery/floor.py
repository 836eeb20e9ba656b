"""The floor: what everybody says, everybody else hears. No rooms, no rights, no numbers, and no care for who does not read."""

from typing import Any

here: set[Any] = set()


async def app(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    here.add(send)
    try:
        while (event := await receive())["type"] == "websocket.receive":
            for other in here:
                if other is not send:
                    await other({"type": "websocket.send", "text": event["text"]})
    finally:
        here.discard(send)
