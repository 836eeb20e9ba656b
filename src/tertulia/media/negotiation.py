"""One connection's sections: what an offer or an answer of the client changes, and what we write to it.

A client's description is planned without any effect (`Negotiation.plan`, `Negotiation.plan_reply`), the plan is carried out on the engine
by the owner, and then kept (`Negotiation.keep`); so a description that is refused leaves the connection as it was.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tertulia.errors import Code, ProtocolError
from tertulia.media import catalogue, compose, extensions, simulcast
from tertulia.media.agreement import agreed, agreed_slot, used_by_slot
from tertulia.media.checks import check_bundle, check_order, check_publications, check_reply
from tertulia.media.codecs import (
    Audience,
    by_audience,
    forwardable,
    key_of,
    no_audience,
    no_common_codec,
    payloads,
    tuned,
)
from tertulia.media.port import NO_KINDS, USUAL_SOUND, Kind, PublicationKey, Sound
from tertulia.media.sdp import Codec, Section, SessionDescription, Setup, Transport
from tertulia.media.sdp_write import write
from tertulia.media.sections import Encoding, KeptSection, PlannedSection, Slot, Source

_RTP_PROTOCOLS = frozenset({"UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "TCP/DTLS/RTP/SAVPF", "RTP/SAVPF"})
_DATA_PROTOCOLS = frozenset({"UDP/DTLS/SCTP", "TCP/DTLS/SCTP"})
_SCTP_PORT = 5000
MAX_SWITCHES = 32
"""Changes of codec without an offer, in the life of a connection: each costs all who receive it a key frame."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an accepted offer or answer will change. Carry it out in the order of the fields."""

    remote: Transport
    dtls_active: bool
    """We start DTLS: the client is passive."""
    opens: bool
    """The first exchange: a transport is to be made."""
    restarts_ice: bool
    removed_sources: tuple[Source, ...]
    removed_slots: tuple[Slot, ...]
    added_sources: tuple[Source, ...]
    added_slots: tuple[Slot, ...]
    sections: tuple[PlannedSection, ...]
    bundled: bool


@dataclass(frozen=True, slots=True)
class _Said:
    """A client's description, and how to read it."""

    description: SessionDescription
    publications: Mapping[str, PublicationKey]
    code: Code
    """Of the error when it cannot be used."""
    audience: Audience = no_audience
    player: bool = False


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
    sound: Sound = USUAL_SOUND
    _sections: tuple[KeptSection, ...] = ()
    _proposed: tuple[PlannedSection, ...] = ()
    """The sections of our offer, until its answer is kept."""
    _remote: Transport | None = None
    _dtls_active: bool = False
    _version: int = 0
    _session_id: int = field(default_factory=lambda: secrets.randbits(62))
    _used_ssrcs: set[int] = field(default_factory=set)
    _switches: int = 0
    _streams: Counter[str] = field(default_factory=Counter)
    """Streams given to slots so far, by kind: the first slot for sound shares one with the first for pictures, and so on."""

    @property
    def sources(self) -> Iterator[Source]:
        return (section.source for section in self._sections if section.source is not None)

    @property
    def slots(self) -> Iterator[Slot]:
        """Those whose section receives at present."""
        return (section.slot for section in self._sections if section.slot is not None and section.to_client)

    def switch(self, source: Source, payload_type: int) -> Source | None:
        """What the source becomes when its client sends with this payload type from now on; kept at once.

        A client may send any codec that was agreed upon for a section, and change it without a word. Chromium, when it answers, sends the
        first of the offer even where its answer left that one out. None, where the payload type means nothing in that section.
        """
        for index, section in enumerate(self._sections):
            codec = next((codec for codec in section.codecs if codec.payload_type == payload_type), None)
            key = key_of(codec, section.kind) if codec is not None else None
            if section.source != source or codec is None or key is None or self._switches == MAX_SWITCHES:
                continue
            self._switches += 1
            changed = replace(
                source,
                id=self.new_id(),
                key=key,
                clock_rate=codec.clock_rate,
                payload_type=payload_type,
                rtx_payload_type=codec.rtx,
                nack=section.kind == "video" and "nack" in codec.feedback,
                red_payload_type=codec.red,
            )
            kept = replace(section, source=changed)
            self._sections = (*self._sections[:index], kept, *self._sections[index + 1 :])
            return changed
        return None

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
        audience: Audience = no_audience,
    ) -> Plan:
        """Of what the client offers to send in a section, the codec is taken that most of `audience` can decode, else its first.

        Raises ProtocolError; changes nothing, but that ids and SSRCs it has drawn are not drawn again.
        """
        check_order(offer, self._sections)
        check_publications(offer, publications, kinds, Code.BAD_OFFER)
        check_bundle(offer, Code.BAD_OFFER)
        said = _Said(offer, publications, Code.BAD_OFFER, audience, _is_player(offer))
        remote, dtls_active = self._plan_transport(said)
        sections = tuple(self._plan_section(index, section, said) for index, section in enumerate(offer.sections))
        return self._plan_of(said, sections, remote, dtls_active)

    def propose(self, kinds: Sequence[Kind], ufrag: str, pwd: str, audience: Audience = no_audience) -> str:
        """An offer of ours for a new transport, with a section for each of `kinds`; it waits for `plan_reply`."""
        self._proposed = tuple(self._propose_section(str(index), kind, audience) for index, kind in enumerate(kinds))
        self._version += 1
        local = Transport(ufrag, pwd, self.fingerprint, Setup.ACTPASS)
        offer = compose.offer(
            self._proposed, local, self.candidates, session_id=self._session_id, version=self._version
        )
        return write(offer)

    def plan_reply(
        self,
        answer: SessionDescription,
        publications: Mapping[str, PublicationKey],
        kinds: Mapping[PublicationKey, Kind] = NO_KINDS,
    ) -> Plan:
        """Plans the client's answer to `propose`. Raises ProtocolError; changes nothing, as `plan`."""
        check_reply(answer, self._proposed)
        check_publications(answer, publications, kinds, Code.BAD_ANSWER)
        check_bundle(answer, Code.BAD_ANSWER)
        said = _Said(answer, publications, Code.BAD_ANSWER)
        remote, dtls_active = self._plan_transport(said)
        sections = tuple(
            self._plan_section(index, agreed(section, proposed.offered), said, proposed)
            for index, (section, proposed) in enumerate(zip(answer.sections, self._proposed, strict=True))
        )
        return self._plan_of(said, sections, remote, dtls_active)

    def keep(self, plan: Plan) -> None:
        """The plan was carried out."""
        self._sections = tuple(KeptSection.of(section) for section in plan.sections)
        self._proposed = ()
        self._remote = plan.remote
        self._dtls_active = plan.dtls_active

    def commit(self, plan: Plan, ufrag: str, pwd: str) -> str:
        """Keeps the plan of an offer and writes the answer, with our ICE credentials."""
        self.keep(plan)
        self._version += 1
        local = Transport(ufrag, pwd, self.fingerprint, Setup.ACTIVE if plan.dtls_active else Setup.PASSIVE)
        answer = compose.answer(
            plan.sections,
            local,
            self.candidates,
            bundled=plan.bundled,
            session_id=self._session_id,
            version=self._version,
        )
        return write(answer)

    def _plan_transport(self, said: _Said) -> tuple[Transport, bool]:
        description = said.description
        tagged = next((section for section in description.bundled() if not section.refused), None)
        section = tagged or next(section for section in description.sections if not section.refused)
        remote = section.transport
        if not remote.ufrag or not remote.pwd:
            raise ProtocolError(said.code, f"section {section.mid!r} has no ice-ufrag or no ice-pwd")
        if not remote.fingerprint:
            raise ProtocolError(said.code, f"section {section.mid!r} has no sha-256 fingerprint")
        if self._remote is None:
            return remote, remote.setup is Setup.PASSIVE
        if remote.fingerprint != self._remote.fingerprint:
            message = "another fingerprint: a new certificate needs a new connection, with serial 1"
            raise ProtocolError(said.code, message)
        # Roles last as long as the DTLS association (RFC 8842 section 5.5).
        if remote.setup is (Setup.ACTIVE if self._dtls_active else Setup.PASSIVE):
            raise ProtocolError(said.code, "the DTLS role changed within the connection")
        return remote, self._dtls_active

    def _plan_of(self, said: _Said, sections: tuple[PlannedSection, ...], remote: Transport, dtls_active: bool) -> Plan:
        """What has to be done so that these are the sections."""
        _check_codecs(said, sections)
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
            bundled=bool(said.description.bundle),
        )

    def _propose_section(self, mid: str, kind: Kind, audience: Audience) -> PlannedSection:
        offered = catalogue.section(kind, mid)
        slot = Slot(
            id=self.new_id(),
            stream=self._new_stream(kind, player=True),
            kind=kind,
            mid=mid,
            ssrc=self._free_ssrc(offered),
            rtx_ssrc=self._free_ssrc(offered),
            transport_cc=False,
            extensions=(),
            payloads=payloads(offered),
        )
        codecs = by_audience(tuned(forwardable(offered), self.sound), kind, audience)
        return PlannedSection(
            replace(offered, codecs=_in_order(offered, codecs)),
            accepted=True,
            codecs=tuple(codecs),
            extensions=offered.extensions,
            slot=slot,
            to_client=True,
        )

    def _plan_section(
        self, index: int, offered: Section, said: _Said, proposed: PlannedSection | None = None
    ) -> PlannedSection:
        """`proposed`: the section in our offer, where `said` answers it."""
        if offered.refused:
            return PlannedSection(offered, accepted=False)
        if offered.kind == "application":
            usable = offered.protocol in _DATA_PROTOCOLS and offered.formats == ("webrtc-datachannel",)
            return PlannedSection(offered, accepted=usable and offered.sctp_port == _SCTP_PORT)
        codecs = tuned(forwardable(offered), self.sound)
        if not _is_media(offered) or not codecs:
            return PlannedSection(offered, accepted=False)
        if not offered.rtcp_mux:
            raise ProtocolError(said.code, f"section {offered.mid!r} lacks rtcp-mux")
        publication = said.publications.get(offered.mid or "") if offered.direction.sends else None
        to_client = offered.direction.receives
        if publication is not None:
            codecs = by_audience(codecs, offered.kind, said.audience)
            codecs = codecs if to_client else codecs[:1]
        # Also while nothing is sent: what an answer leaves out of them, a browser has lost for good.
        streams = simulcast.accepted(offered, codecs[0])
        used = extensions.accepted(
            offered,
            client_sends=publication is not None or bool(streams),
            client_receives=to_client,
            simulcast=bool(streams),
            sent=codecs[0],
        )
        old = self._sections[index] if index < len(self._sections) else None
        same = old if old is not None and old.mid == offered.mid and old.accepted else None
        if proposed is not None:
            slot = agreed_slot(proposed.slot, offered)
        else:
            slot = self._plan_slot(offered, codecs, same.slot if same else None, player=said.player)
        return PlannedSection(
            offered,
            accepted=True,
            codecs=tuple(codecs) if proposed is None else proposed.codecs,
            extensions=used,
            streams=streams,
            source=self._plan_source(offered, publication, codecs[0], streams, same.source if same else None),
            slot=slot,
            to_client=to_client,
        )

    def _plan_source(
        self,
        offered: Section,
        publication: PublicationKey | None,
        codec: Codec,
        streams: Sequence[str],
        old: Source | None,
    ) -> Source | None:
        key = key_of(codec, offered.kind)
        if publication is None or key is None:
            return None
        used = extensions.accepted(
            offered, client_sends=True, client_receives=False, simulcast=bool(streams), sent=codec
        )
        source = Source(
            id=old.id if old else 0,
            publication=publication,
            kind=_kind(offered),
            key=key,
            mid=offered.mid or "",
            clock_rate=codec.clock_rate,
            payload_type=codec.payload_type,
            rtx_payload_type=codec.rtx,
            nack=offered.kind == "video" and "nack" in codec.feedback,
            extensions=used,
            encodings=_encodings(offered, streams, repaired=codec.rtx is not None),
            red_payload_type=codec.red,
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
        used, transport_cc = used_by_slot(answered)
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


def _is_media(section: Section) -> bool:
    return section.kind in ("audio", "video") and section.protocol in _RTP_PROTOCOLS


def _check_codecs(said: _Said, sections: Sequence[PlannedSection]) -> None:
    """A section that only receives, and lacks a codec of ours, is refused by itself; a publication without one is an error."""
    offered = [section.offered for section in sections if not section.offered.refused and _is_media(section.offered)]
    lacking = [section for section in offered if not forwardable(section)]
    needed = [section for section in lacking if section.mid in said.publications]
    if needed or not any(section.accepted for section in sections):
        message = no_common_codec(needed or lacking) or "the offer has no section that the server can use"
        raise ProtocolError(Code.NO_COMMON_CODEC, message)


def _in_order(section: Section, codecs: Sequence[Codec]) -> tuple[Codec, ...]:
    """The section's codecs in the order of `codecs`, each between its redundancy and its retransmissions."""

    def known(payload_type: int | None) -> Codec | None:
        return None if payload_type is None else section.codec(payload_type)

    ordered = ((known(codec.red), codec, known(codec.rtx)) for codec in codecs)
    return tuple(codec for triple in ordered for codec in triple if codec is not None)


def _kind(section: Section) -> Kind:
    return "audio" if section.kind == "audio" else "video"


def _same_slot(slot: Slot, slots: Sequence[Slot]) -> bool:
    return any(other.id == slot.id for other in slots)


def _encodings(section: Section, streams: Sequence[str], *, repaired: bool) -> tuple[Encoding, ...]:
    """What a client sends in a section, with its SSRCs where the offer tells them.

    Simulcast streams are told apart by the RIDs in their packets: offers name no SSRCs for them, or do not say whose they are.
    """
    if streams:
        return tuple(Encoding(rid) for rid in simulcast.lowest_first(streams))
    group = section.group("FID")
    if section.rids:
        return (Encoding(),)
    if group is not None and len(group.ssrcs) == 2:
        return (Encoding(None, group.ssrcs[0], group.ssrcs[1] if repaired else None),)
    return (Encoding(None, section.ssrcs[0] if len(section.ssrcs) == 1 else None),)


def _is_player(offer: SessionDescription) -> bool:
    """A WHEP player or a plain page: no data channel, and one section to receive for each kind at most."""
    live = [section for section in offer.sections if not section.refused]
    kinds = [section.kind for section in live if section.direction.receives]
    return "application" not in kinds and len(set(kinds)) == len(kinds)
