"""What a finished job made, to look at: tickets, frequencies, charts."""

from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from generation import storing
from generation.charts import charts_of
from generation.lotteries import LOTTERIES, Lottery
from generation.reading import Games, NotReadable, read_games
from generation.statistics import statistics_of
from pages.games.chart_words import voice
from pages.games.heat import heat_map
from pages.games.tickets import Cell, cells_of, columns_of, face_of, rows_of

SHOWN, FEW, LARGE = 12, 4, 30
"""Games that are drawn as tickets; of large ones a few."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A game on its grid."""

    marked: list[Cell]
    numbers: str
    second: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """Tickets are empty where the file is gone; charts where nothing was counted."""

    tickets: list[Ticket]
    cells: list[Cell]
    width: int
    height: int
    heat: SafeString | None
    charts: dict[str, SafeString]
    statistics: dict[str, Any] | None


def outcome_of(job: Any) -> Outcome:
    """Of a successful job."""
    lottery = LOTTERIES[job.lottery]
    try:
        statistics = statistics_of(job)
    except ValueError:  # NotCounted, or an order of another version
        statistics = None
    drawn = charts_of(statistics, voice()) if statistics else {}
    return Outcome(
        tickets=_tickets(job, lottery),
        cells=cells_of(lottery),
        width=columns_of(lottery) * 10,
        height=rows_of(lottery) * 10,
        heat=heat_map(lottery, statistics) if statistics else None,
        # Made by us out of numbers and our own words, all of it through an XML serializer.
        charts={name: mark_safe(svg) for name, svg in drawn.items()},  # noqa: S308  # nosec
        statistics=statistics,
    )


def _tickets(job: Any, lottery: Lottery) -> list[Ticket]:
    picks = job.order.constraints.numbers_per_game
    return [_ticket(lottery, game[:picks], game[picks:]) for game in _first_games(job)]


def _first_games(job: Any) -> Games:
    if not job.has_file or job.file_expired_at is not None:
        return []
    try:
        with storing.open_file(job.file_name) as file:
            count = FEW if job.order.constraints.numbers_per_game >= LARGE else SHOWN
            return read_games(file, job.file_format, 0, count)[1]
    except (FileNotFoundError, NotReadable):
        return []


def _ticket(lottery: Lottery, game: list[int], second: list[int]) -> Ticket:
    if lottery.digits:
        held = {place * 10 + digit + 1 for place, digit in enumerate(game)}
        told = " ".join(map(str, game))
    else:
        held = set(game)
        told = " ".join(face_of(lottery, number) for number in game)
    marked = [cell for cell in cells_of(lottery) if cell.number in held]
    return Ticket(marked, told, " ".join(map(str, second)))
