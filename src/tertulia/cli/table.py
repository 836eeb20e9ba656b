"""Tables: for eyes on a terminal, with tabs for programs elsewhere."""

import sys
from collections.abc import Iterable

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text


def show(columns: Iterable[str], rows: list[list[object]], *, empty: str) -> None:
    """`empty`: what to say on a terminal where there are no rows. What others have named comes out without control characters."""
    cells = [[_plain(str(cell)) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in cells:
            typer.echo("\t".join(row))
        return
    if not rows:
        typer.echo(empty)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


def _plain(text: str) -> str:
    """A name must not move the cursor, nor end a line."""
    return "".join(character if character.isprintable() else " " for character in text)
