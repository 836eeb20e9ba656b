"""One picture and one sound, told only by what a seat is shown and by the time."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

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
from tertulia.core.permissions import default_rights, kind_of, ordered
from tertulia.runtime.director import LOUDEST_FOR, SOUND_RETURNS, STAYS_FOR, Choice, Director
from tertulia.runtime.seat import Entered, Heard, Shown

VIEWER, ANA, BEN, CLEO = (ParticipantId(name) for name in ("viewer", "ana", "ben", "cleo"))
CAMERA, MICROPHONE, SCREEN, FILM = Source.CAMERA, Source.MICROPHONE, Source.SCREEN, Source.SCREEN_AUDIO


def track(owner: ParticipantId, source: Source, *, muted: bool = False) -> Publication:
    return Publication(PublicationId(f"{owner}-{source.value}"), owner, source, kind_of(source), muted)


def entered(*tracks: Publication, rights_of: Role = Role.VIEWER) -> Entered:
    rights = default_rights(rights_of)
    you = Participant(VIEWER, "Viewer", rights_of, rights)
    road = Topology(Mode.SFU, Phase.COMMIT, 1, ())
    state = RoomState("r", locked=False, waiting_room=False, max_participants=10)
    return Entered(Snapshot(state, you, ordered(rights), (), tracks, (), (), (), road))


class Show:
    """A director with a clock that only the test moves."""

    def __init__(self, *there: Publication, only: ParticipantId | None = None) -> None:
        self.director = Director(VIEWER, only=only)
        self.now = 100.0
        self.tell(entered(*there))

    def tell(self, event: Shown) -> None:
        self.director.handle(event, self.now)

    def add(self, owner: ParticipantId, *sources: Source, muted: bool = False) -> None:
        for source in sources:
            self.tell(ev.PublicationAdded((VIEWER,), track(owner, source, muted=muted)))

    def remove(self, owner: ParticipantId, *sources: Source) -> None:
        for source in sources:
            self.tell(ev.PublicationRemoved((VIEWER,), track(owner, source).id, owner))

    def mute(self, owner: ParticipantId, source: Source, muted: bool = True) -> None:
        self.tell(ev.PublicationUpdated((VIEWER,), track(owner, source, muted=muted), None))

    def speak(self, *who: ParticipantId, source: Source = MICROPHONE) -> None:
        """These are heard, loudest first."""
        self.tell(Heard(tuple((owner, track(owner, source).id, 20 + at) for at, owner in enumerate(who))))

    def wait(self, seconds: float) -> None:
        """As its caller does: a tick whenever one is due."""
        end = self.now + seconds
        while (due := self.director.deadline) is not None and due <= end:
            self.now = max(self.now, due)
            self.director.tick(self.now)
            assert self.director.deadline is None or self.director.deadline > self.now, "a tick settles what is due"
        self.now = end

    @property
    def video(self) -> str | None:
        return self.director.choice.video

    @property
    def audio(self) -> str | None:
        return self.director.choice.audio


def everything(*people: ParticipantId) -> list[Publication]:
    return [track(owner, source) for owner in people for source in (CAMERA, MICROPHONE)]


# --- who is picked while nobody has spoken ----------------------------------------------------------------------------------------------


def test_in_an_empty_room_nothing_is_picked_and_no_tick_is_due() -> None:
    show = Show()
    assert show.director.choice == Choice(None, None)
    assert show.director.deadline is None


def test_of_those_who_are_there_the_newest_publisher_is_picked_at_once() -> None:
    show = Show(*everything(ANA, BEN))
    assert show.director.choice == Choice(PublicationId("ben-camera"), PublicationId("ben-microphone"))
    assert show.director.deadline is None


def test_the_first_publisher_is_picked_at_once() -> None:
    show = Show()
    show.add(ANA, CAMERA, MICROPHONE)
    assert (show.video, show.audio) == ("ana-camera", "ana-microphone")


def test_a_newer_publisher_takes_over_when_the_one_before_has_been_seen_for_a_while() -> None:
    show = Show()
    show.add(ANA, CAMERA, MICROPHONE)
    show.wait(STAYS_FOR / 2)
    show.add(BEN, CAMERA, MICROPHONE)
    assert (show.video, show.audio) == ("ana-camera", "ana-microphone")
    assert show.director.deadline == 100.0 + STAYS_FOR
    show.wait(STAYS_FOR / 2)
    assert (show.video, show.audio) == ("ben-camera", "ben-microphone")
    assert show.director.deadline is None


def test_a_newer_publisher_takes_over_at_once_when_the_one_before_has_been_seen_long_enough() -> None:
    show = Show(*everything(ANA))
    show.wait(STAYS_FOR)
    show.add(BEN, CAMERA)
    assert show.video == "ben-camera"


def test_of_several_who_come_in_a_row_only_the_last_takes_over() -> None:
    show = Show()
    for who in (ANA, BEN, CLEO):
        show.add(who, CAMERA)
        show.wait(0.1)
    assert show.video == "ana-camera"
    show.wait(STAYS_FOR)
    assert show.video == "cleo-camera"


def test_the_viewer_himself_is_never_picked() -> None:
    show = Show(track(VIEWER, CAMERA), track(VIEWER, MICROPHONE))
    show.add(VIEWER, SCREEN)
    assert show.director.choice == Choice(None, None)


# --- who speaks -------------------------------------------------------------------------------------------------------------------------


def test_who_is_the_loudest_for_a_second_is_seen() -> None:
    show = Show(*everything(ANA, BEN))
    show.wait(10)
    show.speak(ANA)
    assert show.video == "ben-camera"
    assert show.director.deadline == show.now + LOUDEST_FOR
    show.wait(LOUDEST_FOR - 0.01)
    assert show.video == "ben-camera"
    show.wait(0.01)
    assert show.video == "ana-camera"


def test_a_cough_does_not_change_the_picture() -> None:
    show = Show(*everything(ANA, BEN))
    show.wait(10)
    show.speak(ANA)
    show.wait(LOUDEST_FOR / 2)
    show.speak()
    show.wait(10)
    assert show.video == "ben-camera"


def test_the_second_begins_anew_when_another_gets_louder_in_between() -> None:
    show = Show(*everything(CLEO, ANA, BEN))
    show.speak(BEN)
    show.wait(10)
    show.speak(ANA)
    show.wait(0.9)
    show.speak(CLEO, ANA)
    show.wait(0.9)
    assert show.video == "ben-camera"
    show.wait(0.1)
    assert show.video == "cleo-camera"


def test_levels_that_come_again_do_not_begin_the_second_anew() -> None:
    show = Show(*everything(ANA, BEN))
    show.wait(10)
    for _ in range(4):
        show.speak(ANA)
        show.wait(LOUDEST_FOR / 4)
    assert show.video == "ana-camera"


def test_a_picked_one_stays_for_two_seconds() -> None:
    show = Show(*everything(ANA, BEN))
    show.speak(BEN)
    show.wait(10)
    show.speak(ANA)
    show.wait(LOUDEST_FOR)
    assert show.video == "ana-camera"
    show.speak(BEN)
    show.wait(STAYS_FOR - 0.01)
    assert show.video == "ana-camera"
    show.wait(0.01)
    assert show.video == "ben-camera"


def test_who_has_spoken_is_seen_until_another_speaks() -> None:
    show = Show(*everything(ANA, BEN))
    show.speak(ANA)
    show.wait(STAYS_FOR)
    show.speak()
    show.wait(60)
    show.add(CLEO, CAMERA)
    show.wait(60)
    assert show.video == "ana-camera"


def test_who_was_picked_as_the_newest_and_then_spoke_stays_too() -> None:
    show = Show(*everything(ANA))
    show.speak(ANA)
    show.speak()
    show.wait(10)
    show.add(BEN, CAMERA)
    show.wait(10)
    assert show.video == "ana-camera"


def test_who_speaks_without_a_camera_leaves_the_picture_to_the_next_loudest_who_has_one() -> None:
    show = Show(*everything(BEN), track(ANA, MICROPHONE), *everything(CLEO))
    show.wait(10)
    show.speak(ANA)
    show.wait(LOUDEST_FOR)
    assert (show.video, show.audio) == ("cleo-camera", "ana-microphone")
    show.speak(ANA, BEN)
    show.wait(LOUDEST_FOR)
    assert (show.video, show.audio) == ("ben-camera", "ana-microphone")


def test_the_sound_of_a_film_makes_nobody_the_speaker() -> None:
    show = Show(*everything(ANA), track(ANA, FILM), *everything(BEN))
    show.wait(10)
    show.speak(ANA, source=FILM)
    show.wait(10)
    assert (show.video, show.audio) == ("ben-camera", "ana-screen_audio")


def test_levels_of_what_is_not_there_are_ignored() -> None:
    show = Show(*everything(ANA))
    show.speak(CLEO)
    show.wait(10)
    assert (show.video, show.audio) == ("ana-camera", "ana-microphone")


# --- screens ----------------------------------------------------------------------------------------------------------------------------


def test_a_screen_goes_before_cameras_at_once() -> None:
    show = Show(*everything(ANA, BEN))
    show.speak(BEN)
    show.add(ANA, SCREEN)
    assert (show.video, show.audio) == ("ana-screen", "ben-microphone")
    show.speak(ANA)
    show.wait(60)
    assert show.video == "ana-screen"


def test_of_two_screens_the_newer_is_seen_and_then_the_older_again() -> None:
    show = Show(*everything(ANA, BEN))
    show.add(ANA, SCREEN)
    show.add(BEN, SCREEN)
    assert show.video == "ben-screen"
    show.remove(BEN, SCREEN)
    assert show.video == "ana-screen"


def test_when_a_screen_ends_who_spoke_last_is_seen_at_once() -> None:
    show = Show(*everything(ANA, BEN))
    show.add(BEN, SCREEN)
    show.speak(ANA)
    show.wait(5)
    show.speak()
    show.wait(5)
    show.remove(BEN, SCREEN)
    assert show.video == "ana-camera"
    show.wait(60)
    assert show.video == "ana-camera"


def test_a_screen_that_was_there_before_is_seen_at_once() -> None:
    assert Show(track(ANA, SCREEN), *everything(BEN)).video == "ana-screen"


def test_a_muted_screen_is_not_picked() -> None:
    show = Show(*everything(ANA))
    show.add(BEN, SCREEN)
    show.mute(BEN, SCREEN)
    assert show.video == "ana-camera"
    show.mute(BEN, SCREEN, muted=False)
    assert show.video == "ben-screen"


# --- mute and leave ---------------------------------------------------------------------------------------------------------------------


def test_a_camera_that_is_turned_off_goes_at_once() -> None:
    show = Show(*everything(ANA, BEN))
    show.speak(BEN)
    show.mute(BEN, CAMERA)
    assert show.video == "ana-camera"


def test_a_camera_that_is_turned_on_is_picked_where_there_is_none() -> None:
    show = Show()
    show.add(ANA, CAMERA, muted=True)
    assert show.video is None
    show.mute(ANA, CAMERA, muted=False)
    assert show.video == "ana-camera"


def test_when_the_one_who_is_seen_leaves_who_speaks_is_seen_at_once() -> None:
    show = Show(*everything(CLEO, ANA, BEN))
    show.speak(BEN, CLEO)
    show.wait(10)
    assert (show.video, show.audio) == ("ben-camera", "ben-microphone")
    show.remove(BEN, CAMERA, MICROPHONE)
    assert (show.video, show.audio) == ("cleo-camera", "cleo-microphone")


def test_when_the_last_one_leaves_nothing_is_picked_and_no_tick_is_due() -> None:
    show = Show(*everything(ANA))
    show.speak(ANA)
    show.remove(ANA, CAMERA, MICROPHONE)
    assert show.director.choice == Choice(None, None)
    assert show.director.deadline is None


def test_when_a_rival_leaves_the_change_does_not_come() -> None:
    show = Show(*everything(ANA, BEN))
    show.speak(BEN)
    show.wait(10)
    show.speak(ANA, BEN)
    show.remove(ANA, CAMERA, MICROPHONE)
    show.wait(10)
    assert (show.video, show.audio) == ("ben-camera", "ben-microphone")


def test_a_muted_microphone_is_not_heard_whatever_its_level() -> None:
    show = Show(*everything(ANA, BEN))
    show.speak(ANA)
    show.wait(10)
    show.mute(ANA, MICROPHONE)
    assert (show.video, show.audio) == ("ana-camera", "ben-microphone")
    show.speak(BEN)
    show.wait(10)
    show.speak(ANA)
    show.wait(10)
    assert (show.video, show.audio) == ("ben-camera", "ben-microphone")


# --- the sound --------------------------------------------------------------------------------------------------------------------------


def test_the_first_who_speaks_is_heard_at_once() -> None:
    show = Show(*everything(ANA, BEN))
    show.speak(ANA)
    assert show.audio == "ana-microphone"


def test_who_answers_when_the_other_has_stopped_is_heard_at_once() -> None:
    show = Show(*everything(ANA, BEN))
    show.speak(ANA)
    show.speak(BEN)
    assert show.audio == "ben-microphone"


def test_who_talks_over_another_is_heard_after_a_second_but_not_within_two() -> None:
    show = Show(*everything(ANA, BEN))
    show.speak(ANA)
    show.wait(10)
    show.speak(BEN, ANA)
    show.wait(LOUDEST_FOR - 0.01)
    assert show.audio == "ana-microphone"
    show.wait(0.01)
    assert show.audio == "ben-microphone"
    show.speak(ANA, BEN)
    show.wait(STAYS_FOR - 0.01)
    assert show.audio == "ben-microphone"
    show.wait(0.01)
    assert show.audio == "ana-microphone"


def test_a_pause_leaves_the_sound_where_it_is() -> None:
    show = Show(*everything(ANA), track(BEN, MICROPHONE))
    show.speak(BEN)
    show.speak()
    show.wait(SOUND_RETURNS - 0.01)
    assert show.audio == "ben-microphone"


def test_after_a_long_silence_the_sound_is_that_of_the_picture() -> None:
    """An encoder that sends no levels would never be heard again after the first question from the audience."""
    show = Show(*everything(ANA), track(BEN, MICROPHONE))
    show.speak(BEN)
    show.wait(3)
    show.speak()
    show.wait(SOUND_RETURNS)
    assert show.audio == "ana-microphone"
    assert show.director.deadline is None


def test_while_nobody_is_heard_the_sound_follows_the_picture() -> None:
    show = Show(*everything(ANA, BEN))
    show.add(ANA, SCREEN)
    assert (show.video, show.audio) == ("ana-screen", "ana-microphone")


def test_a_screen_without_a_voice_has_the_sound_of_its_film() -> None:
    show = Show(*everything(BEN))
    show.add(ANA, SCREEN, FILM)
    assert (show.video, show.audio) == ("ana-screen", "ana-screen_audio")


def test_without_pictures_the_newest_sound_is_heard() -> None:
    show = Show(track(ANA, MICROPHONE), track(BEN, MICROPHONE))
    assert show.director.choice == Choice(None, PublicationId("ben-microphone"))


# --- one person only --------------------------------------------------------------------------------------------------------------------


def test_only_one_persons_tracks_are_picked_where_that_is_asked() -> None:
    show = Show(*everything(ANA, BEN), only=ANA)
    assert (show.video, show.audio) == ("ana-camera", "ana-microphone")
    show.add(BEN, SCREEN)
    show.speak(BEN)
    show.wait(60)
    assert (show.video, show.audio) == ("ana-camera", "ana-microphone")


def test_of_one_person_too_the_screen_goes_first() -> None:
    show = Show(*everything(ANA), only=ANA)
    show.add(ANA, SCREEN)
    assert show.video == "ana-screen"


def test_one_person_may_come_later_go_and_come_back() -> None:
    show = Show(*everything(BEN), only=ANA)
    assert show.director.choice == Choice(None, None)
    for _ in range(2):
        show.add(ANA, CAMERA, MICROPHONE)
        assert (show.video, show.audio) == ("ana-camera", "ana-microphone")
        show.remove(ANA, CAMERA, MICROPHONE)
        assert show.director.choice == Choice(None, None)


# --- whatever happens -------------------------------------------------------------------------------------------------------------------

PEOPLE = st.sampled_from([ANA, BEN, CLEO])
STEPS = st.one_of(
    st.tuples(st.just("add"), PEOPLE, st.sampled_from(Source), st.booleans()),
    st.tuples(st.just("remove"), PEOPLE, st.sampled_from(Source), st.booleans()),
    st.tuples(st.just("mute"), PEOPLE, st.sampled_from(Source), st.booleans()),
    st.tuples(st.just("speak"), st.lists(PEOPLE, unique=True, max_size=3)),
    st.tuples(st.just("wait"), st.floats(0, 8)),
)


@given(st.lists(STEPS, max_size=40))
def test_what_is_picked_is_there_and_not_muted_and_nothing_is_none_while_there_is_something(steps: list[tuple]) -> None:  # type: ignore[type-arg]
    show = Show()
    there: dict[str, Publication] = {}
    for name, *arguments in steps:
        match name:
            case "add":
                owner, source, muted = arguments
                there[track(owner, source).id] = track(owner, source, muted=muted)
                show.add(owner, source, muted=muted)
            case "remove":
                owner, source, _ = arguments
                there.pop(track(owner, source).id, None)
                show.remove(owner, source)
            case "mute":
                owner, source, muted = arguments
                if track(owner, source).id in there:
                    there[track(owner, source).id] = replace(track(owner, source), muted=muted)
                    show.mute(owner, source, muted)
            case "speak":
                show.speak(*arguments[0])
            case _:
                show.wait(arguments[0])
        for kind, picked in ((Kind.VIDEO, show.video), (Kind.AUDIO, show.audio)):
            open_now = {it.id for it in there.values() if it.kind is kind and not it.muted}
            assert (picked in open_now) if open_now else picked is None
        assert show.director.deadline is None or show.director.deadline >= show.now
