"""WHIP: somebody sends one sound, one picture, or both."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request

from tertulia.auth.admission import Pass
from tertulia.core import commands as cmd
from tertulia.core import events as ev
from tertulia.core.ids import PublicationId
from tertulia.core.model import Kind, Source
from tertulia.core.permissions import effective_rights, publish_right
from tertulia.doors.whip.endpoint import Endpoint, Entry, bearer
from tertulia.doors.whip.session import Session
from tertulia.errors import Code, NotAllowed, ProtocolError
from tertulia.media.outline import OfferedSection
from tertulia.runtime.seat import Notice

NAME: Final = "Encoder"
"""Of one whom neither the path nor the token names."""
_SOURCES: Final = {"audio": Source.MICROPHONE, "video": Source.CAMERA}


class WhipEndpoint(Endpoint):
    """The identity in the path is whom the encoder is in the room."""

    name = "whip"

    async def admit(self, request: Request, room: str, target: str | None) -> Pass:
        return await self.door.admission.admit(
            room=room,
            token=bearer(request.headers),
            name=target or NAME,
            door=self.name,
            scope=request.scope,
            identity=target,
        )

    def prepare(self, admitted: Pass, token: str | None, target: str | None, offer: Sequence[OfferedSection]) -> Entry:
        sources = _sources(offer)
        rights = effective_rights(admitted.role, admitted.rights)
        # The room would say so too, but only to one who has come in.
        missing = [right.value for source in sources.values() if (right := publish_right(source)) not in rights]
        if missing:
            raise NotAllowed(f"this takes the right {missing[0]}")
        who = admitted.participant
        join = cmd.Join(
            participant=who,
            name=admitted.name,
            role=admitted.role,
            rights=admitted.rights,
            p2p=False,
            auto_subscribe=False,
            on_duplicate=admitted.on_duplicate,
            bypass=admitted.bypass,
            can_moderate=False,
        )
        publish = {
            mid: cmd.Publish(who, PublicationId(secrets.token_urlsafe(9)), source, _kind(source))
            for mid, source in sources.items()
        }
        return Entry(join, PublishingSession(who, token, self.door.forget), publish)


class PublishingSession(Session):
    """Goes when none of its publications is left: an encoder has nothing else to do in a room."""

    keeps_its_place = True

    def deliver(self, notice: Notice) -> None:
        super().deliver(notice)
        match notice.event:
            case ev.PublicationRemoved(owner=owner) if owner == self.participant:
                self._publications = {
                    mid: publication
                    for mid, publication in self._publications.items()
                    if publication != notice.event.publication
                }
                if not self._publications:
                    self.leave("removed")


def _sources(offer: Sequence[OfferedSection]) -> Mapping[str, Source]:
    """By mid. Raises ProtocolError (invalid): RFC 9725 section 4.4.2 allows one track of each kind."""
    sending = [section for section in offer if section.sends]
    kinds = [section.kind for section in sending]
    if not kinds:
        raise ProtocolError(
            Code.INVALID, "the offer sends nothing: a section with sound or pictures that is sendonly is expected"
        )
    if len(set(kinds)) != len(kinds):
        raise ProtocolError(Code.INVALID, "the offer sends two of a kind: one sound and one picture are taken")
    return {section.mid: _SOURCES[section.kind] for section in sending}


def _kind(source: Source) -> Kind:
    return Kind.AUDIO if source is Source.MICROPHONE else Kind.VIDEO
