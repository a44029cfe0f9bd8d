"""The official draws that are stored."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from generation.constraints import GameConstraints
from generation.contradictions import ConstraintError
from generation.draws import DrawRow
from generation.lotteries import Lottery
from generation.models import Draw

MOST_NAMED = 5


class DrawsDiffer(ValueError):
    """Draws of the file are stored already, with other numbers or another date."""


class NoSuchDraw(ValueError):
    """The draw is not stored."""


class ImportsMet(Exception):
    """Another import stored draws of the same lottery at the same time; nothing was stored."""


@dataclass(frozen=True, slots=True)
class Imported:
    """How many draws were added, replaced, and there already."""

    added: int
    replaced: int
    same: int


def store_draws(lottery: Lottery, rows: Sequence[DrawRow], *, replace: bool = False) -> Imported:
    """Store draws, all or none. Raises DrawsDiffer where one is stored otherwise, unless those are
    to be replaced, and ImportsMet where another import was faster."""
    try:
        with transaction.atomic():
            return _store(lottery, rows, replace)
    except IntegrityError:  # a draw that was not there a moment ago
        raise ImportsMet(
            f"Another import of draws of {lottery.name} ran at the same time, and nothing of this"
            " one was stored: import the file again."
        ) from None


def _store(lottery: Lottery, rows: Sequence[DrawRow], replace: bool) -> Imported:
    stored = {draw.number: draw for draw in Draw.objects.filter(lottery=lottery.key)}
    new = [row for row in rows if row.number not in stored]
    other = [row for row in rows if row.number in stored and not _is(stored[row.number], row)]
    if other and not replace:
        named = ", ".join(str(row.number) for row in other[:MOST_NAMED])
        more = f" and {len(other) - MOST_NAMED} more" if len(other) > MOST_NAMED else ""
        raise DrawsDiffer(
            f"draws {named}{more} of {lottery.name} are stored with other numbers or dates;"
            " correct the file, or replace them with --replace (replace=true over REST)"
        )
    Draw.objects.bulk_create([_draw(lottery, row) for row in new], batch_size=1000)
    changed = [stored[row.number].set(row) for row in other]
    Draw.objects.bulk_update(changed, ["date", "numbers", "second_numbers"], batch_size=500)
    return Imported(len(new), len(other), len(rows) - len(new) - len(other))


def find_draw(lottery: Lottery, number: int | None) -> Draw:
    """The draw of this number, or the latest."""
    draws = Draw.objects.filter(lottery=lottery.key)
    found = draws.first() if number is None else draws.filter(number=number).first()
    if found is None:
        which = f"is no draw {number}" if number is not None else "are no draws"
        raise NoSuchDraw(f"there {which} of {lottery.name} here; see import_draws")
    return found


def reference_draw(lottery: Lottery, number: int | None) -> tuple[int, ...]:
    """The main numbers of the draw of this number, or of the latest, as the constraint
    `reference_draw` takes them. Raises NoSuchDraw."""
    if lottery.digits:
        raise ConstraintError(
            f"reference_draw has no meaning in {lottery.name}, whose games are digits; leave it out"
        )
    return tuple(find_draw(lottery, number).numbers)


def with_past_draws(lottery: Lottery, constraints: GameConstraints) -> GameConstraints:
    """The constraints with all stored draws of the lottery as `past_draws`, where `exclude_past`
    is wanted and none are given; else the same. Raises NoSuchDraw where none are stored.

    Every door calls it before it submits: a job carries the draws that it was ordered with.
    """
    if constraints.exclude_past is None or constraints.past_draws is not None or lottery.digits:
        return constraints
    stored = Draw.objects.filter(lottery=lottery.key).order_by("number")
    draws = tuple(tuple(numbers) for numbers in stored.values_list("numbers", flat=True))
    if not draws:
        raise NoSuchDraw(
            f"exclude_past needs the past draws of {lottery.name}, but none are stored here;"
            " import them (import_draws), or give past_draws"
        )
    asked = constraints.model_dump(exclude_defaults=True)
    return GameConstraints(**{**asked, "past_draws": draws})


def _is(draw: Draw, row: DrawRow) -> bool:
    stored = (draw.date, tuple(draw.numbers), tuple(draw.second_numbers))
    return stored == (row.date, row.numbers, row.second)


def _draw(lottery: Lottery, row: DrawRow) -> Draw:
    return Draw(lottery=lottery.key, number=row.number).set(row)
