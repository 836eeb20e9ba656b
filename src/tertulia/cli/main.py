"""`tertulia`, the command."""

from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from tertulia.cli.doctor import doctor
from tertulia.cli.rooms import rooms
from tertulia.cli.serve import serve
from tertulia.cli.token import token
from tertulia.cli.webhook import webhook

app = typer.Typer(
    name="tertulia",
    help="The whole real-time stack: meetings, live streams, signalling and media, in one process.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(serve)
app.command()(token)
app.command()(webhook)
app.command()(rooms)
app.command()(doctor)


def _show_version(wanted: bool) -> None:
    if wanted:
        try:
            typer.echo(f"tertulia {version('tertulia')}")
        except PackageNotFoundError:
            typer.echo("tertulia (not installed, running from its source)")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and end.")
    ] = False,
) -> None:
    """Options that need no command."""


def main() -> None:
    """Entry point of the console script."""
    app()
