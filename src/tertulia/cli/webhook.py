"""`tertulia webhook`: make the address by which another service publishes on a topic."""

import tomllib
from pathlib import Path
from typing import Annotated

import pydantic
import typer

from tertulia import config
from tertulia.auth.tokens import TokenSigner
from tertulia.cli import secret as secrets
from tertulia.cli.failure import describe, fail

PATH = "/api/v1/hooks"


def webhook(
    topic: Annotated[str, typer.Argument(help="The topic of the server, such as /ci/builds.")],
    url: Annotated[
        str, typer.Option(help="Where the service reaches the server, with its prefix.", envvar="TERTULIA_URL")
    ] = "http://127.0.0.1:3000",
    signed: Annotated[
        bool, typer.Option("--signed", help="For a service that signs: an address without a token, and the key.")
    ] = False,
    days: Annotated[float, typer.Option(help="How long the token is good for.", min=0.01)] = 365.0,
    secret: Annotated[
        str | None,
        typer.Option(help="The server's secret. Without it: from TERTULIA_SECRET, the file, or the data dir."),
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Where the server keeps the secret that it made.")] = None,
    config_file: Annotated[Path | None, typer.Option("--config", help="The server's TOML file.")] = None,
) -> None:
    """Print the address that another service may POST to, to publish on one topic; with --signed also the key, on a line of its own."""
    try:
        settings = config.load(config=config_file, secret=secret, data_dir=data_dir)
        key = secrets.known(settings)
        if key is None:
            fail("no secret: give --secret, or the --data-dir of a server that made one")
        signer = TokenSigner(key)
        address = url.rstrip("/") + PATH + topic
        if signed:
            made = signer.hook_key(topic)
            typer.echo(f"{address}\n{made}")
        else:
            typer.echo(f"{address}?token={signer.sign_hook(topic, ttl=days * 24 * 3600)}")
    except pydantic.ValidationError as error:
        fail(describe(error))
    except (ValueError, OSError, tomllib.TOMLDecodeError) as error:
        fail(str(error))
