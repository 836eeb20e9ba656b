"""Topics of the server, over HTTP."""

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tertulia.core.ids import ParticipantId
from tertulia.doors.api import body, types
from tertulia.doors.api.failure import Refused
from tertulia.errors import Code, TertuliaError
from tertulia.runtime.broker import Broker
from tertulia.runtime.seat import Data
from tertulia.topic_rule import is_topic

Endpoint = Callable[[Request], Awaitable[Response]]


class TopicsEndpoint:
    """Publishes, and shows the value that is retained."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def routes(self, checked: Callable[[Endpoint], Endpoint]) -> list[Route]:
        return [
            Route("/topics/{topic:path}", checked(self._publish), methods=["POST"]),
            Route("/topics/{topic:path}", checked(self._last), methods=["GET"]),
        ]

    async def _publish(self, request: Request) -> Response:
        """To whoever subscribes; with `?to=` to all sessions of one identity."""
        topic = topic_of(request)
        data = body.as_data(request, await body.read_value(request))
        to = request.query_params.get("to")
        try:
            reached = self._broker.publish(topic, data) if to is None else self._send(to, topic, data)
        except TertuliaError as error:
            if error.code is not Code.NO_SUCH_PARTICIPANT:
                raise
            raise Refused(404, error.code, error.message) from None
        return _json(types.Reached(reached))

    def _send(self, to: str, topic: str, data: Data) -> int:
        return self._broker.send(ParticipantId(to), topic, data)

    async def _last(self, request: Request) -> Response:
        it = self._broker.last(topic_of(request))
        if it is None:
            raise Refused(404, "no_such_value", "nothing is retained of this topic")
        encoding: types.Encoding = "base64" if it.data.base64 else "json"
        return _json(types.TopicValue(it.topic, it.sender or "server", msgspec.Raw(it.data.json), encoding))


def topic_of(request: Request) -> str:
    """Which one the path names. Raises Refused (400, invalid)."""
    topic = "/" + str(request.path_params["topic"])
    if not is_topic(topic):
        raise Refused(400, Code.INVALID, "a topic is like quotes/AAPL")
    return topic


def _json(answer: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json", headers={"cache-control": "no-store"})
