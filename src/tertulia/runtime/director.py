"""Which picture and which sound somebody receives who has place for one of each.

Pure: what happened and the time go in, the choice is read. Times are seconds on a clock that does not go back.
"""

import math
from dataclasses import dataclass
from typing import Final

from tertulia.core import events as ev
from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.core.model import Publication, Source
from tertulia.runtime.seat import Entered, Heard, Shown

LOUDEST_FOR: Final = 1.0
"""So long somebody must have been the loudest to take another's place."""
STAYS_FOR: Final = 2.0
"""So long whoever is picked stays, while he has something to send."""
SOUND_RETURNS: Final = 5.0
"""After so long without anybody heard, the sound is again that of the picture: an encoder may send no levels, and is never heard."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What should be received; None: nothing."""

    video: PublicationId | None = None
    audio: PublicationId | None = None


class Director:
    """Follows a room on behalf of one participant.

    Picture: the newest screen; else the camera of the loudest whose camera is on, who stays until another speaks; while nobody has spoken
    the newest camera. Sound: the loudest, at once where the one before has fallen silent; while nobody is heard, that of the picture.
    What is muted is not picked, and what is picked goes at once when it ends or is muted.

    Left to the caller: to pass on everything that the seat is shown, and to call `tick` at `deadline`.
    """

    def __init__(self, viewer: ParticipantId, *, only: ParticipantId | None = None) -> None:
        """`viewer` is never shown himself. `only`: nothing but what this person sends."""
        self._viewer = viewer
        self._only = only
        self._tracks: dict[PublicationId, Publication] = {}
        """What could be picked once it is not muted, oldest first."""
        self._heard: tuple[PublicationId, ...] = ()
        """Microphones and the sound of screens, loudest first."""
        self._picture = _Pick()
        self._sound = _Pick()
        self._last_speaker: ParticipantId | None = None
        """The last one with a camera who was the loudest; his picture comes back when a screen ends."""

    @property
    def choice(self) -> Choice:
        return Choice(self._picture.current, self._sound.current)

    @property
    def deadline(self) -> float | None:
        """When the next `tick` may change the choice; None: only an event can."""
        due = min(self._picture.due, self._sound.due)
        return None if due == math.inf else due

    def handle(self, event: Shown, now: float) -> None:
        """Something that the seat is shown. What does not matter here is ignored."""
        match event:
            case Entered():
                self._tracks = {track.id: track for track in event.snapshot.publications if self._concerns(track)}
            case ev.PublicationAdded() | ev.PublicationUpdated():
                if not self._concerns(event.publication):
                    return
                self._tracks[event.publication.id] = event.publication
            case ev.PublicationRemoved():
                self._tracks.pop(event.publication, None)
            case Heard():
                self._heard = tuple(publication for _, publication, _ in event.speakers)
            case _:
                return
        self.tick(now)

    def tick(self, now: float) -> None:
        """Time has passed."""
        self._choose_picture(now)
        self._choose_sound(now)

    def _concerns(self, track: Publication) -> bool:
        return track.owner != self._viewer and self._only in (None, track.owner)

    def _open(self, *sources: Source) -> list[Publication]:
        """Oldest first."""
        return [track for track in self._tracks.values() if track.source in sources and not track.muted]

    # --- the picture ---

    def _choose_picture(self, now: float) -> None:
        pick = self._picture
        pick.due = math.inf
        cameras = {track.owner: track for track in self._open(Source.CAMERA)}
        speaking = [cameras[owner].id for owner in self._speakers() if owner in cameras]
        loudest = speaking[0] if speaking else None
        pick.follow(loudest, now)
        if loudest is not None:
            self._last_speaker = self._tracks[loudest].owner
        screens = self._open(Source.SCREEN)
        if screens:
            pick.take(screens[-1].id, now, spoken=False)
            return
        newest = next((track.id for track in reversed(cameras.values())), None)
        if pick.current not in {camera.id for camera in cameras.values()}:
            before = cameras.get(self._last_speaker) if self._last_speaker is not None else None
            returning = None if before is None else before.id
            pick.take(loudest or returning or newest, now, spoken=bool(loudest or returning))
        elif loudest is not None:
            if loudest == pick.current:
                pick.spoken = True
            elif pick.waited(max(pick.loudest_since + LOUDEST_FOR, pick.since + STAYS_FOR), now):
                pick.take(loudest, now, spoken=True)
        elif not pick.spoken and newest != pick.current and pick.waited(pick.since + STAYS_FOR, now):
            pick.take(newest, now, spoken=False)

    def _speakers(self) -> list[ParticipantId]:
        """Who talks, loudest first. The sound of a shared film makes nobody a speaker."""
        voices = (self._tracks.get(publication) for publication in self._heard)
        return [
            voice.owner
            for voice in voices
            if voice is not None and voice.source is Source.MICROPHONE and not voice.muted
        ]

    # --- the sound ---

    def _choose_sound(self, now: float) -> None:
        pick = self._sound
        pick.due = math.inf
        sounds = {track.id: track for track in self._open(Source.MICROPHONE, Source.SCREEN_AUDIO)}
        heard = [publication for publication in self._heard if publication in sounds]
        loudest = heard[0] if heard else None
        pick.follow(loudest, now)
        if pick.current not in sounds:
            pick.take(loudest or self._sound_of_picture(sounds), now, spoken=loudest is not None)
        elif loudest is None:
            at = pick.loudest_since + SOUND_RETURNS if pick.spoken else now
            fitting = self._sound_of_picture(sounds)
            if fitting != pick.current and pick.waited(at, now):
                pick.take(fitting, now, spoken=False)
        elif loudest == pick.current:
            pick.spoken = True
        elif pick.current not in heard or pick.waited(
            max(pick.loudest_since + LOUDEST_FOR, pick.since + STAYS_FOR), now
        ):
            pick.take(loudest, now, spoken=True)

    def _sound_of_picture(self, sounds: dict[PublicationId, Publication]) -> PublicationId | None:
        """A voice goes before a film; without a picture, or where it is silent, the newest."""
        picture = None if self._picture.current is None else self._tracks[self._picture.current].owner
        by_fitness = sorted(sounds.values(), key=lambda it: (it.owner == picture, it.source is Source.MICROPHONE))
        return by_fitness[-1].id if by_fitness else None


class _Pick:
    """What is picked of one kind, and who may follow."""

    def __init__(self) -> None:
        self.current: PublicationId | None = None
        self.since = -math.inf
        self.spoken = False
        """Its owner was heard: it stays until another is."""
        self._loudest: PublicationId | None = None
        self.loudest_since = -math.inf
        """Since when the loudest is that one, or nobody is."""
        self.due = math.inf

    def follow(self, loudest: PublicationId | None, now: float) -> None:
        if loudest != self._loudest:
            self._loudest, self.loudest_since = loudest, now

    def take(self, publication: PublicationId | None, now: float, *, spoken: bool) -> None:
        if publication != self.current:
            self.current, self.since = publication, now
        self.spoken = spoken

    def waited(self, until: float, now: float) -> bool:
        """Whether it is time; else it will be."""
        if now >= until:
            return True
        self.due = until
        return False
