"""Official draws out of a file: as the lottery's operator publishes them, or plain.

The operator's: headers ``Concurso``, ``Data do Sorteio`` (DD/MM/YYYY), ``Bola1`` … ``BolaN`` and
``Trevo1`` … for a second group, further columns ignored; CSV or XLSX. Plain: ``draw,date,n1,…`` and
``s1,…``, dates as YYYY-MM-DD.
"""

import csv
import datetime as dt
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.lotteries import Lottery
from generation.sheets import MAX_COLUMNS, MAX_ROWS, SheetError, read_sheet

MAX_BYTES = 64 * 2**20
MOST_PROBLEMS = 10  # told one by one
EXCEL_EPOCH = dt.date(1899, 12, 30)


class DrawFileError(SheetError):
    """The file is not one of draws, or some of its rows are not: `rows` says by their numbers in
    the file what is wrong with each."""

    def __init__(self, message: str, rows: Mapping[int, str] | None = None) -> None:
        super().__init__(message)
        self.rows = dict(rows or {})


@dataclass(frozen=True, slots=True)
class DrawRow:
    """One draw: its number in the lottery's count, and what was drawn, ascending."""

    number: int
    date: dt.date
    numbers: tuple[int, ...]
    second: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the columns are."""

    number: int
    date: int
    numbers: tuple[int, ...]
    second: tuple[int, ...]


def read_draws(path: Path, lottery: Lottery) -> list[DrawRow]:
    """All draws of a file, in its order. Raises DrawFileError, with row numbers, unless all are
    draws of the lottery; OSError when the file cannot be read."""
    if path.stat().st_size > MAX_BYTES:
        raise DrawFileError(f"{path.name} is larger than {MAX_BYTES // 2**20} MiB; split it")
    kind = path.suffix.lower()
    if kind not in {".csv", ".tsv", ".txt", ".xlsx"}:
        raise DrawFileError(f"{path.name} must end in .csv or .xlsx; save it as one of these")
    rows = read_sheet(path) if kind == ".xlsx" else _csv_rows(path)
    layout = _layout(rows[0] if rows else [], lottery, path.name)
    draws: dict[int, DrawRow] = {}
    problems: dict[int, str] = {}
    for place, row in enumerate(rows[1:], start=2):
        if not any(_text(cell) for cell in row):
            continue
        try:
            draw = _draw(row, layout, lottery)
            if draw.number in draws:
                raise ValueError(f"draw {draw.number} comes twice")
            draws[draw.number] = draw
        except (ValueError, IndexError) as error:
            told = "too few columns" if isinstance(error, IndexError) else str(error)
            problems[place] = told
    if problems:
        raise _no_draws(problems, lottery, path.name)
    if not draws:
        raise DrawFileError(f"{path.name} has a header and no draws")
    return list(draws.values())


def _no_draws(problems: dict[int, str], lottery: Lottery, name: str) -> DrawFileError:
    first = list(problems.items())[:MOST_PROBLEMS]
    told = "; ".join(f"row {place}: {problem}" for place, problem in first)
    more = len(problems) - len(first)
    rest = f"; and {more} more" if more else ""
    message = f"{name} has rows that are no draws of {lottery.name}: {told}{rest}"
    return DrawFileError(message, problems)


def _csv_rows(path: Path) -> list[Sequence[Any]]:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    first = text.partition("\n")[0]
    delimiter = max(";,\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Sequence[Any]] = []
    try:
        for row in reader:
            if any("\n" in cell for cell in row):
                raise csv.Error("a quote runs over the end of its line")
            if len(rows) >= MAX_ROWS or len(row) > MAX_COLUMNS:
                raise csv.Error(f"more than {MAX_ROWS:,} rows or {MAX_COLUMNS} columns")
            rows.append(row)
    except csv.Error as error:
        raise DrawFileError(f"{path.name}, line {reader.line_num}: {error}") from None
    return rows


def _layout(header: Sequence[Any], lottery: Lottery, name: str) -> _Layout:
    places = {re.sub(r"\W+", "", _text(cell)).lower(): place for place, cell in enumerate(header)}
    second = lottery.second.draw if lottery.second else 0
    operators = ("datadosorteio", "datasorteio", "data")
    for number, dates, main, beside in (
        ("concurso", operators, "bola", "trevo"),
        ("concurso", operators, "coluna", "trevo"),
        ("draw", ("date",), "n", "s"),
    ):
        for more in (f"{main}{lottery.draw + 1}", f"{beside}{second + 1}"):
            if more in places and number in places:
                raise DrawFileError(
                    f"{name} has a column {more}, but a draw of {lottery.name} has {lottery.draw}"
                    f" numbers{f' and {second} {lottery.second.name}' if lottery.second else ''};"
                    " say of which lottery these draws are"
                )
        date = next((one for one in dates if one in places), dates[0])
        wanted = [f"{main}{place}" for place in range(1, lottery.draw + 1)]
        also = [f"{beside}{place}" for place in range(1, second + 1)]
        if all(one in places for one in (number, date, *wanted, *also)):
            return _Layout(
                places[number],
                places[date],
                tuple(places[one] for one in wanted),
                tuple(places[one] for one in also),
            )
    told = ", ".join(_text(cell) for cell in header)[:200] or "nothing"
    raise DrawFileError(
        f"{name} does not begin with the header of draws of {lottery.name}: expected Concurso, Data"
        f" do Sorteio, Bola1 to Bola{lottery.draw}{_beside('Trevo', second)}, or draw, date, n1 to"
        f" n{lottery.draw}{_beside('s', second)}; got {told}"
    )


def _beside(name: str, count: int) -> str:
    return f", {name}1 to {name}{count}" if count else ""


def _draw(row: Sequence[Any], layout: _Layout, lottery: Lottery) -> DrawRow:
    return DrawRow(
        _whole(row[layout.number], "the draw's number", 1, 10**9),
        _date(row[layout.date]),
        _numbers([row[place] for place in layout.numbers], lottery.pool, lottery.digits),
        _numbers([row[place] for place in layout.second], lottery.second.pool, 0)
        if lottery.second
        else (),
    )


def _numbers(cells: Sequence[Any], pool: int, digits: int) -> tuple[int, ...]:
    if digits:
        return tuple(_whole(cell, "a digit", 0, 9) for cell in cells)
    # 00 is how a hundredth number is printed.
    found = [_whole(cell, "a number", 0 if pool == 100 else 1, pool) or pool for cell in cells]
    if len(set(found)) < len(found):
        raise ValueError(f"a number comes twice in {', '.join(map(str, found))}")
    return tuple(sorted(found))


def _whole(cell: Any, what: str, least: int, most: int) -> int:
    text = _text(cell)
    if not text.isascii() or not text.isdecimal() or not least <= int(text) <= most:
        raise ValueError(f"{what} must be {least} to {most}, got {text!r}")
    return int(text)


def _date(cell: Any) -> dt.date:
    if isinstance(cell, dt.datetime):
        return cell.date()
    if isinstance(cell, dt.date):
        return cell
    if isinstance(cell, int | float) and 1 <= cell < 10**5:  # a spreadsheet's count of days
        return EXCEL_EPOCH + dt.timedelta(days=int(cell))
    text = _text(cell)
    day_first = re.fullmatch(r"(\d{2})/(\d{2})/(\d{4})", text)
    try:
        if day_first:
            return dt.date(int(day_first[3]), int(day_first[2]), int(day_first[1]))
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"the date must be DD/MM/YYYY or YYYY-MM-DD, got {text!r}") from None


def _text(cell: Any) -> str:
    """A cell as it reads; a spreadsheet's whole numbers come as floats."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
