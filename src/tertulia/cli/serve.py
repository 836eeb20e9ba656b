"""`tertulia serve`."""

import asyncio
import contextlib
import resource
import socket
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pydantic
import structlog
import typer
import uvicorn
import uvloop

from tertulia import config
from tertulia.app import Tertulia, open_media, with_turn_secret
from tertulia.cli import certificate, flags, logs
from tertulia.cli import secret as secrets
from tertulia.cli.failure import describe, fail
from tertulia.cli.server import Server, WebSocketProtocol
from tertulia.config import Settings
from tertulia.media import addresses, public_address
from tertulia.net import BACKLOG, listen
from tertulia.store import CannotOpen, Database
from tertulia.store.files import Bucket

log = structlog.get_logger(__name__)

FIRST_ROOM = "lobby"
DATABASE = "tertulia.db"
FILES = "files"
WEBSOCKET_BYTES = 1 << 20
"""Largest frame; above the doors' own limits, so that those give the answer."""


def serve(
    host: flags.Host = None,
    port: flags.Port = None,
    udp_port: flags.UdpPort = None,
    public_ip: flags.PublicIp = None,
    p2p: flags.P2p = None,
    audio_fec: flags.AudioFec = None,
    audio_dtx: flags.AudioDtx = None,
    audio_red: flags.AudioRed = None,
    tls: flags.Tls = None,
    tls_cert: flags.TlsCert = None,
    tls_key: flags.TlsKey = None,
    data_dir: flags.DataDir = None,
    database: flags.Database = None,
    chat_retention: flags.ChatRetention = None,
    topic: flags.Topic = None,
    files: flags.Files = None,
    max_file_size: flags.MaxFileSize = None,
    file_type: flags.FileType = None,
    refuse_file_type: flags.RefuseFileType = None,
    allow_origin: flags.AllowOrigin = None,
    web: flags.Web = None,
    secret: flags.Secret = None,
    open_rooms: flags.Open = None,
    turn: flags.Turn = None,
    turn_secret: flags.TurnSecret = None,
    turn_allow_peer: flags.TurnAllowPeer = None,
    ice_server: flags.IceServer = None,
    ice_secret: flags.IceSecret = None,
    token_public_key: flags.TokenPublicKey = None,
    max_room_size: flags.MaxRoomSize = None,
    workers: flags.Workers = None,
    log_form: flags.Log = None,
    config_file: flags.ConfigFile = None,
    test_commands: flags.TestCommands = None,
) -> None:
    """Start the server."""
    settings = _settings(
        config_file,
        host=host, port=port, udp_port=udp_port, public_ip=public_ip, p2p=p2p,
        audio_fec=audio_fec, audio_dtx=audio_dtx, audio_red=audio_red, tls=tls, tls_cert=tls_cert, tls_key=tls_key,
        data_dir=data_dir, database=database, chat_retention=chat_retention,
        files=files, max_file_size=max_file_size, file_type=file_type, refuse_file_type=refuse_file_type,
        topic=topic, allow_origin=allow_origin, web=web, secret=secret, open=open_rooms,
        turn=turn, turn_secret=turn_secret, turn_allow_peer=turn_allow_peer, ice_server=ice_server, ice_secret=ice_secret,
        token_public_key=token_public_key, max_room_size=max_room_size, workers=workers, log=log_form, test_commands=test_commands,
    )  # fmt: skip
    logs.configure(settings.log)
    makes_secret = not (settings.is_loopback or settings.open or settings.has_keys)
    settings = _with_files(_with_database(_keep_turn_secret(_decide_who_enters(settings))))
    settings, found = _find_public_addresses(settings)
    _raise_descriptor_limit()
    sockets = _listen(settings)
    certificate_files = _certificate(settings)
    try:
        media, roads = open_media(settings, sockets, certificate=certificate_files and _read(*certificate_files))
    except ValueError as error:
        fail(f"--tls-cert: {error}")
    except OSError as error:
        wanted = settings.udp_port
        fail(f"--udp-port: cannot bind UDP port {config.DEFAULT_UDP_PORT if wanted is None else wanted}: {_why(error)}")
    try:
        tertulia = Tertulia(settings, media=media, roads=roads)
    except (ValueError, OSError) as error:
        media.stop()
        fail(str(error))

    scheme = "https" if certificate_files else "http"
    urls = _urls(settings, scheme, sockets[0].getsockname()[1])
    if settings.is_loopback:
        log.info("media for this machine only: datagrams from elsewhere are dropped (--host :: serves the network)")
    elif not certificate_files:
        log.warning(
            "without TLS browsers give out no camera or microphone (--tls self-signed, or a proxy with TLS in front)"
        )

    def ready() -> None:
        _tell_addresses(settings, roads.udp, found)
        log.info("ready", url=urls[0], urls=urls, udp_port=media.udp_port, media=list(roads.udp))
        if makes_secret:
            invite = tertulia.token(FIRST_ROOM, role="moderator")
            typer.echo(f"Moderator's link, good for 24 hours: {urls[0]}/r/{FIRST_ROOM}#t={invite}")

    encryption: dict[str, Any] = {}
    if certificate_files:
        encryption = {"ssl_certfile": certificate_files[0], "ssl_keyfile": certificate_files[1]}
    server = Server(
        uvicorn.Config(
            tertulia,
            ws=WebSocketProtocol,
            ws_max_size=WEBSOCKET_BYTES,
            ws_per_message_deflate=settings.deflate,
            ws_ping_interval=None,
            access_log=False,
            log_config=None,
            server_header=False,
            backlog=BACKLOG,
            lifespan="on",
            timeout_graceful_shutdown=2,
            **encryption,
        ),
        on_ready=ready,
        drain=tertulia.drain,
        streams=media.streams,
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(server.serve(sockets=sockets))


def _settings(config_file: Path | None, **given: Any) -> Settings:
    try:
        settings = config.load(config=config_file, **given)
    except pydantic.ValidationError as error:
        fail(describe(error))
    except (OSError, tomllib.TOMLDecodeError) as error:
        fail(f"--config: {error}")
    if settings.tcp_port is not None:
        fail("tcp-port: that is for a Tertulia mounted in another server; here --port is for TURN and ICE, too")
    return settings


def _decide_who_enters(settings: Settings) -> Settings:
    """Open on loopback without a secret; elsewhere open only when told so, with a secret of our own making where none is given."""
    if settings.is_loopback:
        settings = settings.model_copy(update={"local_names_only": True})
    if settings.open or settings.has_keys:
        return settings
    if settings.is_loopback:
        log.info("open: rooms need no token, for this machine only (--secret to change that)")
        return settings.model_copy(update={"open": True})
    try:
        made = secrets.read_or_make(settings.data_dir)
    except OSError as error:
        fail(f"--data-dir: cannot keep a secret there: {_why(error)}")
    return settings.model_copy(update={"secret": pydantic.SecretStr(made)})


def _keep_turn_secret(settings: Settings) -> Settings:
    """Credentials that were given before a restart are good after it. On loopback nobody is far enough away to have any."""
    if settings.turn and settings.turn_secret is None and not settings.is_loopback:
        try:
            made = secrets.read_or_make(settings.data_dir, secrets.TURN)
        except OSError as error:
            log.warning(
                "TURN credentials end with this process: cannot keep a secret in --data-dir", reason=_why(error)
            )
        else:
            return settings.model_copy(update={"turn_secret": pydantic.SecretStr(made)})
    return with_turn_secret(settings)


def _with_database(settings: Settings) -> Settings:
    if settings.database is not None:
        _try_database(settings.database, "--database")
    if settings.database is not None or settings.chat_retention == 0:
        return settings
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        log.warning("chat is kept in memory only: there is no place for it in --data-dir", reason=_why(error))
        return settings
    database = f"sqlite:///{(settings.data_dir / DATABASE).absolute()}"
    _try_database(database, "--data-dir")
    return settings.model_copy(update={"database": database})


def _try_database(url: str, flag: str) -> None:
    """What cannot be used is told before anything else is begun."""

    async def open_and_close() -> None:
        database = Database(url)
        await database.open()
        await database.close()

    try:
        asyncio.run(open_and_close())
    except (ValueError, CannotOpen) as error:
        fail(f"{flag}: {error}")


def _with_files(settings: Settings) -> Settings:
    if settings.files is not None and settings.files.startswith("s3://"):
        try:
            Bucket(settings.files)
        except ImportError:
            fail("--files: a bucket takes what `pip install tertulia[s3]` brings")
        except Exception as error:
            # What the library raises for settings of its own has no common base with ours.
            fail(f"--files: {error}")
    if settings.files is not None or settings.database is None or settings.chat_retention == 0:
        return settings
    return settings.model_copy(update={"files": str((settings.data_dir / FILES).absolute())})


def _raise_descriptor_limit() -> None:
    """As far as we may: it is often set for programs that open a few files, and here every client is one, or two."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _find_public_addresses(settings: Settings) -> tuple[Settings, public_address.Found]:
    try:
        found = asyncio.run(public_address.Finder(settings).find())
    except public_address.NotFound as error:
        fail(f"--public-ip: {error}; nobody from outside would reach media (give the address itself)")
    return settings.model_copy(update={"public_ip": list(found)}), found


def _tell_addresses(settings: Settings, endpoints: Sequence[str], found: public_address.Found) -> None:
    told = public_address.describe(endpoints, found)
    for it in told:
        log.info("media address", address=it.endpoint, kind=it.kind, by=it.by)
    if not settings.is_loopback and not any(it.kind == "public" for it in told):
        log.warning(
            "only private addresses are told to clients: people outside this network will not reach media (--public-ip)"
        )


def _listen(settings: Settings) -> list[socket.socket]:
    try:
        return listen(settings.host, settings.port)
    except socket.gaierror as error:
        fail(f"--host: {settings.host}: {error.strerror}")
    except OSError as error:
        fail(f"--port: cannot listen on {settings.host} port {settings.port}: {_why(error)}")


def _certificate(settings: Settings) -> tuple[Path, Path] | None:
    if settings.tls_cert is not None and settings.tls_key is not None:
        return settings.tls_cert, settings.tls_key
    if settings.tls == "off":
        return None
    try:
        return certificate.read_or_make(settings.data_dir, _own_addresses(settings))
    except OSError as error:
        fail(f"--data-dir: cannot keep a certificate there: {_why(error)}")


def _read(chain: Path, key: Path) -> tuple[bytes, bytes]:
    content = []
    for flag, file in (("--tls-cert", chain), ("--tls-key", key)):
        try:
            content.append(file.read_bytes())
        except OSError as error:
            fail(f"{flag}: {file}: {_why(error)}")
    return content[0], content[1]


def _urls(settings: Settings, scheme: str, port: int) -> list[str]:
    """Where people can reach it, the best first."""
    host = settings.host.strip("[]")
    hosts = _own_addresses(settings) if host in ("::", "0.0.0.0") else [host]
    return [f"{scheme}://[{it}]:{port}" if ":" in it else f"{scheme}://{it}:{port}" for it in hosts or [host]]


def _own_addresses(settings: Settings) -> list[str]:
    bound = addresses.binding(settings.host, 1)
    return [
        str(addresses.parse_endpoint(it)[0]) for it in addresses.advertised(settings.host, bound, settings.public_ip)
    ]


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
