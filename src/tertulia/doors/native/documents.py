"""What a client does with documents. It is not the room's turn that it waits for, but its own."""

import asyncio
from typing import Final

from tertulia.core.ids import ParticipantId
from tertulia.core.model import Right
from tertulia.core.permissions import require
from tertulia.errors import ProtocolError
from tertulia.runtime.actor import RoomActor
from tertulia.wire import native as wire

MESSAGES: Final = (wire.DocumentOpen, wire.DocumentSync, wire.DocumentAwareness, wire.DocumentClose)
Message = wire.DocumentOpen | wire.DocumentSync | wire.DocumentAwareness | wire.DocumentClose

BYTES_PER_SECOND: Final = 2 * 1024 * 1024
"""What one client may have read and written of documents. Who asks for more waits, and nobody else does."""


async def carry_out(actor: RoomActor, who: ParticipantId, message: Message) -> wire.Ok:
    """The reply, in its time. Raises a TertuliaError: invalid, not_allowed, too_large, too_many_documents, store_failed."""
    documents = actor.documents
    done = len(message.bytes) if not isinstance(message, wire.DocumentClose) else 0
    match message:
        case wire.DocumentOpen():
            done += await documents.open(who, message.document, message.bytes)
        case wire.DocumentSync():
            require(actor.room.participant(who), Right.DATA)
            size = documents.size(message.document)
            try:
                documents.write(who, message.document, message.bytes)
            except ProtocolError:
                # It may have been built anew because of him.
                await asyncio.sleep(size / BYTES_PER_SECOND)
                raise
        case wire.DocumentAwareness():
            documents.show(who, message.document, message.bytes)
        case wire.DocumentClose():
            documents.close(who, message.document)
    if done > BYTES_PER_SECOND // 100:
        await asyncio.sleep(done / BYTES_PER_SECOND)
    return wire.Ok(id=message.id)
