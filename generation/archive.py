"""The official draws that are stored."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from generation.draws import DrawRow
from generation.lotteries import Lottery
from generation.models import Draw

MOST_NAMED = 5


class DrawsDiffer(ValueError):
    """Draws of the file are stored already, with other numbers or another date."""


class NoSuchDraw(ValueError):
    """The draw is not stored."""


@dataclass(frozen=True, slots=True)
class Imported:
    """How many draws were added, replaced, and there already."""

    added: int
    replaced: int
    same: int


def store_draws(lottery: Lottery, rows: Sequence[DrawRow], *, replace: bool = False) -> Imported:
    """Store draws, all or none. Raises DrawsDiffer where one is stored otherwise, unless those are
    to be replaced."""
    with transaction.atomic():
        stored = {draw.number: draw for draw in Draw.objects.filter(lottery=lottery.key)}
        new = [row for row in rows if row.number not in stored]
        other = [row for row in rows if row.number in stored and not _is(stored[row.number], row)]
        if other and not replace:
            named = ", ".join(str(row.number) for row in other[:MOST_NAMED])
            more = f" and {len(other) - MOST_NAMED} more" if len(other) > MOST_NAMED else ""
            raise DrawsDiffer(
                f"draws {named}{more} of {lottery.name} are stored with other numbers or dates;"
                " correct the file, or say that they are to be replaced"
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


def past_numbers(lottery: Lottery) -> tuple[tuple[int, ...], ...]:
    """The numbers of every draw that is stored, the latest first. Raises NoSuchDraw for none."""
    found = Draw.objects.filter(lottery=lottery.key).values_list("numbers", flat=True)
    if not (rows := tuple(tuple(numbers) for numbers in found)):
        raise NoSuchDraw(f"there are no draws of {lottery.name} here; see import_draws")
    return rows


def _is(draw: Draw, row: DrawRow) -> bool:
    stored = (draw.date, tuple(draw.numbers), tuple(draw.second_numbers))
    return stored == (row.date, row.numbers, row.second)


def _draw(lottery: Lottery, row: DrawRow) -> Draw:
    return Draw(lottery=lottery.key, number=row.number).set(row)
