"""When pages that bring their own signalling may connect with each other, past the server.

Such a page knows nothing of topologies. Its direct connection is its own affair, which the room can refuse but not switch: so there is
none where the server has to have the media, and none for those who may not send.
"""

from typing import Final

from tertulia.core.model import Dialect, Participant, Policy, Right

_NEEDED: Final = (Right.SUBSCRIBE, Right.DATA, Right.PUBLISH_CAMERA, Right.PUBLISH_MICROPHONE)
"""A connection between two pages can carry anything."""
_PAIR: Final = 2


def allowed(one: Participant, other: Participant, *, people: int, policy: Policy, waiting_room: bool) -> bool:
    """`people`: how many are in the room. Where guests are admitted nobody is shown another's address."""
    if one.id == other.id or one.dialect is not other.dialect or policy is Policy.NEVER or waiting_room:
        return False
    if not all(who.may(right) for who in (one, other) for right in _NEEDED):
        return False
    match one.dialect:
        case Dialect.PAGE:
            return people == _PAIR
        case Dialect.CALLER:
            return True
        case Dialect.NATIVE:
            return False
