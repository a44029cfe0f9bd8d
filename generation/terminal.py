"""What the commands show on a terminal: a progress bar and a table of figures."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.text import Text

from generation.constraints import GameConstraints
from generation.explaining import Count, explain
from generation.lotteries import Lottery, get_lottery
from generation.orders import Order

STAGES = {
    "start": "starting Ray",
    "wait": "waiting for a worker",
    "make": "making games",
    "write": "writing and counting",
    "publish": "flushing to disk",
    "deliver": "copying to its place",
}


class _Rate(ProgressColumn):
    """Games done, and per second."""

    def render(self, task: Task) -> Text:
        done = int(task.completed)
        speed = task.speed or (done / task.elapsed if task.elapsed else 0)
        told = f"{speed / 1e6:.1f} M/s" if speed >= 1e5 else f"{speed:,.0f}/s"
        return Text(f"{done:,} ({told})")


@contextmanager
def progress_bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr, so that output can be piped. Yields a function of the games done."""
    columns = [TextColumn("{task.description}"), BarColumn(), _Rate(), TimeElapsedColumn()]
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task(title, total=total)
        yield lambda done: progress.update(bar, completed=done)


def print_figures(figures: dict[str, str]) -> None:
    """Two columns on stdout; nothing is wrapped or cut, so that values can be copied."""
    width = max(map(len, figures)) + 2
    for name, value in figures.items():
        sys.stdout.write(f"{name:<{width}}{value}\n")


def order_figures(order: Order, valid_games: int, exact: bool) -> dict[str, str]:
    """What was ordered, and how many games would satisfy it in all, or at most."""
    lottery = get_lottery(order.lottery)
    second = order.constraints.second_picks(lottery)
    beside = f", and {second} {lottery.second.name}" if lottery.second else ""
    return {
        "lottery": f"{lottery.name} ({lottery.key}){beside}",
        "constraints": order.constraints.describe(),
        "valid games in all": f"{'' if exact else 'at most '}{valid_games:,}",
        "seed": str(order.constraints.seed),
    }


def file_figures(
    path: Path,
    size: int,
    sha256: str,
    quantity: int,
    seconds: dict[str, float],
    total: float,
    reason: str = "",
) -> dict[str, str]:
    """The figures of a finished file. `seconds` by stage; what is left over is `other`. `reason`
    says why games are missing, where some are."""
    stages = {STAGES.get(stage, stage): spent for stage, spent in seconds.items()}
    stages["everything else"] = max(0.0, total - sum(seconds.values()))
    return {
        "games": f"{quantity:,}",
        **({"INCOMPLETE": reason} if reason else {}),
        "seconds": f"{total:.2f}",
        "games per second": f"{quantity / total:,.0f}",
        **{f"  {stage}": f"{spent:.2f} s" for stage, spent in stages.items()},
        "file": f"{path} ({size:,} bytes)",
        "SHA-256": sha256,
    }


def price_figures(
    lottery: Lottery, as_of: str, price: Decimal, quantity: int, rest: Decimal | None = None
) -> dict[str, str]:
    """What a game costs and what all cost together; with a budget, what is left of it."""
    figures = {
        "price of a game": f"{price:,.2f} {lottery.currency}{f' (as of {as_of})' if as_of else ''}",
        "price in all": f"{price * quantity:,.2f} {lottery.currency}",
    }
    if rest is not None:
        figures["left of the budget"] = f"{rest:,.2f} {lottery.currency}"
    return figures


def explanation(lottery: Lottery, constraints: GameConstraints) -> Iterator[str]:
    """A line for each constraint: how many games it leaves, alone and after those before it."""
    steps = list(explain(lottery, constraints))
    widest = max(len(step.wish) for step in steps)
    yield f"{'constraint':<{widest}}  {'games with it alone':>26}  {'with it and all above':>26}"
    every = steps[0].alone
    for step in steps:
        alone, together = (_share(count, every) for count in (step.alone, step.together))
        yield f"{step.wish:<{widest}}  {alone:>26}  {together:>26}"


def _share(count: Count | None, every: Count | None) -> str:
    if count is None:
        return "too many to count"
    told = f"{'' if count.exact else 'at most '}{count.games:,}"
    return f"{told} ({100 * count.games / every.games:.3g}%)" if every else told
