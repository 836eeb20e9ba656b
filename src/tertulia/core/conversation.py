"""What is said in a room, what becomes of it, who writes and who has read."""

from collections.abc import Iterable
from functools import singledispatchmethod
from typing import TYPE_CHECKING

from tertulia.core import commands as cmd
from tertulia.core import events as ev
from tertulia.core.chat import ChatHistory
from tertulia.core.chat_changes import ChatChange, Delete
from tertulia.core.ids import ParticipantId
from tertulia.core.image import ChatImage
from tertulia.core.model import ChatMessage, Participant, Right
from tertulia.core.permissions import require
from tertulia.core.read_marks import ReadMarks
from tertulia.core.typists import Typists
from tertulia.errors import Code, Internal, Unavailable

if TYPE_CHECKING:
    from tertulia.core.assembly import Assembly


class Conversation:
    """The chat of the people of a room."""

    def __init__(self, people: "Assembly") -> None:
        self._in = people
        self._history = ChatHistory()
        self._typists = Typists()
        self._marks = ReadMarks()
        self.cleared = 0
        """All that was said up to this number was deleted at once."""

    def image(self) -> ChatImage:
        return ChatImage(
            messages=self.messages,
            number=self.number,
            cleared=self.cleared,
            read_marks=self._marks.all,
            unshown_marks=self._marks.unshown,
            typing=self._typists.all,
            untold_typing=self._typists.untold,
        )

    def restore(self, image: ChatImage) -> None:
        """Goes on where the image ends. Who was writing does so for a while yet, unless he says otherwise."""
        self._history.recall(image.messages, image.number)
        self.cleared = image.cleared
        self._marks.restore(image.read_marks, image.unshown_marks)
        self._typists.restore(image.typing, image.untold_typing, self._in.now)

    @property
    def messages(self) -> tuple[ChatMessage, ...]:
        """The last ones to everybody, oldest first."""
        return self._history.messages

    @property
    def number(self) -> int:
        """The last one given away."""
        return self._history.number

    def read_marks_of(self, people: Iterable[ParticipantId]) -> tuple[tuple[ParticipantId, int], ...]:
        """How far they have read, as far as that is known."""
        return tuple((who, number) for who in people if (number := self._marks.of(who)))

    @property
    def deadline(self) -> float | None:
        """When `tick` is due."""
        return min((it for it in (self._typists.deadline, self._marks.deadline) if it is not None), default=None)

    def tick(self) -> None:
        for audience, people in self._typists.tick(self._in.now):
            to = self._in.everyone() if audience is None else (audience,)
            self._in.emit(ev.TypingShown(to, people, audience is not None))
        marks = self._marks.take(self._in.now)
        if marks:
            self._in.emit(ev.ReadMarksShown(self._in.everyone(), marks))

    def forget(self, who: ParticipantId) -> None:
        """Somebody has gone."""
        self._typists.forget(who)

    @singledispatchmethod
    def handle(self, command: cmd.ChatCommand) -> None:
        raise Internal(f"no handler for {type(command).__name__}")

    @handle.register
    def _send(self, command: cmd.SendChat) -> None:
        sender = self._actor(command.sender)
        require(sender, Right.CHAT)
        to = None if command.to is None else self._in.participant(command.to).id
        name = "" if sender is None else sender.name
        said = ChatMessage(command.message, command.sender, name, command.text, command.time, to, key=command.key)
        message = self._history.accept(said)
        if sender is not None:
            self._typists.stop(sender.id)
        if self._in.settings.keeps_chat:
            self._in.emit(ev.ChatAccepted(message))
        else:
            self._show(message)

    @handle.register
    def _show_sent(self, command: cmd.ShowChat) -> None:
        self._show(command.message)

    def _show(self, message: ChatMessage) -> None:
        if message.to is None:
            self._history.add(message)
        self._in.emit(ev.ChatSent(self._who_sees(message), message))

    @handle.register
    def _recall(self, command: cmd.RecallChat) -> None:
        self._history.recall(command.messages, command.number)
        self._marks.recall(command.read_marks)
        self.cleared = command.cleared

    @handle.register
    def _change(self, command: cmd.ChangeChat) -> None:
        actor = self._actor(command.actor)
        moderates = actor is None or actor.may(Right.MODERATE)
        if not (moderates and isinstance(command.what, Delete)):
            require(actor, Right.CHAT)
        self._require_keeping()
        number = self._history.next_number(command.time)
        change = ChatChange(command.message, command.actor, moderates, command.what, number, command.time)
        self._in.emit(ev.ChangeAccepted(change))

    @handle.register
    def _show_change(self, command: cmd.ShowChange) -> None:
        self._history.change(command.message)
        self._in.emit(ev.ChatChanged(self._who_sees(command.message), command.message))

    @handle.register
    def _clear(self, command: cmd.ClearChat) -> None:
        require(self._actor(command.actor), Right.MODERATE)
        self._require_keeping()
        self._in.emit(ev.ClearAccepted(self._history.next_number(command.time)))

    @handle.register
    def _show_cleared(self, command: cmd.ShowCleared) -> None:
        self._history.clear(command.number)
        self.cleared = max(self.cleared, command.number)
        self._in.emit(ev.ChatCleared(self._in.everyone(), command.number))

    @handle.register
    def _set_typing(self, command: cmd.SetTyping) -> None:
        who = self._in.participant(command.participant)
        require(who, Right.CHAT)
        to = None if command.to is None else self._in.participant(command.to).id
        if command.active:
            self._typists.start(who.id, to, self._in.now)
        else:
            self._typists.stop(who.id)

    @handle.register
    def _read(self, command: cmd.ReadChat) -> None:
        who = self._in.participant(command.participant)
        number = min(command.number, self._history.number)
        if self._marks.set(who.id, number, shown=who.listed):
            self._in.emit(ev.ReadMarkSet(who.id, number))

    def _actor(self, actor: ParticipantId | None) -> Participant | None:
        return None if actor is None else self._in.participant(actor)

    def _who_sees(self, message: ChatMessage) -> ev.To:
        if message.to is None:
            return self._in.everyone()
        pair = dict.fromkeys((message.sender, message.to))
        return tuple(who for who in pair if who is not None and who in self._in.people)

    def _require_keeping(self) -> None:
        if not self._in.settings.keeps_chat:
            raise Unavailable(Code.STORE_FAILED, "nothing is kept of this chat")
