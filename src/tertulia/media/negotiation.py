"""One connection's sections: what an offer changes, and the answer to it.

An offer is planned without any effect (`Negotiation.plan`), the plan is carried out on the engine by the owner, and then kept
(`Negotiation.commit`, which gives the answer); so an offer that is refused leaves the connection as it was.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tertulia.errors import Code, ProtocolError
from tertulia.media import extensions
from tertulia.media.answer import compose
from tertulia.media.codecs import forwardable, key_of, payloads
from tertulia.media.port import NO_KINDS, Kind, PublicationKey
from tertulia.media.sdp import Codec, Section, SessionDescription, Setup, Transport
from tertulia.media.sdp_write import write
from tertulia.media.sections import KeptSection, PlannedSection, Slot, Source

_RTP_PROTOCOLS = frozenset({"UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "TCP/DTLS/RTP/SAVPF", "RTP/SAVPF"})
_DATA_PROTOCOLS = frozenset({"UDP/DTLS/SCTP", "TCP/DTLS/SCTP"})
_SCTP_PORT = 5000


@dataclass(frozen=True, slots=True)
class Plan:
    """What an accepted offer will change. Carry it out in the order of the fields."""

    remote: Transport
    dtls_active: bool
    """We start DTLS: the client offered to be passive."""
    opens: bool
    """The first offer: a transport is to be made."""
    restarts_ice: bool
    removed_sources: tuple[Source, ...]
    removed_slots: tuple[Slot, ...]
    added_sources: tuple[Source, ...]
    added_slots: tuple[Slot, ...]
    sections: tuple[PlannedSection, ...]
    bundled: bool


def random_ssrc() -> int:
    """Any SSRC but 0, unpredictable (RFC 3550 section 8.1)."""
    return secrets.randbelow(2**32 - 1) + 1


@dataclass(slots=True)
class Negotiation:
    """The state of one connection's sections, in the order of its m= lines."""

    new_id: Callable[[], int]
    """Gives source and slot ids that are unique in the engine."""
    candidates: Sequence[str] = ()
    fingerprint: str = ""
    """Our own, "sha-256 AB:…"."""
    new_ssrc: Callable[[], int] = random_ssrc
    _sections: tuple[KeptSection, ...] = ()
    _remote: Transport | None = None
    _dtls_active: bool = False
    _version: int = 0
    _session_id: int = field(default_factory=lambda: secrets.randbits(62))
    _used_ssrcs: set[int] = field(default_factory=set)
    _streams: Counter[str] = field(default_factory=Counter)
    """Streams given to slots so far, by kind: the first slot for sound shares one with the first for pictures, and so on."""

    @property
    def sources(self) -> Iterator[Source]:
        return (section.source for section in self._sections if section.source is not None)

    @property
    def slots(self) -> Iterator[Slot]:
        """Those whose section receives at present."""
        return (section.slot for section in self._sections if section.slot is not None and section.to_client)

    def drop_source(self, source: Source) -> None:
        """The publication was withdrawn: its section is empty until an offer says otherwise."""
        self._sections = tuple(
            replace(section, source=None) if section.source == source else section for section in self._sections
        )

    def plan(
        self,
        offer: SessionDescription,
        publications: Mapping[str, PublicationKey],
        kinds: Mapping[PublicationKey, Kind] = NO_KINDS,
    ) -> Plan:
        """Raises ProtocolError; changes nothing, but that ids and SSRCs it has drawn are not drawn again."""
        self._check_order(offer)
        _check_publications(offer, publications, kinds)
        _check_bundle(offer)
        remote, dtls_active = self._plan_transport(offer)
        player = _is_player(offer)
        sections = tuple(
            self._plan_section(index, section, publications, player=player)
            for index, section in enumerate(offer.sections)
        )
        if not any(section.accepted for section in sections):
            raise ProtocolError(Code.NO_COMMON_CODEC, "no section has a codec that the server forwards")
        old_sources, new_sources = set(self.sources), {section.source for section in sections} - {None}
        old_slots = [section.slot for section in self._sections if section.slot]
        new_slots = [section.slot for section in sections if section.slot]
        known = self._remote
        return Plan(
            remote=remote,
            dtls_active=dtls_active,
            opens=known is None,
            restarts_ice=known is not None and (known.ufrag, known.pwd) != (remote.ufrag, remote.pwd),
            removed_sources=tuple(source for source in self.sources if source not in new_sources),
            removed_slots=tuple(slot for slot in old_slots if not _same_slot(slot, new_slots)),
            added_sources=tuple(s.source for s in sections if s.source and s.source not in old_sources),
            added_slots=tuple(slot for slot in new_slots if not _same_slot(slot, old_slots)),
            sections=sections,
            bundled=bool(offer.bundle),
        )

    def commit(self, plan: Plan, ufrag: str, pwd: str) -> str:
        """Keeps the plan and writes the answer, with our ICE credentials."""
        self._sections = tuple(KeptSection.of(section) for section in plan.sections)
        self._remote = plan.remote
        self._dtls_active = plan.dtls_active
        self._version += 1
        local = Transport(ufrag, pwd, self.fingerprint, Setup.ACTIVE if plan.dtls_active else Setup.PASSIVE)
        answer = compose(
            plan.sections,
            local,
            self.candidates,
            bundled=plan.bundled,
            session_id=self._session_id,
            version=self._version,
        )
        return write(answer)

    def _check_order(self, offer: SessionDescription) -> None:
        """An offer keeps the m= lines of the last one and adds at the end (RFC 9429 section 5.2.2)."""
        if len(offer.sections) < len(self._sections):
            raise _bad("the offer has fewer sections than the one before")
        for index, (old, new) in enumerate(zip(self._sections, offer.sections, strict=False)):
            recycled = not old.accepted
            if not recycled and (new.mid, new.kind) != (old.mid, old.kind):
                raise _bad(f"section {index} was {old.mid!r} ({old.kind}) in the offer before")

    def _plan_transport(self, offer: SessionDescription) -> tuple[Transport, bool]:
        tagged = next((section for section in offer.bundled() if not section.refused), None)
        section = tagged or next(section for section in offer.sections if not section.refused)
        remote = section.transport
        if not remote.ufrag or not remote.pwd:
            raise _bad(f"section {section.mid!r} has no ice-ufrag or no ice-pwd")
        if not remote.fingerprint:
            raise _bad(f"section {section.mid!r} has no sha-256 fingerprint")
        if self._remote is None:
            return remote, remote.setup is Setup.PASSIVE
        if remote.fingerprint != self._remote.fingerprint:
            raise _bad("another fingerprint: a new certificate needs a new connection, with serial 1")
        # Roles last as long as the DTLS association (RFC 8842 section 5.5).
        if remote.setup is (Setup.ACTIVE if self._dtls_active else Setup.PASSIVE):
            raise _bad("the DTLS role changed within the connection")
        return remote, self._dtls_active

    def _plan_section(
        self, index: int, offered: Section, publications: Mapping[str, PublicationKey], *, player: bool
    ) -> PlannedSection:
        if offered.refused:
            return PlannedSection(offered, accepted=False)
        if offered.kind == "application":
            usable = offered.protocol in _DATA_PROTOCOLS and offered.formats == ("webrtc-datachannel",)
            return PlannedSection(offered, accepted=usable and offered.sctp_port == _SCTP_PORT)
        if offered.kind not in ("audio", "video") or offered.protocol not in _RTP_PROTOCOLS:
            return PlannedSection(offered, accepted=False)
        publication = publications.get(offered.mid or "") if offered.direction.sends else None
        codecs = forwardable(offered)
        if not codecs:
            if publication is not None:
                message = f"section {offered.mid!r} has no codec that the server forwards"
                raise ProtocolError(Code.NO_COMMON_CODEC, message)
            return PlannedSection(offered, accepted=False)
        if not offered.rtcp_mux:
            raise _bad(f"section {offered.mid!r} lacks rtcp-mux")
        to_client = offered.direction.receives
        used = extensions.accepted(offered, client_sends=publication is not None, client_receives=to_client)
        if publication is not None and not to_client:
            codecs = codecs[:1]
        old = self._sections[index] if index < len(self._sections) else None
        same = old if old is not None and old.mid == offered.mid and old.accepted else None
        return PlannedSection(
            offered,
            accepted=True,
            codecs=tuple(codecs),
            extensions=used,
            source=self._plan_source(offered, publication, codecs[0], same.source if same else None),
            slot=self._plan_slot(offered, codecs, same.slot if same else None, player=player),
            to_client=to_client,
        )

    def _plan_source(
        self, offered: Section, publication: PublicationKey | None, codec: Codec, old: Source | None
    ) -> Source | None:
        key = key_of(codec, offered.kind)
        if publication is None or key is None:
            return None
        ssrc, rtx_ssrc = _ssrcs(offered, repaired=codec.rtx is not None)
        used = extensions.accepted(offered, client_sends=True, client_receives=False)
        source = Source(
            id=old.id if old else 0,
            publication=publication,
            kind=_kind(offered),
            key=key,
            mid=offered.mid or "",
            clock_rate=codec.clock_rate,
            payload_type=codec.payload_type,
            rtx_payload_type=codec.rtx,
            ssrc=ssrc,
            rtx_ssrc=rtx_ssrc,
            nack=offered.kind == "video" and "nack" in codec.feedback,
            extensions=used,
        )
        return source if source == old else replace(source, id=self.new_id())

    def _plan_slot(self, offered: Section, codecs: Sequence[Codec], old: Slot | None, *, player: bool) -> Slot | None:
        """A slot lives as long as its section, also while that is inactive.

        A slot made anew would count its packets from the start; under the SSRC of the old one and the same SRTP key that would use a
        nonce twice. So a slot that must be made anew, because its extensions changed, gets new SSRCs.
        """
        if not offered.direction.receives:
            return old
        answered = replace(offered, codecs=tuple(codecs))
        used = extensions.accepted(offered, client_sends=False, client_receives=True)
        feedback = {item for codec in codecs for item in codec.feedback}
        transport_cc = extensions.TRANSPORT_CC in extensions.ids(used) and "transport-cc" in feedback
        if old is not None and (old.extensions, old.transport_cc) == (used, transport_cc):
            return replace(old, payloads=payloads(answered))
        return Slot(
            id=self.new_id(),
            stream=old.stream if old is not None else self._new_stream(_kind(offered), player=player),
            kind=_kind(offered),
            mid=offered.mid or "",
            ssrc=self._free_ssrc(offered),
            rtx_ssrc=self._free_ssrc(offered),
            transport_cc=transport_cc,
            extensions=used,
            payloads=payloads(answered),
        )

    def _new_stream(self, kind: Kind, *, player: bool) -> str:
        if player:
            return "tertulia"
        self._streams[kind] += 1
        return f"pair-{self._streams[kind]}"

    def _free_ssrc(self, offered: Section) -> int:
        while (ssrc := self.new_ssrc()) in self._used_ssrcs or ssrc in offered.ssrcs:
            pass
        self._used_ssrcs.add(ssrc)
        return ssrc


def _bad(message: str) -> ProtocolError:
    return ProtocolError(Code.BAD_OFFER, message)


def _kind(section: Section) -> Kind:
    return "audio" if section.kind == "audio" else "video"


def _same_slot(slot: Slot, slots: Sequence[Slot]) -> bool:
    return any(other.id == slot.id for other in slots)


def _check_publications(
    offer: SessionDescription, publications: Mapping[str, PublicationKey], kinds: Mapping[PublicationKey, Kind]
) -> None:
    sending = {
        section.mid: section.kind
        for section in offer.sections
        if section.direction.sends and not section.refused and section.kind in ("audio", "video")
    }
    for mid, publication in publications.items():
        if mid not in sending:
            raise _bad(f"publications name the section {mid!r}, which does not send sound or picture")
        if kinds.get(publication, sending[mid]) != sending[mid]:
            message = f"{publication} was announced as {kinds[publication]}, and section {mid!r} is {sending[mid]}"
            raise ProtocolError(Code.INVALID, message)
    if len(set(publications.values())) != len(publications):
        raise _bad("a publication stands in two sections")


def _check_bundle(offer: SessionDescription) -> None:
    """One transport for all: BUNDLE is required as soon as there are two sections (RFC 9143)."""
    live = [section for section in offer.sections if not section.refused]
    if not live:
        raise _bad("the offer has no section in use")
    for section in live:
        if section.mid is None:
            raise _bad(f"section {offer.sections.index(section)} has no mid")
        if section.mid not in offer.bundle and (len(live) > 1 or offer.bundle):
            raise _bad(f"section {section.mid!r} is not in the BUNDLE group")


def _ssrcs(section: Section, *, repaired: bool) -> tuple[int | None, int | None]:
    """A sender's media SSRC and that of its retransmissions, where the offer tells them.

    With simulcast (RIDs) SSRCs are learnt from the packets: the answer asks for one layer, and which it is the client decides.
    """
    group = section.group("FID")
    if section.rids:
        return None, None
    if group is not None and len(group.ssrcs) == 2:
        return group.ssrcs[0], group.ssrcs[1] if repaired else None
    return (section.ssrcs[0], None) if len(section.ssrcs) == 1 else (None, None)


def _is_player(offer: SessionDescription) -> bool:
    """A WHEP player or a plain page: no data channel, and one section to receive for each kind at most."""
    live = [section for section in offer.sections if not section.refused]
    kinds = [section.kind for section in live if section.direction.receives]
    return "application" not in kinds and len(set(kinds)) == len(kinds)
