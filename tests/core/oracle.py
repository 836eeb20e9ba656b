"""A second, naive room: who is in, what is published, which commands are refused. It knows no events and no topology.

It is written in another way than the room on purpose (plain tuples, everything computed from scratch), so that both hardly share a mistake.
"""

from dataclasses import dataclass, field

from tertulia.core import commands as cmd
from tertulia.core.chat_changes import Delete
from tertulia.core.model import OnDuplicate, RoomSettings
from tertulia.errors import Code

VIEWER = {"subscribe", "chat"}
SPEAKER = VIEWER | {"publish:camera", "publish:microphone", "publish:screen", "data"}
MODERATOR = SPEAKER | {"record", "admit", "moderate"}
RIGHTS = {"viewer": VIEWER, "speaker": SPEAKER, "moderator": MODERATOR}


@dataclass
class Somebody:
    role: str
    rights: set[str]
    eligible: bool
    hand: int = 0
    away_since: float | None = None
    knocked: float = 0.0
    returning: bool = False
    """Cut off by a restart of the server, and not yet shown to be away."""


@dataclass
class Oracle:
    settings: RoomSettings
    people: dict[str, Somebody] = field(default_factory=dict)
    knocks: dict[str, Somebody] = field(default_factory=dict)
    tracks: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Owner and source of each publication."""
    muted: dict[str, tuple[bool, bool]] = field(default_factory=dict)
    """Whether it is muted, and by a moderator."""
    locked: bool = False
    waiting_room: bool = False
    hands: int = 0
    spotlight: str | None = None
    texts: list[str] = field(default_factory=list)
    """Ids of what was said to everybody."""

    versions: dict[str, int] = field(default_factory=dict)
    """Of the keys that all share."""

    def lacks(self, who: str | None, right: str) -> Code | None:
        if who is None:
            return None
        if who not in self.people:
            return Code.NO_SUCH_PARTICIPANT
        return None if right in self.people[who].rights else Code.NOT_ALLOWED

    def rights_of(self, who: str) -> set[str]:
        return self.people[who].rights if who in self.people else set()

    def judge(self, c: cmd.Command) -> Code | None:
        """The code with which the room has to refuse the command, or None."""
        people, tracks = self.people, self.tracks
        match c:
            case cmd.Join():
                return self.judge_join(c)
            case cmd.Publish():
                own = [source for owner, source in tracks.values() if owner == c.participant]
                right = "publish:" + c.source.value.removesuffix("_audio")
                refused = self.lacks(c.participant, right)
                too_many = Code.TOO_MANY_PUBLICATIONS if len(own) >= self.settings.max_publications else None
                return refused or (Code.ALREADY_PUBLISHED if c.source in own else too_many)
            case cmd.SetMuted() | cmd.Unpublish() if c.actor is not None and c.actor not in people:
                return Code.NO_SUCH_PARTICIPANT
            case cmd.SetMuted() | cmd.Unpublish() if c.publication not in tracks:
                return Code.NO_SUCH_PUBLICATION
            case cmd.SetMuted() if c.actor != tracks[c.publication][0]:
                return self.lacks(c.actor, "moderate") or (None if c.muted else Code.NOT_ALLOWED)
            case cmd.Unpublish() if c.actor not in (None, tracks[c.publication][0]):
                return Code.NOT_ALLOWED
            case cmd.SendChat():
                known = c.to is None or c.to in people
                return self.lacks(c.sender, "chat") or (None if known else Code.NO_SUCH_PARTICIPANT)
            case cmd.ChangeChat():
                deletes = c.what == Delete() and (c.actor is None or "moderate" in self.rights_of(c.actor))
                missing = Code.NO_SUCH_PARTICIPANT if c.actor is not None and c.actor not in people else None
                return missing or (None if deletes else self.lacks(c.actor, "chat")) or Code.STORE_FAILED
            case cmd.SetTyping():
                known = c.to is None or c.to in people
                return self.lacks(c.participant, "chat") or (None if known else Code.NO_SUCH_PARTICIPANT)
            case cmd.ReadChat():
                return None if c.participant in people else Code.NO_SUCH_PARTICIPANT
            case cmd.SendData():
                known = c.to is None or c.to in people
                to_oneself = Code.INVALID if c.to is not None and c.to == c.sender else None
                return self.lacks(c.sender, "data") or to_oneself or (None if known else Code.NO_SUCH_PARTICIPANT)
            case cmd.SetPresence():
                return self.lacks(c.participant, "data")
            case cmd.SetState():
                present = self.versions.get(c.key, 0)
                stale = Code.CONFLICT if c.expected not in (None, present) else None
                return self.lacks(c.actor, "data") or stale
            case cmd.React():
                return self.lacks(c.participant, "chat")
            case cmd.SetHand():
                missing = None if c.participant in people else Code.NO_SUCH_PARTICIPANT
                raising = Code.NOT_ALLOWED if c.raised else None
                return missing if c.actor == c.participant else self.lacks(c.actor, "moderate") or raising or missing
            case cmd.AskUnmute() if c.participant in people:
                can_do_it = f"publish:{c.source.value}" in people[c.participant].rights - {"publish:screen"}
                sense = can_do_it and c.participant != c.actor
                return self.lacks(c.actor, "moderate") or (None if sense else Code.INVALID)
            case cmd.AskUnmute():
                return self.lacks(c.actor, "moderate") or Code.NO_SUCH_PARTICIPANT
            case cmd.SetSpotlight():
                known = c.participant is None or c.participant in people
                return self.lacks(c.actor, "moderate") or (None if known else Code.NO_SUCH_PARTICIPANT)
            case cmd.Invite():
                return self.lacks(c.actor, "admit") or (Code.INVALID if c.role == "moderator" else None)
            case cmd.Admit() | cmd.Deny():
                full = isinstance(c, cmd.Admit) and len(people) >= self.settings.max_participants
                missing = None if c.participant in self.knocks else Code.NO_SUCH_PARTICIPANT
                return self.lacks(c.actor, "admit") or missing or (Code.ROOM_FULL if full else None)
            case cmd.SetRole() | cmd.Remove():
                missing = None if c.participant in people else Code.NO_SUCH_PARTICIPANT
                return self.lacks(c.actor, "moderate") or missing or self.judge_demotion(c)
            case cmd.SetLocked() | cmd.SetWaitingRoom():
                return self.lacks(c.actor, "moderate")
            case cmd.Subscribe() | cmd.Prefer():
                refused = self.lacks(c.participant, "subscribe")
                return refused or (None if c.publication in tracks else Code.NO_SUCH_PUBLICATION)
            case cmd.Attach() if c.participant not in people:
                return Code.NO_SUCH_PARTICIPANT
            case cmd.Detach() if c.participant not in people and c.participant not in self.knocks:
                return Code.NO_SUCH_PARTICIPANT
        return None

    def judge_join(self, c: cmd.Join) -> Code | None:
        if c.knock_only and not self.waiting_room:
            return Code.TOKEN_REQUIRED
        inside, knocking = c.participant in self.people, c.participant in self.knocks
        if (inside or knocking) and c.on_duplicate is OnDuplicate.REFUSE:
            return Code.IDENTITY_TAKEN
        free = self.is_free(c)
        if self.locked and not free:
            return Code.ROOM_LOCKED
        if len(set(self.people) - {c.participant}) >= self.settings.max_participants:
            return Code.ROOM_FULL
        waiting = set(self.knocks) - {c.participant}
        return Code.ROOM_FULL if self.waiting_room and not free and len(waiting) >= self.settings.max_waiting else None

    def is_free(self, c: cmd.Join) -> bool:
        known = c.participant in self.people or c.bypass
        return not c.knock_only and (known or bool({"admit", "moderate"} & self.newcomer(c).rights))

    def judge_demotion(self, c: cmd.Command) -> Code | None:
        moderators = [who for who, somebody in self.people.items() if somebody.role == "moderator"]
        if isinstance(c, cmd.SetRole) and self.settings.eldest_moderates and c.role != "moderator":
            return Code.INVALID if moderators == [c.participant] else None
        return None

    def newcomer(self, c: cmd.Join) -> Somebody:
        others = [somebody for who, somebody in self.people.items() if who != c.participant]
        first = not any(other.eligible or other.role == "moderator" for other in others)
        eligible = c.can_moderate and c.asked_role != "viewer"
        if self.settings.eldest_moderates and eligible and first and not c.knock_only:
            return Somebody("moderator", set(MODERATOR), True)
        role = min(c.role.value, (c.asked_role or c.role).value, key=list(RIGHTS).index)
        given = {right.value for right in c.rights} - {"moderate"} if c.rights is not None else RIGHTS[role]
        if role != c.role:
            given = given & RIGHTS[role]
        return Somebody(role, given | ({"moderate"} if role == "moderator" else set()), eligible)

    def apply(self, c: cmd.Command, now: float) -> None:
        """The command was not refused."""
        match c:
            case cmd.Join():
                free = self.is_free(c)
                newcomer = self.newcomer(c)
                self.go(c.participant)
                newcomer.knocked = now
                (self.people if free or not self.waiting_room else self.knocks)[c.participant] = newcomer
            case cmd.Leave() | cmd.Remove() | cmd.Deny():
                self.go(c.participant)
            case cmd.Detach() if c.participant in self.knocks:
                self.go(c.participant)
            case cmd.Detach():
                somebody = self.people[c.participant]
                if somebody.away_since is None or somebody.returning:
                    somebody.away_since, somebody.returning = now, False
            case cmd.Attach():
                self.people[c.participant].away_since = None
                self.people[c.participant].returning = False
            case cmd.Admit():
                self.people[c.participant] = self.knocks.pop(c.participant)
                self.moderated()
            case cmd.Publish():
                self.tracks[c.publication] = (c.participant, c.source.value)
                self.muted[c.publication] = (c.muted, False)
            case cmd.Unpublish():
                del self.tracks[c.publication]
            case cmd.SetMuted():
                by_owner = self.tracks[c.publication][0] == c.actor
                _, forbidden = self.muted[c.publication]
                self.muted[c.publication] = (c.muted, c.muted and (forbidden or not by_owner))
            case cmd.SetRole():
                self.set_role(c.participant, c.role.value)
            case cmd.SetHand():
                somebody = self.people[c.participant]
                self.hands += c.raised and not somebody.hand
                somebody.hand = c.raised and (somebody.hand or self.hands)
            case cmd.SetSpotlight():
                self.spotlight = c.participant
            case cmd.SetState():
                self.versions[c.key] = max(self.versions.values(), default=0) + 1
            case cmd.SendChat() if c.to is None:
                self.texts.append(c.message)
            case cmd.SetLocked():
                self.locked = c.locked
            case cmd.SetWaitingRoom():
                self.waiting_room = c.enabled
            case cmd.Tick():
                self.tick(now)

    def tick(self, now: float) -> None:
        grace, patience = self.settings.grace, self.settings.waiting_timeout
        away = [(s.away_since, who) for who, s in self.people.items() if s.away_since is not None]
        for since, who in sorted(away, key=lambda item: item[0]):
            if now >= since + grace:
                self.go(who)
        for somebody in self.people.values():
            if somebody.returning and somebody.away_since is not None and now >= somebody.away_since + 10:
                somebody.returning = False
        for who in [who for who, somebody in self.knocks.items() if now >= somebody.knocked + patience]:
            self.go(who)

    def restart(self, now: float) -> None:
        for somebody in self.people.values():
            if somebody.away_since is None or somebody.returning:
                somebody.away_since, somebody.returning = now, True

    def go(self, who: str) -> None:
        self.knocks.pop(who, None)
        if self.people.pop(who, None) is not None:
            self.spotlight = None if self.spotlight == who else self.spotlight
            self.tracks = {track: about for track, about in self.tracks.items() if about[0] != who}
            self.moderated()

    def moderated(self) -> None:
        if not self.settings.eldest_moderates or any(s.role == "moderator" for s in self.people.values()):
            return
        eligible = [who for who, somebody in self.people.items() if somebody.eligible]
        here = [who for who in eligible if self.people[who].away_since is None or self.people[who].returning]
        for who in (here or eligible)[:1]:
            self.set_role(who, "moderator")

    def set_role(self, who: str, role: str) -> None:
        somebody = self.people[who]
        somebody.role, somebody.rights = role, set(RIGHTS[role])
        self.tracks = {
            track: (owner, source)
            for track, (owner, source) in self.tracks.items()
            if owner != who or "publish:" + source.removesuffix("_audio") in somebody.rights
        }
