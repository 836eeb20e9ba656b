"""`tertulia rooms`: what goes on in a running server. Exit code 1: no such room; 2: the server cannot be asked."""

import tomllib
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pydantic
import typer

from tertulia import config
from tertulia.auth.tokens import TokenSigner
from tertulia.cli import secret as secrets
from tertulia.cli.api import Api, Failed
from tertulia.cli.certificate import CERTIFICATE
from tertulia.cli.failure import describe, fail
from tertulia.cli.table import show

TOKEN_LASTS = 60.0
"""Seconds: long enough for one command."""


class Action(StrEnum):
    LIST = "list"
    SHOW = "show"
    CLOSE = "close"


def rooms(
    action: Annotated[Action, typer.Argument(help="All rooms, one, or the end of one for everybody.")] = Action.LIST,
    name: Annotated[str | None, typer.Argument(help="The room to show or to close.")] = None,
    url: Annotated[
        str, typer.Option(help="Where the server is, with the prefix that it is mounted below.", envvar="TERTULIA_URL")
    ] = "http://127.0.0.1:3000",
    token: Annotated[
        str | None,
        typer.Option(help="An administrator's token. Without it one is signed with the secret that `serve` would use."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The API's own answer.")] = False,
    secret: Annotated[str | None, typer.Option(help="The server's secret; better given as TERTULIA_SECRET.")] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where the server keeps the secret and the certificate that it made.")
    ] = None,
    config_file: Annotated[Path | None, typer.Option("--config", help="The server's TOML file.")] = None,
) -> None:
    """List, show and close the rooms of a running server."""
    if (name is None) != (action is Action.LIST):
        fail("name a room" if name is None else "list takes no name; did you mean show?")
    api = _api(url, token, secret, data_dir, config_file)
    try:
        match action:
            case Action.LIST:
                _print(api.ask("GET", "/rooms"), as_json, _list)
            case Action.SHOW:
                _print(api.ask("GET", "/rooms", str(name)), as_json, _show)
            case Action.CLOSE:
                api.ask("DELETE", "/rooms", str(name))
    except Failed as error:
        fail(str(error), code=1 if error.no_such_room else 2)


def _api(url: str, token: str | None, secret: str | None, data_dir: Path | None, config_file: Path | None) -> Api:
    try:
        settings = config.load(config=config_file, secret=secret, data_dir=data_dir)
        if token is None and (key := secrets.known(settings)) is not None:
            token = TokenSigner(key).sign_admin(ttl=TOKEN_LASTS)
        return Api(url, token, trust=settings.data_dir / CERTIFICATE)
    except pydantic.ValidationError as error:
        fail(describe(error))
    except (ValueError, OSError, tomllib.TOMLDecodeError) as error:
        fail(str(error))


def _print(body: str, as_json: bool, table: Callable[[Any], None]) -> None:
    if as_json:
        typer.echo(body)
    else:
        table(msgspec.json.decode(body))


def _list(answer: dict[str, Any]) -> None:
    rows = [[it["name"], it["participants"], it["waiting"], it["publications"], _state(it)] for it in answer["rooms"]]
    show(["room", "people", "waiting", "tracks", "state"], rows, empty="no room is open")


def _show(room: dict[str, Any]) -> None:
    rows = [
        [who["id"], who["name"], who["role"], _tracks(who), _quality(who), _presence(who)]
        for who in room["participants"]
    ]
    rows += [[who["id"], who["name"], "", "", "", "waits"] for who in room["waiting"]]
    show(["id", "name", "role", "sends", "quality", "state"], rows, empty="nobody is in the room")


def _state(room: dict[str, Any]) -> str:
    return ", ".join(word for key, word in (("locked", "locked"), ("waitingRoom", "waiting room")) if room[key])


def _tracks(who: dict[str, Any]) -> str:
    return ", ".join(it["source"] + (" (muted)" if it["muted"] else "") for it in who["publications"])


def _quality(who: dict[str, Any]) -> str:
    quality = who["connectionQuality"]
    return "" if quality is None else f"{who['connectionScore']:.1f} {quality}"


def _presence(who: dict[str, Any]) -> str:
    words = (("hand up", who["hand"]), ("connection lost", not who["connected"]))
    return ", ".join(word for word, holds in words if holds)
