"""What a scenario knows of a door: how one comes in, goes, and learns that one is out."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar


class Refused(Exception):
    """Somebody may not come in, and this code says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Guest(ABC):
    """Somebody who has come in by a door."""

    @abstractmethod
    async def leave(self) -> None:
        """Goes for good."""

    @abstractmethod
    async def vanish(self) -> None:
        """Loses whatever connects him with the server, and the server notices."""

    @abstractmethod
    async def learns(self, code: str) -> None:
        """Waits until he is out; where the door can say why, it says this."""


class Entrance(ABC):
    """A door, as far as all doors are alike."""

    name: ClassVar[str]

    @abstractmethod
    async def enter(self, app: Any, id: str, room: str, token: str | None = None, address: str = "10.0.0.1") -> Guest:
        """Raises Refused."""
