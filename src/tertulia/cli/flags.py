"""The flags of `tertulia serve`. None stands for "not given", so that the environment and the file are asked."""

from pathlib import Path
from typing import Annotated

import typer

Host = Annotated[
    str | None,
    typer.Option(
        help="Address to listen on: ::, 0.0.0.0 or an address of this machine to be reached by others. [default: 127.0.0.1]"
    ),
]
Port = Annotated[
    int | None,
    typer.Option(help="TCP port for HTTP, WebSocket, and media where UDP is blocked; 0: any free one. [default: 3000]"),
]
UdpPort = Annotated[
    int | None,
    typer.Option(help="UDP port for media, STUN and TURN; 0: any free one. [default: 3478, or the next free one]"),
]
PublicIp = Annotated[
    list[str] | None,
    typer.Option(
        help="Address at which clients reach this server, where no interface has it; "
        "or whom to ask for it: cloud, stun:host:port, auto. Repeatable."
    ),
]
P2p = Annotated[
    str | None,
    typer.Option(
        help="When media goes directly between people: auto (two of them), never, always (a mesh of at most 4). [default: auto]"
    ),
]
AudioFec = Annotated[
    bool | None,
    typer.Option(
        "--audio-fec/--no-audio-fec",
        help="Opus puts a coarse copy of a frame into the next one, where packets are lost. [default: audio-fec]",
    ),
]
AudioDtx = Annotated[
    bool | None,
    typer.Option(
        "--audio-dtx/--no-audio-dtx", help="Send next to nothing while nobody speaks. [default: no-audio-dtx]"
    ),
]
AudioRed = Annotated[
    bool | None,
    typer.Option(
        "--audio-red/--no-audio-red",
        help="Packets of sound repeat earlier frames, so that the next packet makes a lost one good. [default: audio-red]",
    ),
]
Tls = Annotated[
    str | None,
    typer.Option(help="off, or self-signed: a certificate made here and kept in the data dir. [default: off]"),
]
TlsCert = Annotated[Path | None, typer.Option(help="Certificate chain, PEM; turns TLS on.")]
TlsKey = Annotated[Path | None, typer.Option(help="Its private key, PEM.")]
DataDir = Annotated[
    Path | None,
    typer.Option(help="Where the server keeps what it makes: secrets, certificate. [default: ~/.local/share/tertulia]"),
]
Database = Annotated[
    str | None,
    typer.Option(
        help="Where chat is kept: sqlite:///path, or postgresql://user:password@host/name, which is better given as TERTULIA_DATABASE. "
        "[default: tertulia.db in the data dir]"
    ),
]
ChatRetention = Annotated[
    float | None,
    typer.Option(help="Seconds for which chat and files are kept; 0: as long as its room is open. [default: 30 days]"),
]
Files = Annotated[
    str | None,
    typer.Option(
        help="Where files are kept that people share: a folder, or s3://bucket/prefix, with AWS_ENDPOINT_URL and the like in the "
        "environment. [default: files in the data dir]"
    ),
]
MaxFileSize = Annotated[int | None, typer.Option(help="Bytes that a shared file may have. [default: 100 MiB]")]
FileType = Annotated[
    list[str] | None,
    typer.Option(
        help="Media type of files that may be shared, such as image/*; by the content. Repeatable. [default: all]"
    ),
]
RefuseFileType = Annotated[
    list[str] | None, typer.Option(help="Media type of files that may not be shared, such as text/html. Repeatable.")
]
Topic = Annotated[
    list[str] | None,
    typer.Option(
        help="Topic of the server, or a branch of them, that people may hear: /quotes/*. With options behind semicolons: retain (the "
        "last value is kept), publish=everyone|token, subscribe=token, rate=20 (values a second of each publisher). Repeatable."
    ),
]
AllowOrigin = Annotated[
    list[str] | None,
    typer.Option(help="Origin of pages that may connect, besides this server's own; * for all. Repeatable."),
]
Secret = Annotated[
    str | None,
    typer.Option(
        help="Signs tokens, at least 32 bytes. Better given as TERTULIA_SECRET: others can see a command's arguments."
    ),
]
Turn = Annotated[
    bool | None,
    typer.Option(
        "--turn/--no-turn",
        help="Relay media for people whose network lets nothing else through; STUN is answered in any case. [default: turn]",
    ),
]
TurnSecret = Annotated[
    str | None,
    typer.Option(
        help="Signs TURN credentials, at least 32 bytes. Better given as TERTULIA_TURN_SECRET. [default: made, and kept in the data dir]"
    ),
]
TurnAllowPeer = Annotated[
    list[str] | None,
    typer.Option(
        help="Network to which the relay may send besides public addresses, such as 192.168.1.0/24. Repeatable.",
        metavar="CIDR",
    ),
]
IceServer = Annotated[
    list[str] | None,
    typer.Option(help="An external STUN or TURN server for clients, such as turn:host:port?transport=udp. Repeatable."),
]
IceSecret = Annotated[
    str | None,
    typer.Option(
        help="What the TURN servers of --ice-server share with this one (coturn: static-auth-secret). Better given as TERTULIA_ICE_SECRET."
    ),
]
TokenPublicKey = Annotated[
    list[Path] | None,
    typer.Option(help="PEM file with a public key (Ed25519, RSA, P-256) that verifies tokens. Repeatable."),
]
MaxRoomSize = Annotated[int | None, typer.Option(help="People in a room. [default: 100]")]
Workers = Annotated[int | None, typer.Option(help="Media threads. [default: cores]")]
Web = Annotated[
    Path | None, typer.Option(help="Serve this folder in place of the built-in app.", exists=True, file_okay=False)
]
Open = Annotated[bool | None, typer.Option("--open", help="Rooms need no token.")]
Log = Annotated[str | None, typer.Option("--log", help="text or json. [default: text]")]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="TOML file with these settings; flags and TERTULIA_* go before it.")
]
TestCommands = Annotated[bool | None, typer.Option("--test-commands", hidden=True)]
