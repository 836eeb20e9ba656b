"""Relay, or the server: the machine alone, with a room that says what the test says."""

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tertulia.core import commands as cmd
from tertulia.core import events as ev
from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.core.model import (
    Kind,
    Mode,
    Participant,
    Phase,
    Publication,
    Role,
    RoomState,
    Snapshot,
    Source,
    Topology,
)
from tertulia.doors.page_call import Ask, Output, PageCall, Problem, Tell
from tertulia.doors.page_call.call import CALLED_AFTER, CANDIDATES, OFFER_WAITS
from tertulia.errors import Code, ProtocolError, TertuliaError
from tertulia.runtime.seat import (
    Accept,
    Call,
    Description,
    Done,
    Entered,
    IceCandidate,
    MediaLost,
    Offer,
    Outcome,
    Request,
    Shown,
)

from .pages import sdp

ME, BEN, CORA = map(ParticipantId, ("me", "ben", "cora"))
OFFER = Description("offer", sdp())
ANSWER = Description("answer", sdp(session=2))
CANDIDATE = IceCandidate("candidate:1", "0", 0)


class Page:
    """The machine with its outputs collected, and requests that the test answers."""

    def __init__(self) -> None:
        numbers = itertools.count(1)
        self.call = PageCall(ME, lambda: PublicationId(f"t{next(numbers)}"))
        self.now = 0.0
        self.told: list[tuple[Any, ParticipantId | None]] = []
        self.problems: list[Code] = []
        self.asked: list[Request] = []

    def take(self, outputs: list[Output]) -> None:
        for output in outputs:
            match output:
                case Tell():
                    self.told.append((output.what, output.sender))
                case Problem():
                    self.problems.append(output.error.code)
                case Ask():
                    self.asked.append(output.request)

    def enter(self, *others: ParticipantId, tracks: Iterable[Publication] = ()) -> "Page":
        self.take(self.call.see(Entered(snapshot(others, tuple(tracks))), self.now))
        return self

    def say(self, *what: Description | IceCandidate, to: ParticipantId | None = None) -> "Page":
        for one in what:
            self.take(self.call.say(one, to, self.now))
        return self

    def see(self, *events: Shown) -> "Page":
        for event in events:
            self.take(self.call.see(event, self.now))
        return self

    def room_does(self, outcome: Callable[[Request], Outcome]) -> list[Request]:
        """Carries out what has been asked, and what follows from it; gives all of it."""
        done: list[Request] = []
        while self.asked:
            request = self.asked.pop(0)
            done.append(request)
            self.take(self.call.outcome(request, outcome(request), self.now))
        return done

    def wait(self, seconds: float) -> "Page":
        self.now += seconds
        self.take(self.call.tick(self.now))
        return self


def snapshot(others: Iterable[ParticipantId], tracks: tuple[Publication, ...]) -> Snapshot:
    you, *people = (Participant(who, who, Role.SPEAKER, frozenset()) for who in (ME, *others))
    room = RoomState("lobby", False, False, 100)
    return Snapshot(room, you, (), tuple(people), tracks, (), (), (), Topology(Mode.SFU, Phase.COMMIT, 1, ()))


def track(owner: ParticipantId, id: str = "x") -> Publication:
    return Publication(PublicationId(id), owner, Source.CAMERA, Kind.VIDEO)


def joined(who: ParticipantId) -> ev.ParticipantJoined:
    return ev.ParticipantJoined((ME,), Participant(who, who, Role.SPEAKER, frozenset()))


def left(who: ParticipantId) -> ev.ParticipantLeft:
    return ev.ParticipantLeft((ME,), who, "left")


def said(what: object, sender: ParticipantId = BEN) -> ev.Signalled:
    return ev.Signalled((ME,), sender, ME, what)


def well(request: Request) -> Outcome:
    """A room in which the two may talk, and a server that can do all."""
    if isinstance(request, Call):
        return Done("v=0 offer of the server")
    return Done("v=0 answer of the server" if isinstance(request, Offer) else "")


def only_server(request: Request) -> Outcome:
    if isinstance(request, cmd.Signal):
        return ProtocolError(Code.NOT_ALLOWED, "no")
    return well(request)


def signal(what: object, to: ParticipantId = BEN) -> cmd.Signal:
    return cmd.Signal(ME, to, what)


FROM_SERVER = (Description("answer", "v=0 answer of the server"), None)
PUBLISHED: list[Request] = [
    cmd.Publish(ME, PublicationId("t1"), Source.MICROPHONE, Kind.AUDIO),
    cmd.Publish(ME, PublicationId("t2"), Source.CAMERA, Kind.VIDEO),
    Offer(ME, 1, OFFER.sdp, {"0": PublicationId("t1"), "1": PublicationId("t2")}),
]


# --- with another page ----------------------------------------------------------------------------------------------------------------


def test_an_offer_and_all_that_follows_is_relayed() -> None:
    page = Page().enter(BEN).say(OFFER, CANDIDATE)
    assert page.asked == [signal(OFFER)], "candidates come after their offer"
    assert page.room_does(well) == [signal(OFFER), signal(CANDIDATE)]
    page.see(said(ANSWER), said(CANDIDATE)).say(CANDIDATE)
    assert page.told == [(ANSWER, BEN), (CANDIDATE, BEN)]
    assert page.room_does(well) == [signal(CANDIDATE)]
    assert page.call.peer == BEN


def test_what_is_offered_to_it_is_answered_to_the_same() -> None:
    page = Page().enter(BEN).see(said(OFFER), said(CANDIDATE)).say(ANSWER, CANDIDATE)
    assert page.told == [(OFFER, BEN), (CANDIDATE, BEN)]
    assert page.room_does(well) == [signal(ANSWER), signal(CANDIDATE)]


def test_an_offer_waits_for_somebody_with_its_candidates_and_not_for_ever() -> None:
    page = Page().enter().say(OFFER, *[CANDIDATE] * (CANDIDATES + 5))
    assert page.asked == []
    assert page.call.deadline == OFFER_WAITS
    page.wait(OFFER_WAITS - 1).see(joined(BEN))
    assert page.room_does(well) == [signal(OFFER), *[signal(CANDIDATE)] * CANDIDATES]
    late = Page().enter().say(OFFER).wait(OFFER_WAITS)
    assert late.problems == [Code.NO_SUCH_PARTICIPANT]
    assert late.see(joined(BEN)).asked == []


def test_an_offer_made_before_one_is_let_in_waits_for_that() -> None:
    page = Page().say(OFFER).wait(10 * OFFER_WAITS)
    assert (page.asked, page.problems) == ([], [])
    page.enter(BEN)
    assert page.asked == [signal(OFFER)]


def test_only_the_last_offer_counts() -> None:
    again = Description("offer", sdp(version=2))
    page = Page().enter().say(OFFER, again).see(joined(BEN))
    assert page.room_does(well) == [signal(again)]


def test_who_goes_before_answering_leaves_the_offer_to_the_next() -> None:
    page = Page().enter(BEN).say(OFFER)
    page.room_does(well)
    page.see(left(BEN))
    assert page.asked == []
    page.see(joined(CORA))
    assert page.room_does(well) == [signal(OFFER, CORA)]


def test_who_goes_while_the_offer_is_on_its_way_leaves_it_to_the_next() -> None:
    page = Page().enter(BEN).say(OFFER).see(left(BEN))
    page.room_does(lambda request: ProtocolError(Code.NO_SUCH_PARTICIPANT, "gone"))
    page.see(joined(CORA))
    assert page.room_does(well) == [signal(OFFER, CORA)]


def test_one_of_several_can_be_addressed() -> None:
    page = Page().enter(BEN, CORA).say(OFFER, to=CORA)
    assert page.asked == [signal(OFFER, CORA)]
    stranger = Page().enter(BEN).say(OFFER, to=CORA)
    assert (stranger.asked, stranger.problems) == ([], [Code.NO_SUCH_PARTICIPANT])


@pytest.mark.parametrize("what", [ANSWER, CANDIDATE])
def test_what_a_stranger_says_is_not_shown(what: object) -> None:
    page = Page().enter(BEN, CORA)
    page.see(said(what))
    assert page.told == []
    page.see(said(OFFER, BEN), said(what, CORA))
    assert page.told == [(OFFER, BEN)]


def test_an_answer_to_nothing_is_refused() -> None:
    assert Page().enter(BEN, CORA).say(ANSWER).problems == [Code.WRONG_ORDER]
    assert Page().enter(BEN, CORA).say(CANDIDATE).asked == []
    page = Page().enter(BEN).say(ANSWER)
    page.room_does(only_server)
    assert page.problems == [Code.WRONG_ORDER]


@pytest.mark.parametrize("what", [ANSWER, CANDIDATE])
def test_what_comes_in_another_order_is_passed_on_between_two_pages(what: Description | IceCandidate) -> None:
    page = Page().enter(BEN).say(what)
    assert page.asked == [signal(what)]
    page.room_does(well)
    page.see(said(what))
    assert (page.told, page.problems) == ([(what, BEN)], [])


# --- with the server ------------------------------------------------------------------------------------------------------------------


def test_where_the_two_may_not_talk_the_server_answers() -> None:
    page = Page().enter(BEN).say(OFFER, CANDIDATE)
    assert page.room_does(only_server) == [signal(OFFER), *PUBLISHED]
    assert page.told == [FROM_SERVER]
    assert page.say(CANDIDATE).asked == [], "the server is ICE-lite"


@pytest.mark.parametrize(
    ("others", "tracks"), [((BEN, CORA), ()), ((BEN,), (track(BEN),))], ids=["among more", "with one who is there"]
)
def test_nobody_else_is_tried(others: tuple[ParticipantId, ...], tracks: tuple[Publication, ...]) -> None:
    page = Page().enter(*others, tracks=tracks).say(OFFER)
    assert page.room_does(well) == PUBLISHED


def test_a_third_who_comes_before_the_answer_brings_it_to_the_server() -> None:
    page = Page().enter(BEN).say(OFFER)
    page.room_does(well)
    page.see(joined(CORA))
    assert page.room_does(only_server) == PUBLISHED
    page.see(said(ANSWER))
    assert page.told == [FROM_SERVER], "the other page's answer comes too late"


def test_a_third_who_comes_after_the_answer_changes_nothing() -> None:
    page = Page().enter(BEN).say(OFFER)
    page.room_does(well)
    page.see(said(ANSWER), joined(CORA))
    assert page.asked == []


@pytest.mark.parametrize(
    ("audio", "video", "sources"),
    [
        ("recvonly", "recvonly", []),
        ("sendonly", "recvonly", [Source.MICROPHONE]),
        ("inactive", "sendrecv", [Source.CAMERA]),
    ],
)
def test_what_is_sent_is_published(audio: str, video: str, sources: list[Source]) -> None:
    page = Page().enter(BEN, CORA).say(Description("offer", sdp(audio=audio, video=video)))
    asked = page.room_does(well)
    assert [it.source for it in asked if isinstance(it, cmd.Publish)] == sources
    assert isinstance(asked[-1], Offer)
    assert len(asked[-1].publications) == len(sources)


def test_what_may_not_be_published_is_left_out_and_said() -> None:
    def no_camera(request: Request) -> Outcome:
        if isinstance(request, cmd.Publish) and request.source is Source.CAMERA:
            return ProtocolError(Code.NOT_ALLOWED, "no")
        return well(request)

    page = Page().enter(BEN, CORA).say(OFFER)
    assert page.room_does(no_camera)[-1] == Offer(ME, 1, OFFER.sdp, {"0": PublicationId("t1")})
    assert (page.problems, page.told) == ([Code.NOT_ALLOWED], [FROM_SERVER])


def test_an_offer_that_media_refuses_leaves_nothing_published() -> None:
    def refuses(request: Request) -> Outcome:
        return ProtocolError(Code.NO_COMMON_CODEC, "no") if isinstance(request, Offer) else Done()

    page = Page().enter(BEN, CORA).say(OFFER)
    asked = page.room_does(refuses)
    assert asked[3:] == [cmd.Unpublish(ME, PublicationId("t1")), cmd.Unpublish(ME, PublicationId("t2"))]
    assert (page.problems, page.told) == ([Code.NO_COMMON_CODEC], [])
    page.say(Description("offer", "nonsense"))
    assert page.problems[1:] == [Code.BAD_OFFER]


def test_renegotiation_counts_on_and_publishes_and_withdraws_what_changed() -> None:
    page = Page().enter(BEN, CORA).say(OFFER)
    page.room_does(well)
    only_sound = Description("offer", sdp(video="recvonly", version=2))
    page.say(only_sound)
    assert page.room_does(well) == [
        Offer(ME, 2, only_sound.sdp, {"0": PublicationId("t1")}),
        cmd.Unpublish(ME, PublicationId("t2")),
    ]
    both = Description("offer", sdp(version=3))
    page.say(both)
    assert page.room_does(well) == [
        cmd.Publish(ME, PublicationId("t3"), Source.CAMERA, Kind.VIDEO),
        Offer(ME, 3, both.sdp, {"0": PublicationId("t1"), "1": PublicationId("t3")}),
    ]


def test_a_renegotiation_is_the_servers_whoever_is_left() -> None:
    page = Page().enter(BEN, CORA).say(OFFER)
    page.room_does(well)
    again = Description("offer", sdp(version=2))
    page.see(left(CORA)).say(again)
    assert [type(it) for it in page.room_does(well)] == [Offer]
    page.see(left(BEN)).say(Description("offer", sdp(version=3)))
    assert [type(it) for it in page.room_does(well)] == [Offer]


def test_another_connection_of_the_page_begins_anew_with_the_same_tracks() -> None:
    page = Page().enter(BEN, CORA).say(OFFER)
    page.room_does(well)
    other = Description("offer", sdp(session=9))
    page.say(other)
    assert page.room_does(well) == [Offer(ME, 1, other.sdp, {"0": PublicationId("t1"), "1": PublicationId("t2")})]


def test_another_connection_of_the_page_to_another_page_withdraws_what_the_server_had() -> None:
    page = Page().enter(BEN, CORA).say(OFFER)
    page.room_does(well)
    other = Description("offer", sdp(session=9))
    page.see(left(CORA)).say(other)
    asked = page.room_does(well)
    assert asked == [
        signal(other),
        cmd.Unpublish(ME, PublicationId("t1")),
        cmd.Unpublish(ME, PublicationId("t2")),
    ]


def test_after_the_servers_side_was_lost_the_next_offer_opens_another_connection() -> None:
    page = Page().enter(BEN, CORA).say(OFFER)
    page.room_does(well)
    page.see(MediaLost("idle")).say(Description("offer", sdp(version=2)))
    (offer,) = page.room_does(well)
    assert isinstance(offer, Offer)
    assert offer.serial == 1


def test_an_offer_made_while_one_is_worked_on_comes_after_it_and_has_the_answer() -> None:
    page = Page().enter(BEN, CORA).say(OFFER)
    again = Description("offer", sdp(version=2))
    page.say(again)
    asked = page.room_does(well)
    assert [it.serial for it in asked if isinstance(it, Offer)] == [1, 2]
    assert page.told == [FROM_SERVER]


def test_hanging_up_withdraws_everything_also_what_is_under_way() -> None:
    page = Page().enter(BEN, CORA).say(OFFER)
    page.room_does(well)
    page.take(page.call.hang_up())
    assert len(page.room_does(well)) == 2
    hasty = Page().enter(BEN, CORA).say(OFFER)
    hasty.take(hasty.call.hang_up())
    asked = hasty.room_does(well)
    assert asked[-2:] == [cmd.Unpublish(ME, PublicationId("t1")), cmd.Unpublish(ME, PublicationId("t2"))]
    assert hasty.told == []


def test_what_the_room_withdrew_is_published_anew_by_the_next_offer() -> None:
    page = Page().enter(BEN, CORA).say(OFFER)
    page.room_does(well)
    page.see(ev.PublicationRemoved((ME,), PublicationId("t2"), ME)).say(Description("offer", sdp(version=2)))
    assert cmd.Publish(ME, PublicationId("t3"), Source.CAMERA, Kind.VIDEO) in page.room_does(well)


# --- called by the server -------------------------------------------------------------------------------------------------------------


def test_a_page_that_says_nothing_is_called_by_the_server() -> None:
    page = Page().enter(BEN, tracks=[track(BEN)])
    assert page.call.deadline == CALLED_AFTER
    page.wait(CALLED_AFTER)
    assert page.room_does(well) == [Call(ME, True, True)]
    assert page.told == [(Description("offer", "v=0 offer of the server"), None)]
    page.say(ANSWER)
    accept = page.room_does(well)[-1]
    assert accept == Accept(ME, ANSWER.sdp, {"0": PublicationId("t1"), "1": PublicationId("t2")})
    renegotiation = Description("offer", sdp(session=2, version=2))
    page.say(renegotiation)
    (offer,) = page.room_does(well)
    assert isinstance(offer, Offer)
    assert offer.serial == 2


def test_it_is_called_once_somebody_publishes_and_only_once() -> None:
    page = Page().enter(BEN).wait(100)
    assert page.asked == []
    page.see(ev.PublicationAdded((ME,), track(BEN)))
    assert page.call.deadline == 100 + CALLED_AFTER
    page.wait(CALLED_AFTER)
    assert page.room_does(well) == [Call(ME, True, True)]
    page.see(ev.PublicationAdded((ME,), track(BEN, "y"))).wait(100)
    assert page.asked == []


@pytest.mark.parametrize("first", [OFFER, None], ids=["it offers", "another page offers"])
def test_a_page_that_talks_is_not_called(first: Description | None) -> None:
    page = Page().enter(BEN, tracks=[track(BEN)])
    page.say(first) if first else page.see(said(OFFER))
    page.room_does(well)
    assert page.wait(100).asked == []


def test_a_page_that_offers_while_the_server_prepares_its_offer_goes_first() -> None:
    page = Page().enter(BEN, tracks=[track(BEN)]).wait(CALLED_AFTER).say(OFFER)
    page.room_does(well)
    assert page.told == [FROM_SERVER]


def test_who_has_hung_up_is_not_called() -> None:
    page = Page().enter(BEN).say(OFFER)
    page.take(page.call.hang_up())
    page.room_does(only_server)
    assert page.see(ev.PublicationAdded((ME,), track(BEN))).wait(100).asked == []


def test_nobody_is_called_for_tracks_that_are_gone() -> None:
    page = Page().enter(BEN, tracks=[track(BEN)]).see(ev.PublicationRemoved((ME,), PublicationId("x"), BEN))
    assert page.wait(CALLED_AFTER).asked == []


def test_a_bad_answer_leaves_nothing_published() -> None:
    page = Page().enter(BEN, tracks=[track(BEN)]).wait(CALLED_AFTER)
    page.room_does(well)
    page.say(ANSWER)

    def refuses(request: Request) -> Outcome:
        return ProtocolError(Code.BAD_ANSWER, "no") if isinstance(request, Accept) else Done()

    asked = page.room_does(refuses)
    assert asked[-2:] == [cmd.Unpublish(ME, PublicationId("t1")), cmd.Unpublish(ME, PublicationId("t2"))]
    assert page.problems == [Code.BAD_ANSWER]


def test_who_was_left_in_the_middle_by_the_others_is_called() -> None:
    page = Page().enter(BEN).see(said(OFFER)).say(ANSWER)
    page.see(joined(CORA), ev.PublicationAdded((ME,), track(BEN)))

    def too_late(request: Request) -> Outcome:
        error: TertuliaError = ProtocolError(Code.NOT_ALLOWED, "they are three")
        return error if isinstance(request, cmd.Signal) else well(request)

    page.room_does(too_late)
    page.wait(CALLED_AFTER)
    assert page.room_does(well) == [Call(ME, True, True)]
