"""Who shows what in a document: the awareness states of y-protocols, each its owner's."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import msgspec
from pycrdt import Decoder, write_message, write_var_uint

from tertulia.core.ids import ParticipantId
from tertulia.errors import Code, ProtocolError
from tertulia.net.depth import too_deep

STATE_BYTES: Final = 4 * 1024
"""UTF-8 bytes of one state."""
CLIENTS: Final = 4
"""Yjs clients of one participant in one document: each time that his page opens it anew there is another."""
GONE: Final = b"null"
_LARGEST: Final = 2**53 - 1


@dataclass(frozen=True, slots=True)
class _State:
    owner: ParticipantId | None
    clock: int
    json: bytes


class Awareness:
    """Of one document. Nobody changes what another shows."""

    def __init__(self) -> None:
        self._states: dict[int, _State] = {}

    def show(self, owner: ParticipantId | None, update: bytes) -> bytes | None:
        """Takes over an awareness update (`owner` None: the server's own); gives all that its owner shows now, as another; None where
        nothing is new.

        States of others that it names are passed over. Raises ProtocolError (invalid, too_large) and leaves everything as it was.
        """
        changed = False
        for client, clock, json in _read(update):
            known = self._states.get(client)
            if known is not None and (known.owner != owner or not _newer(clock, json, known)):
                continue
            # The last in the order of those that were heard of is the newest.
            self._states.pop(client, None)
            self._states[client] = _State(owner, clock, json)
            changed = True
        own = self._of(owner)
        for client in own[:-CLIENTS]:
            del self._states[client]
        return self._written(own[-CLIENTS:]) if changed else None

    def forget(self, owner: ParticipantId | None) -> bytes | None:
        """Its owner is gone; the update that says so, None where he had shown nothing."""
        own = self._of(owner)
        for client in own:
            self._states[client] = _State(owner, self._states[client].clock + 1, GONE)
        update = self._written(own)
        for client in own:
            del self._states[client]
        return update if own else None

    def everything(self) -> bytes | None:
        """What is shown now, as an update; None: nothing."""
        shown = [client for client, state in self._states.items() if state.json != GONE]
        return self._written(shown) if shown else None

    def _of(self, owner: ParticipantId | None) -> list[int]:
        return [client for client, state in self._states.items() if state.owner == owner]

    def _written(self, clients: Iterable[int]) -> bytes:
        entries = [
            write_var_uint(client)
            + write_var_uint(self._states[client].clock)
            + write_message(self._states[client].json)
            for client in clients
        ]
        return write_var_uint(len(entries)) + b"".join(entries)


def _newer(clock: int, json: bytes, known: _State) -> bool:
    return clock > known.clock or (clock == known.clock and json == GONE != known.json)


def _read(update: bytes) -> list[tuple[int, int, bytes]]:
    """Client, clock and state, of each that is named."""
    entries = []
    decoder = Decoder(update)
    try:
        count = decoder.read_var_uint()
        if count > CLIENTS:
            raise ProtocolError(Code.TOO_LARGE, f"at most {CLIENTS} states at a time")
        for _ in range(count):
            entries.append((decoder.read_var_uint(), decoder.read_var_uint(), decoder.read_message() or b""))
    except (IndexError, RuntimeError):
        raise _invalid() from None
    if decoder.length or any(client > _LARGEST or clock > _LARGEST for client, clock, _ in entries):
        raise _invalid()
    for _, _, json in entries:
        _check(json)
    return entries


def _check(json: bytes) -> None:
    """Browsers parse it without asking."""
    if len(json) > STATE_BYTES:
        raise ProtocolError(Code.TOO_LARGE, f"a state has at most {STATE_BYTES} bytes")
    try:
        json.decode()
        msgspec.json.decode(json, type=dict[str, msgspec.Raw] | None)
    except (ValueError, RecursionError):
        raise _invalid() from None
    if too_deep(json):
        raise _invalid()


def _invalid() -> ProtocolError:
    return ProtocolError(Code.INVALID, "this is no awareness update")
