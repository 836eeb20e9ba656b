"""What others mount: an ASGI app with a lifespan."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import ExitStack, asynccontextmanager
from typing import Any, TypeVar

import structlog
from starlette.types import Receive, Scope, Send

from tertulia import config
from tertulia.app.opening import open_files, open_listeners, open_media, told_ice_servers, with_turn_secret
from tertulia.app.running import Running, not_started
from tertulia.auth.admission import Admission
from tertulia.auth.authorize import Hook
from tertulia.auth.tokens import TokenSigner, TokenVerifier
from tertulia.doors.api import Access, Api, ChatEndpoint, FilesEndpoint, HooksEndpoint, IceServersEndpoint
from tertulia.doors.guard import is_from_this_machine
from tertulia.media.port import Media
from tertulia.media.public_address import Finder
from tertulia.media.roads import Roads
from tertulia.net import Gate
from tertulia.runtime.archive import Archive
from tertulia.runtime.broker import Broker
from tertulia.runtime.event_emitter import EventEmitter
from tertulia.runtime.feed import Feed
from tertulia.runtime.statistics import Statistics
from tertulia.runtime.topics import Topics
from tertulia.runtime.views import Room
from tertulia.store import MEMORY, ChatLog, Database, DocumentLog, Images, Retention
from tertulia.topic_rule import TopicRule

log = structlog.get_logger(__name__)

A = TypeVar("A", bound=Hook)


class Tertulia(EventEmitter, Topics):
    """An ASGI app. Serve it, or mount it and use `lifespan`:

        rt = Tertulia(secret="…")
        app = FastAPI(lifespan=rt.lifespan)
        app.mount("/rt", rt)

    Instances share nothing. Each lives in one event loop at a time and may be started again after it was stopped.
    """

    def __init__(
        self,
        settings: config.Settings | None = None,
        *,
        media: Media | None = None,
        roads: Roads | None = None,
        **given: Any,
    ) -> None:
        """`given`: settings by name, see `config.Settings`. Raises ValueError for settings that do not go together.

        `media` takes the place of the compiled engine; whoever gives it away does not use it again. `roads`: where clients reach it.
        """
        EventEmitter.__init__(self, Feed())
        self.settings = with_turn_secret(settings if settings is not None else config.load(**given))
        Topics.__init__(self, Broker(map(TopicRule.parse, self.settings.topic)))
        secret = self._secret
        self._verifier = TokenVerifier(secret=secret, public_keys=self.settings.token_public_key)
        if not self._verifier and not self.settings.open:
            raise ValueError(
                "give a secret or a token_public_key to check tokens with, or open=True for rooms that need none"
            )
        self._signer = None if secret is None else TokenSigner(secret)
        self._admission = Admission(self._verifier, open=self.settings.open, signer=self._signer)
        self._media = media
        self._roads = Roads() if roads is None else roads
        self._running: Running | None = None

    def token(
        self,
        room: str,
        *,
        identity: str | None = None,
        name: str | None = None,
        role: str = "speaker",
        can: Iterable[str] | None = None,
        topics: Mapping[str, Collection[str]] | None = None,
        ttl: float = 24 * 3600,
    ) -> str:
        """A join token. `room` may be a pattern with `*`; `topics` are patterns by `subscribe` and `publish`; `ttl` is in seconds.
        Raises ValueError without a secret, or for bad claims."""
        return self._need_signer().sign(
            room=room, identity=identity, name=name, role=role, can=can, topics=topics, ttl=ttl
        )

    def admin_token(self, *, ttl: float = 3600) -> str:
        """A token for `/api/v1`, good for `ttl` seconds; it opens no room. Raises ValueError without a secret."""
        return self._need_signer().sign_admin(ttl=ttl)

    def webhook_token(self, topic: str, *, ttl: float = 365 * 24 * 3600) -> str:
        """For `/api/v1/hooks/{topic}?token=…`: whoever has it publishes on this topic of the server, for `ttl` seconds, and does nothing
        else. Raises ValueError without a secret, or for what is no topic."""
        return self._need_signer().sign_hook(topic, ttl=ttl)

    def webhook_key(self, topic: str) -> str:
        """What a service signs with that calls `/api/v1/hooks/{topic}` without a token. Raises ValueError as `webhook_token` does."""
        return self._need_signer().hook_key(topic)

    @property
    def rooms(self) -> tuple[Room, ...]:
        """Those that are open, the oldest first; none while it is not running."""
        return tuple(Room(actor, self._feed) for actor in self._running.hub.rooms.values()) if self._running else ()

    def room(self, name: str) -> Room | None:
        """None: no room of this name is open. A room opens when somebody comes."""
        actor = self._running.hub.find(name) if self._running else None
        return None if actor is None else Room(actor, self._feed)

    def authorize(self, hook: A) -> A:
        """Decorator: asks this async function before somebody joins. None: as the token says; a `Grant` lets in, with a token or without;
        `Refuse` sends away.

        It has 5 seconds. One that raises anything else, or takes longer, refuses with `internal`, and the log says why. Who resumes a lost
        connection is not asked again. Raises ValueError for a second hook, TypeError for a function that is not async.
        """
        self._admission.ask(hook)
        return hook

    @property
    def _secret(self) -> str | None:
        secret = self.settings.secret
        return None if secret is None else secret.get_secret_value()

    @property
    def _archive(self) -> Archive:
        assert self._running is not None, "no request comes before it runs"
        return self._running.archive

    def _is_trusted(self, scope: Scope) -> bool:
        """Whoever can do everything in the rooms anyway, for they are open and no other machine reaches them."""
        return self.settings.open and self.settings.local_names_only and is_from_this_machine(scope)

    def _need_signer(self) -> TokenSigner:
        if self._signer is None:
            raise ValueError("without a secret there is nothing to sign tokens with")
        return self._signer

    @asynccontextmanager
    async def lifespan(self, app: Any = None) -> AsyncIterator[None]:
        """Runs the server's rooms and media; usable as the lifespan of a FastAPI or Starlette app.

        Raises RuntimeError when it runs already, OSError when a port cannot be bound or a file of `tls_cert` or `tls_key` cannot be read,
        ValueError for a certificate that cannot be used, `store.CannotOpen` for a database that cannot be, and
        `media.public_address.NotFound` where `public_ip` says whom to ask and nobody answers.
        """
        if self._running is not None:
            raise RuntimeError("this Tertulia runs already")
        with ExitStack() as closing:
            media, roads = self._open(closing, await self._with_public_addresses())
            ice_servers = told_ice_servers(self.settings, roads)
            api = Api(
                lambda: self.rooms,
                self.room,
                Access(self._verifier, self._is_trusted),
                IceServersEndpoint(self._admission, ice_servers, self.settings.messages_per_second),
                ChatEndpoint(lambda: self._archive),
                FilesEndpoint(lambda: None if self._running is None else self._running.hub.files),
                self._broker,
                HooksEndpoint(self._broker, self._verifier, self._secret, self.settings.messages_per_second),
                allow_origins=self.settings.allow_origin,
            )
            database = Database(self.settings.database or MEMORY)
            await database.open()
            lasting = self.settings.chat_retention > 0 and not database.in_memory
            chat = ChatLog(database, outlives_rooms=lasting)
            documents = DocumentLog(database, outlives_rooms=lasting)
            # Of a database in memory nothing is left for another process.
            images = None if database.in_memory else Images(database)
            try:
                files = open_files(closing, self.settings, database)
                await files.open()
            except BaseException:
                await database.close()
                raise
            self._running = running = Running.build(
                self.settings, media, self._admission, api, ice_servers, chat, documents, self._broker, images, files
            )
            running.hub.observe(self._feed.observe)
            if running.restart is not None:
                await running.restart.take_back()
            tasks = [
                asyncio.create_task(Statistics(running.hub, media, self._feed.rated).run()),
                asyncio.create_task(Retention(chat, self.settings.chat_retention).run()),
                asyncio.create_task(Retention(documents, self.settings.chat_retention, what="documents").run()),
                asyncio.create_task(files.run(self.settings.chat_retention if files.outlives_rooms else 0.0)),
            ]
            try:
                yield
            finally:
                async with database.idle():
                    for task in tasks:
                        task.cancel()
                try:
                    await self.drain()
                    await self._feed.stop(timeout=1.0)
                    self._stop_topics()
                finally:
                    self._running = None
                    await chat.flush()
                    await documents.flush()
                    await files.flush()
                    await database.close()

    async def _with_public_addresses(self) -> config.Settings:
        """Asks for them where the settings name whom to ask; nothing is asked for media that somebody else has opened."""
        if self._media is not None:
            return self.settings
        found = await Finder(self.settings).find()
        return self.settings.model_copy(update={"public_ip": list(found)})

    def _open(self, closing: ExitStack, settings: config.Settings) -> tuple[Media, Roads]:
        """Media, and where clients reach it; with ports of its own where none was given."""
        if self._media is not None:
            closing.callback(self._media.stop)
            return self._media, self._roads
        listening = open_listeners(settings)
        for listener in listening:
            closing.callback(listener.close)
        certificate = None
        if listening and settings.tls_cert is not None and settings.tls_key is not None:
            certificate = (settings.tls_cert.read_bytes(), settings.tls_key.read_bytes())
        media, roads = open_media(settings, listening, certificate=certificate)
        closing.callback(media.stop)
        gate = Gate(media.streams, tls=roads.tls)
        closing.callback(gate.close)
        gate.open(listening)
        return media, roads

    async def drain(self) -> None:
        """No new joins; tells everybody that the server stops, and waits for their sockets. Harmless when it is not running."""
        if self._running is not None:
            await self._running.drain(self.settings.drain_timeout)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._own_lifespan(receive, send)
        elif self._running is None:
            await not_started(scope, receive, send)
        else:
            await self._running.app(scope, receive, send)

    async def _own_lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        started = False
        try:
            async with self.lifespan():
                started = True
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except Exception as error:
            kind = "shutdown" if started else "startup"
            log.exception(f"{kind} failed")
            await send({"type": f"lifespan.{kind}.failed", "message": str(error)})
        else:
            await send({"type": "lifespan.shutdown.complete"})
