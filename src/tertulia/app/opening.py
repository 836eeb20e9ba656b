"""What a server opens before it has rooms: ports, the media engine, the place of files."""

import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import structlog
from pydantic import SecretStr

from tertulia import config
from tertulia.auth.ice_servers import IceServers
from tertulia.auth.turn import TurnSecret
from tertulia.media import addresses
from tertulia.media.engine import EngineMedia, Relay, create_engine
from tertulia.media.roads import Roads, find_roads
from tertulia.net import listen
from tertulia.store import Database
from tertulia.store.files import Blobs, Bucket, FileStore, Folder, Limits

log = structlog.get_logger(__name__)

UDP_PORTS_TRIED = 20


def open_media(
    settings: config.Settings,
    listening: Sequence[socket.socket] = (),
    *,
    certificate: tuple[bytes, bytes] | None = None,
) -> tuple[EngineMedia, Roads]:
    """Binds the UDP port and starts the media engine; with it comes where clients reach it.

    `listening`: the TCP sockets of a gate, which brings the engine what comes there. `certificate`: chain and key (PEM) of TLS on them.
    Raises OSError: the port that was asked for, or every one that is tried by default, is taken. ValueError: it is no good certificate.
    """
    first = config.DEFAULT_UDP_PORT if settings.udp_port is None else settings.udp_port
    tries = UDP_PORTS_TRIED if settings.udp_port is None else 1
    for port in range(first, first + tries):
        try:
            engine = create_engine(
                addresses.binding(settings.host, port),
                workers=media_workers(settings),
                room_share=settings.room_share,
                local_only=addresses.local_only(settings.host),
                relay=_relay(settings),
                public=settings.public_ip,
                loudest=settings.max_voices,
                test_commands=settings.test_commands,
            )
        except OSError:
            if port == first + tries - 1:
                raise
            continue
        if port != first:
            log.warning("UDP port taken, using the next free one", wanted=first, port=port)
        roads = find_roads(
            settings.host,
            engine.addresses(),
            [addresses.of_socket(listener) for listener in listening],
            public=settings.public_ip,
            tls=certificate is not None,
        )
        media = EngineMedia(engine, roads=roads, pictures=settings.max_pictures)
        if certificate is not None:
            try:
                media.streams.set_certificate(*certificate)
            except ValueError:
                media.stop()
                raise
        return media, roads
    raise AssertionError("unreachable")


def with_turn_secret(settings: config.Settings) -> config.Settings:
    """With a secret for TURN, made for this run where none is set."""
    if not settings.turn or settings.turn_secret is not None:
        return settings
    return settings.model_copy(update={"turn_secret": SecretStr(secrets.token_urlsafe(32))})


def _relay(settings: config.Settings) -> Relay | None:
    if not settings.turn or settings.turn_secret is None:
        return None
    return Relay(
        settings.turn_secret.get_secret_value(),
        allocations=settings.turn_allocations,
        per_user=settings.turn_per_user,
        per_address=settings.turn_per_address,
        bytes_per_second=settings.turn_bytes_per_second,
        allow_peers=settings.turn_allow_peer,
    )


def open_listeners(settings: config.Settings) -> list[socket.socket]:
    """Of the gate, where the settings give it a port. Raises OSError with its name."""
    if settings.tcp_port is None:
        return []
    try:
        return listen(settings.host, settings.tcp_port)
    except OSError as error:
        where = f"tcp_port: cannot listen on {settings.host} port {settings.tcp_port}"
        raise OSError(error.errno, f"{where}: {(error.strerror or str(error)).lower()}") from error


def media_workers(settings: config.Settings) -> int:
    """How many media threads there are."""
    return settings.workers or os.cpu_count() or 1


def told_ice_servers(settings: config.Settings, roads: Roads) -> IceServers:
    """What clients are told of STUN and TURN: ours on these roads, and those that the settings name."""

    def shared(secret: SecretStr | None) -> TurnSecret | None:
        return None if secret is None else TurnSecret(secret.get_secret_value())

    return IceServers(
        udp=roads.udp,
        tcp=roads.tcp,
        tls=roads.tls,
        relay=shared(settings.turn_secret) if settings.turn else None,
        external=settings.ice_server,
        external_secret=shared(settings.ice_secret),
        direct=settings.p2p != "never",
        ttl=settings.ice_ttl,
    )


def open_files(closing: ExitStack, settings: config.Settings, database: Database) -> FileStore:
    """Where the settings say. Raises ValueError for what names no place, ImportError where it needs what is not installed."""
    limits = Limits(
        file_bytes=settings.max_file_size,
        room_bytes=settings.max_room_files,
        uploads=settings.max_uploads,
        expiry=settings.upload_expiry,
        types=tuple(settings.file_type),
        refused=tuple(settings.refuse_file_type),
    )
    outlives_rooms = settings.files is not None and settings.chat_retention > 0 and not database.in_memory
    if settings.files is not None and settings.files.startswith("s3://"):
        blobs: Blobs = Bucket(settings.files)
        staging = settings.data_dir / "uploads"
    else:
        folder = _temporary_folder(closing) if settings.files is None else Path(settings.files)
        blobs, staging = Folder(folder / "kept"), folder / "uploads"
    return FileStore(database, blobs, staging, limits, outlives_rooms=outlives_rooms)


def _temporary_folder(closing: ExitStack) -> Path:
    folder = tempfile.mkdtemp(prefix="tertulia-files-")
    closing.callback(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
