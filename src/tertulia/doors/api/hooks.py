"""Webhooks that come in: what other services say becomes values of topics."""

import time

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tertulia.auth import webhook_signature
from tertulia.auth.tokens import TokenVerifier
from tertulia.auth.webhook_signature import BadSignature
from tertulia.doors.api import body
from tertulia.doors.api.access import bearer
from tertulia.doors.api.failure import Refused
from tertulia.doors.api.topics import topic_of
from tertulia.errors import Code, NotAllowed
from tertulia.net import Allowance, Rate, Rates
from tertulia.runtime.broker import Broker


class HooksEndpoint:
    """Takes a POST for one topic from whoever has the token of this topic, or signs with its key."""

    def __init__(self, broker: Broker, verifier: TokenVerifier, secret: str | None, requests_per_second: float) -> None:
        """`secret`: from which the keys of topics follow; None: nobody has one. `requests_per_second`: for each address, with bursts
        of 4 s."""
        self._broker = broker
        self._verifier = verifier
        self._secret = secret
        self._addresses = Rates(requests_per_second)
        self._topics: dict[str, Rate] = {}
        """Only of those whose token or key somebody has shown."""

    def route(self) -> Route:
        return Route("/hooks/{topic:path}", self._take, methods=["POST"])

    async def _take(self, request: Request) -> Response:
        """Raises Refused."""
        address = "" if request.client is None else request.client.host
        if self._addresses.spend(address, time.monotonic()) is not Allowance.PASS:
            raise Refused(429, Code.TOO_MANY_MESSAGES, "slow down")
        topic = topic_of(request)
        token = bearer(request) or request.query_params.get("token")
        if token is not None:
            self._check_token(token, topic)
        elif not any(name in request.headers for name in webhook_signature.HEADERS):
            raise Refused(401, Code.TOKEN_REQUIRED, "bring the token of this topic, or sign with its key")
        received = await body.read_value(request)
        if token is None:
            self._check_signature(request, topic, received)
        self._spend(topic)
        self._broker.publish(topic, body.as_data(request, received))
        return Response(status_code=204, headers={"cache-control": "no-store"})

    def _check_token(self, token: str, topic: str) -> None:
        try:
            self._verifier.verify_hook(token, topic)
        except NotAllowed as error:
            raise Refused(403 if error.code is Code.NOT_ALLOWED else 401, error.code, error.message) from None

    def _check_signature(self, request: Request, topic: str, received: bytes) -> None:
        if self._secret is None:
            raise Refused(401, "signature_invalid", "this server has no secret, so its topics have no keys")
        try:
            webhook_signature.check(
                webhook_signature.key_of(self._secret, topic), request.headers, received, time.time()
            )
        except BadSignature as error:
            raise Refused(401, "signature_invalid", str(error)) from None

    def _spend(self, topic: str) -> None:
        per_second = self._broker.rate(topic)
        now = time.monotonic()
        rate = self._topics.get(topic)
        if rate is None:
            rate = self._topics[topic] = Rate(per_second, now)
        if rate.spend(now) is not Allowance.PASS:
            raise Refused(429, Code.TOO_MANY_MESSAGES, f"at most {per_second:g} values a second on this topic")
