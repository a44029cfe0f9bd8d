"""The tables that insights are looked for in: the project's own, or a user's CSV or Parquet."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ray_services import data
from ray_services.common.errors import BadInput
from ray_services.common.tables import Table, guess_table

type Floats = NDArray[np.float64]

OWN = {
    "sentiment": "sentiment_data.csv",
    "daily": "simulated_daily_data.csv",
    "market": "prices.parquet",
    "factors": "factors.csv",
}
"""Data sets by name, made from a seed on first use."""
MOST_GROUPS, MOST_COLUMNS, MOST_FINDINGS = 500, 40, 50_000
MOST_LETTERS = 80
"""Of the name of a column, and of a group in a report."""
LARGEST = 1e100
"""Squares of larger numbers are soon infinite."""
FEWEST_ROWS = 20
"""In a group, for anything to be said about it."""
ALL = "all rows"


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one group, in the order of time where there is a time."""

    name: str
    times: NDArray[np.datetime64] | None
    columns: dict[str, Floats]
    """float64, NaN where nothing is given; all of one length."""


@dataclass(frozen=True, slots=True)
class Data:
    name: str
    sha256: str
    """Of the file's bytes."""
    rows: int
    time: str | None
    """The column that says when."""
    group_by: str | None
    groups: list[Group]


def own_data(name: str, group_by: str | None = None) -> Data:
    """One of OWN. Raises BadInput for another."""
    if name not in OWN:
        raise BadInput(f"expected one of {', '.join(OWN)}, got {name!r}.", field="dataset")
    return read_data(data.path(OWN[name]), name, group_by)


def read_data(source: Path | bytes, name: str, group_by: str | None = None) -> Data:
    """The groups of a table: by the text column `group_by`, or by the first that tells some."""
    table = guess_table(source, name)
    texts = [one for one, values in table.columns.items() if values.dtype == object]
    if group_by is not None and group_by not in texts:
        raise BadInput(
            f"expected a column of texts ({', '.join(texts) or 'it has none'}), got {group_by!r}.",
            field="group_by",
        )
    time = next((n for n, values in table.columns.items() if values.dtype.kind == "M"), None)
    numbers = {n: values for n, values in table.columns.items() if values.dtype.kind == "f"}
    if not numbers or len(numbers) > MOST_COLUMNS:
        raise BadInput(
            f"{name} has {len(numbers)} columns of numbers; expected 1 to {MOST_COLUMNS}.",
            remedy="Leave out the columns that are of no interest." if numbers else "",
        )
    for column, values in numbers.items():
        if len(column) > MOST_LETTERS:
            raise BadInput(
                f"the column {column[:20]!r}… has a name of {len(column):,} characters; up to "
                f"{MOST_LETTERS} are taken.",
                remedy="Give it a shorter one.",
            )
        if (np.abs(values) > LARGEST).any():
            row = int(np.argmax(np.abs(values) > LARGEST)) + 1
            raise BadInput(
                f"expected numbers from -{LARGEST:g} to {LARGEST:g}.", field=column, row=row
            )
    by = group_by or next((one for one in texts if _tells_groups(table, one)), None)
    parts = _parts(table, by)
    _demand_size(name, len(parts), len(numbers))
    groups = [_group(table, part, rows, time, numbers) for part, rows in parts]
    return Data(name, table.sha256, table.rows, time, by, groups)


def _tells_groups(table: Table, column: str) -> bool:
    distinct = len(set(table[column]))
    return 2 <= distinct <= MOST_GROUPS and distinct * FEWEST_ROWS <= table.rows


def _parts(table: Table, by: str | None) -> list[tuple[str, NDArray[np.intp] | slice]]:
    """The name of each group and its rows, by name."""
    if by is None:
        return [(ALL, slice(None))]
    texts = ["" if one is None else str(one) for one in table[by]]
    names = sorted(set(texts))
    if len(names) > MOST_GROUPS:
        raise BadInput(
            f"it has {len(names):,} different values; up to {MOST_GROUPS} are taken as groups.",
            field=by,
            remedy="Group by another column.",
        )
    place = {name: number for number, name in enumerate(names)}
    codes = np.fromiter((place[one] for one in texts), np.intp, len(texts))
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(names)))
    return [
        (one[:MOST_LETTERS] or "(none)", rows)
        for one, rows in zip(names, np.split(order, ends[:-1]), strict=True)
    ]


def _demand_size(name: str, groups: int, columns: int) -> None:
    findings = groups * (4 * columns + columns * (columns - 1) // 2)
    if findings > MOST_FINDINGS:
        raise BadInput(
            f"{name} has {groups} groups and {columns} columns of numbers, of which {findings:,} "
            f"findings could be made; up to {MOST_FINDINGS:,} are looked at.",
            remedy="Leave out columns, or group by one with fewer values.",
        )


def _group(
    table: Table, name: str, rows: Any, time: str | None, numbers: dict[str, Floats]
) -> Group:
    if time is None:
        return Group(name, None, {n: values[rows] for n, values in numbers.items()})
    times = table[time][rows]
    order = np.argsort(times, kind="stable")
    return Group(name, times[order], {n: values[rows][order] for n, values in numbers.items()})
