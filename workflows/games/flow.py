"""The flow itself: games of an order, what they are made of, and the checksum of their file."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from generation.constraints import GameConstraints
from generation.lotteries import get_lottery
from generation.orders import CheckedOrder, Order, check_order
from generation.results import make_file
from generation.statistics import statistics
from workflows.common.processors import OnProgress

MOST_GAMES = 1_000_000
SHOWN = 10
CHARTS = {
    "numbers": "Games that hold each number",
    "odd": "Odd numbers of a game",
    "sum": "Sum of a game's numbers",
}
MOST_BARS = 30


class Wanted(BaseModel):
    """Which games, and how many."""

    model_config = ConfigDict(extra="forbid")

    lottery: str = Field(
        default="mega-sena", max_length=40, description="As in the list of lotteries."
    )
    quantity: int = Field(ge=1, le=MOST_GAMES)
    constraints: GameConstraints = Field(
        default_factory=GameConstraints, description="As for a job; `seed` makes it repeatable."
    )

    def checked(self) -> CheckedOrder:
        """The order of a CSV file. Raises ValueError where it cannot be delivered."""
        return check_order(Order(self.lottery, self.constraints, self.quantity))

    def settled(self) -> "Wanted":
        """The same with a seed, so that each run of it makes the same games. Raises ValueError
        where it cannot be delivered."""
        return self.model_copy(update={"constraints": self.checked().order.constraints})


def make_games(wanted: Wanted, on_progress: OnProgress | None = None) -> dict[str, Any]:
    """A report, as JSON can hold it. The file itself is not kept: jobs are for that, and the same
    order gives the same SHA-256 there.

    Raises ValueError for an order that cannot be delivered.
    """
    checked = wanted.checked()
    order = checked.order

    def told(done: int) -> None:
        if on_progress is not None:
            on_progress(done, order.quantity)

    with TemporaryDirectory() as folder:
        path = Path(folder, "games.csv")
        made = make_file(order, path, told)
        with path.open(encoding="utf-8") as lines:
            first = [line.strip() for line, _ in zip(lines, range(SHOWN + 1), strict=False)]
    told(made.games)
    found = statistics(get_lottery(order.lottery), order.constraints, made.tally)
    return {
        "title": f"{made.games:,} games of {order.lottery}",
        "facts": {
            "lottery": order.lottery,
            "seed": order.constraints.seed,
            "valid games in all": checked.valid_games,
            "games": made.games,
            "bytes": made.size,
            "SHA-256": made.sha256,
            **({"reason": made.reason} if made.reason else {}),
        },
        "games": first,
        "charts": [_chart(found, name, title) for name, title in CHARTS.items() if name in found],
    }


def _chart(found: dict[str, Any], name: str, title: str) -> dict[str, Any]:
    """Bars, or a line where there are too many of them."""
    values = found[name]["values"]
    counts = [one["observed"] for one in values]
    labels = [str(one["value"]) for one in values]
    if len(counts) <= MOST_BARS:
        return {"title": title, "kind": "bars", "values": counts, "labels": labels}
    return {"title": title, "kind": "line", "values": counts, "labels": [labels[0], labels[-1]]}
