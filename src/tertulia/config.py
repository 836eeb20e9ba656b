"""Settings: what `tertulia serve` and `Tertulia(...)` can be told.

Each can be given as a flag or argument, as `TERTULIA_*` in the environment, or in a TOML file; in that order the first one counts.
"""

import ipaddress
import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from tertulia import ice_url
from tertulia.topic_rule import TopicRule

DEFAULT_UDP_PORT = 3478
TURN_SECRET_BYTES = 32
"""The least: whoever has credentials can try secrets on them at home."""


def default_data_dir() -> Path:
    """Where a server keeps what it makes itself, after the XDG base directories."""
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "tertulia"


class Settings(BaseSettings):
    """Everything that can be set. Times are in seconds."""

    model_config = SettingsConfigDict(env_prefix="TERTULIA_", extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    """Address of the HTTP listener. It also decides which addresses media is advertised at."""
    port: Annotated[int, Field(ge=0, le=65535)] = 3000
    udp_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    """None: 3478, or the next free one."""
    tcp_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    """For Tertulia mounted in another server: a TCP port of its own for TURN and ICE, at `host`; 0: any free one. None: UDP only.
    `serve` has them on `port`."""
    public_ip: Annotated[list[str], NoDecode] = []
    """Addresses by which clients reach this server; or whom to ask for them: `cloud`, `stun:host:port`, or `auto` for whoever knows."""
    p2p: Literal["auto", "never", "always"] = "auto"
    audio_fec: bool = True
    """Clients' Opus puts a coarse copy of a frame into the next one, where they hear of losses. This and the next two are for sound that
    goes by the server."""
    audio_dtx: bool = False
    """Clients send next to nothing while nobody speaks: less to carry, and between words a made-up noise in place of the room's own."""
    audio_red: bool = True
    """Packets of sound repeat earlier frames (RFC 2198): those of clients that can always, the server's to those who lose some."""
    tls: Literal["off", "self-signed"] = "off"
    tls_cert: Path | None = None
    tls_key: Path | None = None
    data_dir: Path = Field(default_factory=default_data_dir)
    database: str | None = None
    """Where chat is kept: `sqlite:///path` or `postgresql://user:password@host/name`. None: in memory, as long as its room is open; `serve`
    keeps it in its data dir."""
    chat_retention: Annotated[float, Field(ge=0, le=100 * 365 * 24 * 3600)] = 30 * 24 * 3600.0
    """How long what was said is kept. 0: as long as its room is open."""
    topic: Annotated[list[str], NoDecode] = []
    """Topics of the server, and who may: `/quotes/*;retain`, `/map/*;publish=everyone;rate=20`; see `TopicRule`."""
    files: str | None = None
    """Where files are kept that people share: a folder, or `s3://bucket/prefix`. None: in a folder that is gone with the process; `serve`
    keeps them in its data dir. They are forgotten as chat is."""
    max_file_size: Annotated[int, Field(ge=1, le=1024**4)] = 100 * 1024 * 1024
    """Bytes."""
    max_room_files: Annotated[int, Field(ge=1, le=1024**5)] = 2 * 1024**3
    """Bytes of all files of a room together."""
    max_uploads: Annotated[int, Field(ge=1, le=1_000)] = 5
    """That one person may have open at a time."""
    upload_expiry: Annotated[float, Field(gt=0, le=30 * 24 * 3600)] = 24 * 3600.0
    """How long an upload that broke off can be gone on with."""
    file_type: Annotated[list[str], NoDecode] = []
    """Media types that are taken, by the content, such as `image/*`; none: all but `refuse_file_type`."""
    refuse_file_type: Annotated[list[str], NoDecode] = []
    allow_origin: Annotated[list[str], NoDecode] = []
    web: Path | None = None
    """Served in place of the built-in app."""
    secret: SecretStr | None = None
    open: bool = False
    turn: bool = True
    """Relay media for people whose network lets nothing else through. STUN is answered in any case."""
    turn_secret: SecretStr | None = None
    """Signs TURN credentials. None: one is made; `serve` keeps it in its data dir."""
    turn_allow_peer: Annotated[list[str], NoDecode] = []
    """Networks to which the relay may send besides public addresses."""
    turn_allocations: Annotated[int, Field(ge=1, le=65_535)] = 4096
    """TURN allocations in all. A browser on every way at once (UDP, TCP, TLS) makes it 1,300 people; each takes a descriptor, or two with
    both address families."""
    turn_per_user: Annotated[int, Field(ge=1, le=65_535)] = 24
    """TURN allocations of one identity: two connections, three ways, two networks, and all of it once more while ICE restarts."""
    turn_per_address: Annotated[int, Field(ge=1, le=65_535)] = 1024
    """TURN allocations from one IPv4 address or IPv6 /64: a whole office may stand behind one."""
    turn_bytes_per_second: Annotated[int, Field(ge=1_000, le=10_000_000_000)] = 5_000_000
    """What one TURN allocation carries, each way; a second's worth may come at once. 5,000,000 are 40 Mbit/s."""
    ice_server: Annotated[list[str], NoDecode] = []
    """URLs of other STUN and TURN servers, told to clients besides ours; without `turn` in place of its relay."""
    ice_secret: SecretStr | None = None
    """What those TURN servers share with this one, to make credentials with."""
    ice_ttl: Annotated[float, Field(ge=60, le=7 * 24 * 3600)] = 6 * 3600.0
    """How long TURN credentials can be used to begin with; a relay that works then goes on."""
    token_public_key: Annotated[list[Path], NoDecode] = []
    max_room_size: Annotated[int, Field(ge=1, le=10_000)] = 100
    workers: Annotated[int, Field(ge=1, le=256)] | None = None
    """Media threads; None: one per core."""
    room_share: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """So many people and subscriptions has a room on one media thread before it takes another one; None: as many as pay."""
    log: Literal["text", "json"] = "text"
    test_commands: bool = False
    """Lets the machine itself drop sockets and crash workers over HTTP; for tests only."""

    local_names_only: bool = False
    """Answer only to Hosts that name this machine; `serve` sets it on a loopback address, against DNS rebinding."""
    grace: Annotated[float, Field(gt=0, le=3600)] = 30.0
    """How long a lost connection can be resumed."""
    heartbeat: Annotated[float, Field(gt=0, le=300)] = 15.0
    """Time between a client's pings; after 2.5 times this without one the connection counts as lost."""
    join_timeout: Annotated[float, Field(gt=0, le=60)] = 10.0
    messages_per_second: Annotated[float, Field(gt=0, le=10_000)] = 50.0
    deflate: bool = False
    """`serve` compresses WebSocket messages (RFC 7692) for clients that offer it. It saves bytes where lines are slow, and costs each
    connection some 45 KiB of memory and each message to it its own compression."""
    max_publications: Annotated[int, Field(ge=1, le=64)] = 8
    """Tracks that one person may publish."""
    max_pictures: Annotated[int, Field(ge=1, le=100)] = 32
    """Pictures that one person is asked to receive at a time; where there are more, those of whoever spoke last."""
    max_voices: Annotated[int, Field(ge=0, le=100)] = 6
    """Where more than twice as many microphones are in a room, only so many are heard at a time, the loudest. 0: all, always."""
    max_listed_viewers: Annotated[int, Field(ge=0, le=10_000)] = 50
    """So many of those who may publish nothing are shown to everybody in a room; who comes later is counted, and shown to moderators."""
    max_rooms: Annotated[int, Field(ge=1)] = 10_000
    max_connections: Annotated[int, Field(ge=1)] = 20_000
    max_connections_per_address: Annotated[int, Field(ge=1)] = 1_000
    ring_timeout: Annotated[float, Field(gt=0, le=600)] = 30.0
    """How long a call on `/signaling` rings."""
    peerjs_peers: bool = False
    """Tell whoever asks who is in a room by PeerJS, as its `listAllPeers` does."""
    drain_timeout: Annotated[float, Field(gt=0, le=60)] = 3.0
    """How long a stopping server waits for clients to take their leave."""

    @field_validator(
        "public_ip",
        "topic",
        "allow_origin",
        "turn_allow_peer",
        "ice_server",
        "token_public_key",
        "file_type",
        "refuse_file_type",
        mode="before",
    )
    @classmethod
    def _split(cls, value: Any) -> Any:
        """An environment variable holds a list with commas or blanks between."""
        return value.replace(",", " ").split() if isinstance(value, str) else value

    @field_validator("public_ip")
    @classmethod
    def _addresses(cls, value: list[str]) -> list[str]:
        return [_public_address(text) for text in value]

    @field_validator("topic")
    @classmethod
    def _topics(cls, value: list[str]) -> list[str]:
        patterns = [TopicRule.parse(text).pattern for text in value]
        if twice := {it for it in patterns if patterns.count(it) > 1}:
            raise ValueError(f"{min(twice)} is declared twice")
        return value

    @field_validator("allow_origin")
    @classmethod
    def _origins(cls, value: list[str]) -> list[str]:
        for origin in value:
            scheme, separator, rest = origin.partition("://")
            if origin != "*" and not (separator and scheme and rest and "/" not in rest):
                raise ValueError(f"{origin!r} is not an origin such as https://example.org")
        return [origin.lower() for origin in value]

    @field_validator("ice_server")
    @classmethod
    def _ice_urls(cls, value: list[str]) -> list[str]:
        for url in value:
            ice_url.parse(url)
        return [url.lower() for url in value]

    @field_validator("file_type", "refuse_file_type")
    @classmethod
    def _media_types(cls, value: list[str]) -> list[str]:
        for it in value:
            kind, slash, rest = it.partition("/")
            if not (kind and slash and rest):
                raise ValueError(f"{it!r} is no media type such as image/png, nor all of a kind such as image/*")
        return [it.lower() for it in value]

    @field_validator("turn_allow_peer")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        return [str(ipaddress.ip_network(network)) for network in value]

    @field_validator("turn_secret")
    @classmethod
    def _is_long(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value().encode()) < TURN_SECRET_BYTES:
            raise ValueError(f"give at least {TURN_SECRET_BYTES} bytes, for example from: openssl rand -hex 32")
        return value

    @model_validator(mode="after")
    def _relays_have_a_secret(self) -> "Settings":
        relays = [url for url in self.ice_server if ice_url.parse(url).relays]
        if relays and not (self.ice_secret and self.ice_secret.get_secret_value()):
            raise ValueError(
                f"ice-server {relays[0]} needs ice-secret, the secret that coturn calls static-auth-secret"
            )
        return self

    @model_validator(mode="after")
    def _certificate_is_whole(self) -> "Settings":
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls-cert and tls-key go together")
        return self

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the HTTP listener."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def has_keys(self) -> bool:
        """Whether tokens can be checked."""
        return self.secret is not None or bool(self.token_public_key)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings


def _public_address(text: str) -> str:
    if text.startswith("stun:"):
        ice_url.parse(text)
    elif text not in ("auto", "cloud"):
        try:
            return str(ipaddress.ip_address(text))
        except ValueError:
            raise ValueError(f"{text!r} is none of: an address, auto, cloud, stun:host:port") from None
    return text


def load(*, config: Path | None = None, **given: Any) -> Settings:
    """Settings from arguments, the environment and perhaps a TOML file. Arguments that are None or empty lists were not given.

    Raises pydantic.ValidationError, OSError for an unreadable file, tomllib.TOMLDecodeError.
    """
    values = {key: value for key, value in given.items() if value is not None and value != []}
    if config is None:
        return Settings(**values)
    with config.open("rb"):
        pass  # pydantic-settings takes a missing file for an empty one

    class FromFile(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, _Toml(settings_cls, config)

    return FromFile(**values)


class _Toml(TomlConfigSettingsSource):
    """Keys may be written as the flags are, `udp-port`, or with underscores."""

    def _read_file(self, file_path: Any) -> dict[str, Any]:
        return {key.replace("-", "_"): value for key, value in super()._read_file(file_path).items()}
