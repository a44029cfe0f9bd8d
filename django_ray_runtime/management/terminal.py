"""Tables and durations as the commands show them: plain where the output is no terminal."""

from collections.abc import Iterable
from typing import Any

from django.core.management.base import OutputWrapper
from rich.console import Console
from rich.table import Table

# No terminal: nothing is folded, so that lines can be searched and cut.
_ENDLESS = 10_000


def console_on(stdout: OutputWrapper) -> Console:
    """A console for a command's output, coloured on a terminal only."""
    # Past the wrapper, which would end each of the console's writes with a new line.
    out: Any = stdout._out
    console = Console(file=out, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _ENDLESS
    return console


def table(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> Table:
    """Columns named `>name` are numbers, to the right; the first and those named `~name` fold
    where the terminal is narrow."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for place, name in enumerate(columns):
        folds = place == 0 or name.startswith("~")
        made.add_column(
            name.lstrip(">~"),
            justify="right" if name.startswith(">") else "left",
            no_wrap=not folds,
            overflow="fold" if folds else "ellipsis",
        )
    for row in rows:
        made.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
    return made


def short_age(seconds: float | None) -> str:
    """`0.4s`, `12s`, `3m10s`, `2h05m`, `3d04h`; a dash for None."""
    if seconds is None:
        return "-"
    if seconds < 10:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d{hours:02}h"
    if hours:
        return f"{hours}h{minutes:02}m"
    return f"{minutes}m{rest:02}s" if minutes else f"{rest}s"


def tasks(count: int, kind: str = "") -> str:
    """`1 task`, `2,000 tasks`; with a kind `1 old task`."""
    noun = "task" if count == 1 else "tasks"
    return " ".join(part for part in (f"{count:,}", kind, noun) if part)
