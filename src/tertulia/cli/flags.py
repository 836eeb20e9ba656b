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
