"""What commands that make tokens share: whose secret they sign with, and how they say that there is none."""

import contextlib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pydantic
import typer

from tertulia import config
from tertulia.auth.tokens import TokenSigner
from tertulia.cli import secret as secrets
from tertulia.cli.failure import describe, fail

Secret = Annotated[
    str | None,
    typer.Option(help="The server's secret. Without it: from TERTULIA_SECRET, the file, or the data dir."),
]
DataDir = Annotated[Path | None, typer.Option(help="Where the server keeps the secret that it made.")]
ConfigFile = Annotated[Path | None, typer.Option("--config", help="The server's TOML file.")]


@contextlib.contextmanager
def signing(*, secret: str | None, data_dir: Path | None, config_file: Path | None) -> Iterator[TokenSigner]:
    """Signs as `serve` with these settings does. What cannot be made, here or within the block, is said in a line; exit 2."""
    try:
        settings = config.load(config=config_file, secret=secret, data_dir=data_dir)
        key = secrets.known(settings)
        if key is None:
            fail("no secret: give --secret, or the --data-dir of a server that made one")
        yield TokenSigner(key)
    except pydantic.ValidationError as error:
        fail(describe(error))
    except (ValueError, OSError, tomllib.TOMLDecodeError) as error:
        fail(str(error))
