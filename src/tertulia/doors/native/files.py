"""Requests about files: they ask the place where files are, not the room."""

from dataclasses import dataclass
from urllib.parse import quote

from tertulia.auth.file_tickets import FileTickets
from tertulia.core.files import SharedFile
from tertulia.core.ids import ParticipantId
from tertulia.runtime.files import FileDesk
from tertulia.wire import native as wire

REQUESTS = (wire.FileGrant, wire.FileList, wire.FileLinks, wire.FileDelete)


def shared_file(it: SharedFile) -> wire.SharedFile:
    return wire.SharedFile(
        id=it.id,
        sender=wire.SERVER if it.sender is None else it.sender,
        sender_name=it.sender_name,
        name=it.name,
        size=it.size,
        media_type=it.type,
        sha256=it.sha256,
        preview=None if it.preview is None else wire.FilePreview(it.preview.width, it.preview.height),
        to=it.to,
        time=it.time,
        number=it.number,
    )


@dataclass(frozen=True, slots=True)
class FileRequests:
    desk: FileDesk
    tickets: FileTickets

    async def answer(self, room: str, who: ParticipantId, asked: wire.ClientFiles) -> wire.Message:
        """Raises TertuliaError."""
        match asked:
            case wire.FileGrant():
                return self._grant(room, who, asked)
            case wire.FileList():
                page = await self.desk.page(room, who, before=asked.before, limit=asked.limit)
                return wire.FilePage(id=asked.id, files=[shared_file(it) for it in page.files], more=page.more)
            case wire.FileLinks():
                return self._links(room, await self.desk.get(room, asked.files, who), asked)
            case wire.FileDelete():
                await self.desk.delete(room, asked.file, who)
                return wire.Ok(id=asked.id)

    def _grant(self, room: str, who: ParticipantId, asked: wire.FileGrant) -> wire.FileGranted:
        self.desk.uploader(room, who)
        grant, limits = self.tickets.grant(room, who), self.desk.store.limits
        return wire.FileGranted(
            id=asked.id,
            url=f"files/{quote(room, safe='')}",
            token=grant.token,
            expires=grant.expires,
            max_bytes=limits.file_bytes,
            types=list(limits.types),
            refused=list(limits.refused),
        )

    def _links(self, room: str, files: tuple[SharedFile, ...], asked: wire.FileLinks) -> wire.FileLinked:
        links = []
        for it in files:
            preview = None if it.preview is None else self.tickets.preview_link(room, it.id)
            links.append(wire.FileLink(it.id, self.tickets.link(room, it.id, it.name), preview))
        return wire.FileLinked(id=asked.id, links=links, expires=self.tickets.link_expires())
