"""Why a request gets no session: the codes and sentences that clients of Engine.IO know."""

import msgspec


class Refused(Exception):
    """Answered over HTTP with `status` and `body`."""

    code: int
    message: str
    status = 400

    @property
    def body(self) -> bytes:
        return msgspec.json.encode({"code": self.code, "message": self.message})


class UnknownTransport(Refused):
    code, message = 0, "Transport unknown"


class UnknownSession(Refused):
    code, message = 1, "Session ID unknown"


class BadMethod(Refused):
    code, message = 2, "Bad handshake method"


class BadRequest(Refused):
    code, message = 3, "Bad request"


class Forbidden(Refused):
    code, message, status = 4, "Forbidden", 403


class UnsupportedVersion(Refused):
    code, message = 5, "Unsupported protocol version"


class TooLarge(Refused):
    code, message, status = 3, "Payload too large", 413


class Full(Refused):
    """As many sessions are open as may be, in total or from this address."""

    code, message, status = 4, "Too many connections", 503
