"""What a `PageCall` wants done."""

from dataclasses import dataclass

from tertulia.core.ids import ParticipantId
from tertulia.errors import TertuliaError
from tertulia.runtime.seat import Description, IceCandidate, Request


@dataclass(frozen=True, slots=True)
class Tell:
    """For the page, from somebody; None: from the server."""

    what: Description | IceCandidate
    sender: ParticipantId | None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that the page asked for does not come about."""

    error: TertuliaError


@dataclass(frozen=True, slots=True)
class Ask:
    """For the room; how it went comes back by `PageCall.outcome`, in the room's turn."""

    request: Request


Output = Tell | Problem | Ask
