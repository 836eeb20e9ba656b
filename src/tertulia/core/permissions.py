"""Who may do what."""

from typing import Final

from tertulia.core.model import Kind, Participant, Right, Role, Source
from tertulia.errors import NotAllowed

_VIEWER: Final = frozenset({Right.SUBSCRIBE, Right.CHAT})
_SPEAKER: Final = _VIEWER | {Right.PUBLISH_CAMERA, Right.PUBLISH_MICROPHONE, Right.PUBLISH_SCREEN, Right.DATA}
_DEFAULTS: Final = {
    Role.VIEWER: _VIEWER,
    Role.SPEAKER: _SPEAKER,
    Role.MODERATOR: frozenset(Right),
}
_ORDER: Final = tuple(Role)
_PUBLISH: Final = {
    Source.CAMERA: Right.PUBLISH_CAMERA,
    Source.MICROPHONE: Right.PUBLISH_MICROPHONE,
    Source.SCREEN: Right.PUBLISH_SCREEN,
    Source.SCREEN_AUDIO: Right.PUBLISH_SCREEN,
}
_KIND: Final = {
    Source.CAMERA: Kind.VIDEO,
    Source.MICROPHONE: Kind.AUDIO,
    Source.SCREEN: Kind.VIDEO,
    Source.SCREEN_AUDIO: Kind.AUDIO,
}


def default_rights(role: Role) -> frozenset[Right]:
    """What a role gives where no grant says otherwise."""
    return _DEFAULTS[role]


def effective_rights(role: Role, grants: frozenset[Right] | None) -> frozenset[Right]:
    """The rights of somebody who comes with a role and perhaps explicit grants.

    `moderate` follows the role alone, so that no list of grants can make a moderator of a viewer or a moderator powerless.
    """
    if grants is None:
        return default_rights(role)
    return grants | {Right.MODERATE} if role is Role.MODERATOR else grants - {Right.MODERATE}


def as_asked(role: Role, grants: frozenset[Right] | None, asked: Role | None) -> tuple[Role, frozenset[Right] | None]:
    """Role and grants of somebody who asked to come as less: nobody gets more by asking."""
    if asked is None or _ORDER.index(asked) >= _ORDER.index(role):
        return role, grants
    return asked, None if grants is None else grants & default_rights(asked)


def ordered(rights: frozenset[Right]) -> tuple[Right, ...]:
    """Always the same order for the same rights: that of `Right`."""
    return tuple(right for right in Right if right in rights)


def publish_right(source: Source) -> Right:
    """The right that publishing from this source takes."""
    return _PUBLISH[source]


def is_listener(rights: frozenset[Right]) -> bool:
    """Whether somebody with these rights can be neither seen nor heard, and decides nothing."""
    return not rights & {*_PUBLISH.values(), Right.MODERATE, Right.ADMIT}


def kind_of(source: Source) -> Kind:
    """What comes from this source."""
    return _KIND[source]


def require(actor: Participant | None, right: Right) -> None:
    """Raises NotAllowed where the actor lacks the right; the server (None) lacks none."""
    if actor is not None and not actor.may(right):
        raise NotAllowed(f"this takes the right {right.value}")
