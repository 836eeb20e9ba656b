"""Carries a director's choice out: it becomes the subscriptions of one participant."""

import asyncio
from collections.abc import Callable

from tertulia.core import commands as cmd
from tertulia.core import events as ev
from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.core.model import Right
from tertulia.runtime.director import Director
from tertulia.runtime.seat import Entered, Request, Shown


class Directed:
    """Subscribes a participant who has joined with `auto_subscribe=False` to at most one picture and one sound.

    Left to the caller: to pass on everything that the seat is shown (`see`), to say once how the room is asked (`start`), and to `close`.
    """

    def __init__(
        self,
        participant: ParticipantId,
        *,
        only: ParticipantId | None = None,
        video: bool = True,
        audio: bool = True,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """`only`: nothing but what this person sends. `video`, `audio`: whether there is a place for it. `clock`: the event loop's."""
        self._participant = participant
        self._director = Director(participant, only=only)
        self._video = video
        self._audio = audio
        self._clock = asyncio.get_running_loop().time if clock is None else clock
        self._post: Callable[[Request], None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._may = False
        self._subscribed: tuple[PublicationId, ...] = ()

    @property
    def subscribed(self) -> tuple[PublicationId, ...]:
        """What is received now: the picture first."""
        return self._subscribed

    def start(self, post: Callable[[Request], None]) -> None:
        """`post` is the room actor's. What was seen before counts."""
        self._post = post
        self._carry_out()

    def see(self, event: Shown) -> None:
        """Something that the seat is shown; whatever it is."""
        match event:
            case Entered():
                self._may = Right.SUBSCRIBE in event.snapshot.rights
            case ev.RightsChanged():
                # The room itself ends the subscriptions of one who loses this right.
                self._may = Right.SUBSCRIBE in event.rights
                if not self._may:
                    self._subscribed = ()
            case ev.PublicationRemoved():
                self._subscribed = tuple(it for it in self._subscribed if it != event.publication)
            case ev.SessionEnded() | ev.Denied():
                self.close()
                return
        self._director.handle(event, self._clock())
        self._carry_out()

    def tick(self) -> None:
        """Time has passed; its own timer calls this too."""
        self._director.tick(self._clock())
        self._carry_out()

    def close(self) -> None:
        """Nothing is asked of the room any more."""
        self._post = None
        self._carry_out()

    def _carry_out(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._post is None:
            return
        self._subscribe(self._post)
        if self._director.deadline is not None:
            wait = max(0.0, self._director.deadline - self._clock())
            self._timer = asyncio.get_running_loop().call_later(wait, self.tick)

    def _subscribe(self, post: Callable[[Request], None]) -> None:
        choice = self._director.choice
        picked = (choice.video if self._video else None, choice.audio if self._audio else None)
        wanted = tuple(it for it in picked if it is not None) if self._may else ()
        # What goes leaves its section to what comes, so no further section is asked for.
        for publication in self._subscribed:
            if publication not in wanted:
                post(cmd.Unsubscribe(self._participant, publication))
        for publication in wanted:
            if publication not in self._subscribed:
                post(cmd.Subscribe(self._participant, publication))
        self._subscribed = wanted
