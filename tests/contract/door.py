"""A door that the scenarios go through. Another door joins the suite with an adapter that has the client's surface."""

from typing import Any, Protocol

from tertulia.client import Client


class Door(Protocol):
    name: str

    def client(self, url: str, **join: Any) -> Client:
        """Somebody who isn't in yet; `join` as for Client."""


class NativeDoor:
    name = "native"

    def client(self, url: str, **join: Any) -> Client:
        return Client(url, **join)


DOORS: list[Door] = [NativeDoor()]
