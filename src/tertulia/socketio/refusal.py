"""Saying no to a client."""

from typing import Any

from tertulia.errors import TertuliaError


class ConnectRefused(Exception):
    """Raised by middleware: the client is not let into the namespace, and gets `connect_error` with this message and data."""

    def __init__(self, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.data = data


def connect_error(error: Exception) -> dict[str, Any]:
    """What the client is told; of a fault of ours nothing."""
    match error:
        case ConnectRefused(data=None):
            return {"message": error.message}
        case ConnectRefused():
            return {"message": error.message, "data": error.data}
        case TertuliaError():
            return {"message": error.message, "data": {"code": error.code.value}}
        case _:
            return {"message": "internal error", "data": {"code": "internal"}}


def acknowledgement(error: Exception) -> dict[str, Any]:
    """The one argument of the acknowledgement of an event whose handler failed."""
    told = connect_error(error)
    data = told.get("data")
    code = data["code"] if isinstance(data, dict) and "code" in data else "internal"
    return {"error": {"code": code, "message": told["message"]}}
