"""The ticket as its grid."""

from collections.abc import Collection
from dataclasses import dataclass

from generation.lotteries import Lottery

COLUMNS = 10
"""In a row, of lotteries whose tickets differ."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A number on the ticket. `face` is what is printed."""

    number: int
    face: str
    column: int  # from 0
    row: int
    state: str = ""  # fixed, allowed, excluded


def columns_of(lottery: Lottery) -> int:
    """How many numbers stand in a row."""
    return lottery.digits or lottery.ticket_columns or COLUMNS


def rows_of(lottery: Lottery) -> int:
    return -(-lottery.pool // columns_of(lottery))


def cells_of(lottery: Lottery, states: dict[int, str] | None = None) -> list[Cell]:
    """Row by row. Digits stand below each other, a column for each place."""
    columns = columns_of(lottery)
    found = []
    for place in range(lottery.pool):
        row, column = divmod(place, columns)
        number = column * 10 + row + 1 if lottery.digits else place + 1
        state = (states or {}).get(number, "")
        found.append(Cell(number, face_of(lottery, number), column, row, state))
    return found


def face_of(lottery: Lottery, number: int) -> str:
    """Lotomania prints 100 as 00."""
    if lottery.digits:
        return str(lottery.face(number))
    return f"{number % 100:02}" if lottery.pool == 100 else f"{number:02}"


def states_of(
    fixed: Collection[int], allowed: Collection[int], excluded: Collection[int]
) -> dict[int, str]:
    """What was wished of each number."""
    return (
        dict.fromkeys(allowed, "allowed")
        | dict.fromkeys(fixed, "fixed")
        | dict.fromkeys(excluded, "excluded")
    )
