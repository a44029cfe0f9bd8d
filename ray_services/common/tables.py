"""Tables as users have them: CSV or Parquet, with the quirks of real files.

A trailing comma, columns in another order and further columns are nothing to complain about; text
where a number is due is, with its row.
"""

import hashlib
import io
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from ray_services.common.errors import BadInput
from ray_services.common.parquet import MOST_COLUMNS, TooMuch, read_parquet

type Kind = Literal["number", "text", "date", "minute"]

MOST_BYTES = 64 * 1024 * 1024
MOST_HEADER = 65_536
"""Bytes of the first line of a CSV."""
NULLS = ["", "nan", "NaN", "NA", "N/A", "null", "NULL", "None"]
FORMATS: dict[str, dict[str, str]] = {
    # What the first value looks like, and how such values are read.
    "date": {
        r"\d{4}-\d{1,2}-\d{1,2}$": "%Y-%m-%d",
        r"\d{1,2}/\d{1,2}/\d{4}$": "%m/%d/%Y",
    },
    "minute": {
        r"\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d\d$": "%Y-%m-%d %H:%M",
        r"\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d\d:\d\d$": "%Y-%m-%d %H:%M:%S",
        r"\d{4}-\d{1,2}-\d{1,2}T\d{1,2}:\d\d:\d\d$": "%Y-%m-%dT%H:%M:%S",
        r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d\d$": "%m/%d/%Y %H:%M",
    },
}
LOOKS = {
    "date": "a date such as 2023-09-20 or 9/20/2023",
    "minute": "a time such as 2023-09-20 11:05 or 9/20/2023 11:05",
    "number": "a finite number, or nothing",
}
UNITS = {"date": "datetime64[D]", "minute": "datetime64[m]"}


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of one length, and what identifies them."""

    columns: dict[str, NDArray[Any]]
    """float64 (NaN where nothing is given), datetime64[D], datetime64[m], or objects (text)."""
    rows: int
    sha256: str
    """Of the file's bytes."""

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]


def read_table(
    source: Path | bytes,
    kinds: Mapping[str, Kind],
    name: str = "file",
    optional: Mapping[str, Kind] | None = None,
) -> Table:
    """The columns that `kinds` names, each of its kind, and those of `optional` that there are.

    Raises BadInput for what is no table, lacks a column, has rows of another length, holds
    something of another kind, or is larger than MOST_BYTES.
    """
    wanted = {**kinds, **(optional or {})}
    table, names, sha256 = _arrow(source, name, list(wanted))
    missing = [column for column in kinds if column not in names]
    if missing:
        raise BadInput(
            f"{name} lacks {_listed(missing)}; it has {_listed(names):.500}.",
            field=missing[0],
            remedy=f"Give it the columns {_listed(list(kinds))}, in any order.",
        )
    columns = {
        column: _column(table[column], kind, column)
        for column, kind in wanted.items()
        if column in table.column_names
    }
    return Table(columns, table.num_rows, sha256)


def guess_table(source: Path | bytes, name: str = "file") -> Table:
    """All columns that have names, each of the kind that its first value looks like.

    Raises BadInput as read_table does, also where a later value is of another kind.
    """
    table, _, sha256 = _arrow(source, name)
    names = [one for one in table.column_names if not one.startswith("unnamed ")]
    columns = {one: _column(table[one], _kind_of(table[one]), one) for one in names}
    return Table(columns, table.num_rows, sha256)


def _arrow(
    source: Path | bytes, name: str, wanted: list[str] | None = None
) -> tuple[pa.Table, list[str], str]:
    """What a file holds (of Parquet what is wanted), the names of all its columns, and the
    SHA-256 of its bytes."""
    content = source if isinstance(source, bytes) else _content(source, name)
    if len(content) > MOST_BYTES:
        raise BadInput(
            f"{name} has {len(content):,} bytes; up to {MOST_BYTES:,} are taken.",
            remedy="Send fewer rows or columns, or Parquet.",
        )
    if content[:4] == b"PAR1":
        table, names = _parquet(content, name, wanted)
    else:
        table = _csv(content, name)
        names = table.column_names
    _demand_distinct(table, name, wanted)
    return table, names, hashlib.sha256(content).hexdigest()


def _demand_distinct(table: pa.Table, name: str, wanted: list[str] | None) -> None:
    named = (one for one in table.column_names if not one.startswith("unnamed "))
    counted = Counter(one for one in named if wanted is None or one in wanted)
    if twice := next((one for one, count in counted.items() if count > 1), None):
        raise BadInput(
            f"{name} has two columns of this name.",
            field=twice[:80],
            remedy="Rename one of them.",
        )


def _kind_of(column: pa.ChunkedArray) -> Kind:
    if pa.types.is_date(column.type):
        return "date"
    if pa.types.is_timestamp(column.type):
        return "minute"
    given = column.drop_null()
    first = str(given[0].as_py()).strip() if len(given) else ""
    dated: dict[str, Kind] = {one: kind for kind in ("date", "minute") for one in FORMATS[kind]}
    looks = next((kind for one, kind in dated.items() if re.match(one, first)), None)
    return looks or ("number" if not first or _is_number(first) else "text")


def _content(path: Path, name: str) -> bytes:
    size = path.stat().st_size
    if size > MOST_BYTES:  # not even read
        raise BadInput(f"{name} has {size:,} bytes; up to {MOST_BYTES:,} are taken.")
    return path.read_bytes()


def _parquet(content: bytes, name: str, wanted: list[str] | None) -> tuple[pa.Table, list[str]]:
    try:
        return read_parquet(content, wanted)
    except TooMuch as error:
        raise BadInput(f"{name} cannot be taken: {error}.") from None
    except (pa.ArrowException, OSError) as error:
        raise BadInput(f"{name} begins as Parquet but is not: {error}.") from None


def _csv(content: bytes, name: str) -> pa.Table:
    ragged: list[Any] = []

    def note(row: Any) -> str:
        ragged.append(row)
        return "error"

    try:
        header = content[: content.index(b"\n")] if b"\n" in content else content
        if len(header) > MOST_HEADER or header.count(b",") >= MOST_COLUMNS:
            raise BadInput(
                f"{name} has a header of {len(header):,} bytes and {header.count(b',') + 1:,} "
                f"columns; up to {MOST_HEADER:,} and {MOST_COLUMNS:,} are taken.",
                remedy="Leave out columns.",
            )
        names = [one.strip().strip('"') for one in header.decode("utf-8-sig").strip().split(",")]
        return pa_csv.read_csv(
            io.BytesIO(content),
            read_options=pa_csv.ReadOptions(
                use_threads=False, column_names=_distinct(names), skip_rows=1
            ),
            parse_options=pa_csv.ParseOptions(invalid_row_handler=note),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(_distinct(names), pa.string()),
                null_values=NULLS,
                strings_can_be_null=True,
            ),
        )
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        if ragged:
            row = ragged[0]
            raise BadInput(
                f"{name} has {row.actual_columns} values where its header has "
                f"{row.expected_columns}: {row.text[:80]!r}.",
                row=None if row.number is None else row.number - 1,
                remedy="Give every row as many values as the header, also empty ones.",
            ) from None
        raise BadInput(f"{name} is no CSV in UTF-8: {error}.") from None


def _distinct(names: list[str]) -> list[str]:
    """Unnamed columns, as of a trailing comma, get names that nobody asks for."""
    return [name or f"unnamed {place}" for place, name in enumerate(names)]


def _column(column: pa.ChunkedArray, kind: Kind, name: str) -> NDArray[Any]:
    try:
        if kind == "text":
            texts: NDArray[np.object_] = column.cast(pa.string()).to_numpy()
            return texts
        return _numbers(column, name) if kind == "number" else _times(column, kind, name)
    except BadInput:
        raise
    except (pa.ArrowException, TypeError, ValueError):  # lists, durations, bytes: of Parquet files
        what = LOOKS.get(kind, "a text")
        raise BadInput(
            f"expected {what} in each row; its type is {column.type}.", field=name
        ) from None


def _numbers(column: pa.ChunkedArray, name: str) -> NDArray[np.float64]:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = pc.utf8_trim_whitespace(column)
    try:
        whole = pa.types.is_integer(column.type)  # beyond 2 ** 53 they are rounded
        cast = column.cast(pa.float64(), safe=not whole)
        values: NDArray[np.float64] = cast.to_numpy().astype(np.float64)
    except pa.ArrowInvalid:
        raise _misfit(column, name, "number", _is_number) from None
    if np.isinf(values).any():
        raise _misfit(column, name, "number", _is_number)
    return values


def _is_number(text: str) -> bool:
    """Whether Arrow reads it as one: Python also reads 1_000 and digits of other scripts."""
    if "_" in text or not text.isascii():
        return False
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def _times(column: pa.ChunkedArray, kind: Kind, name: str) -> NDArray[Any]:
    if column.null_count:
        row = column.is_null().index(pa.scalar(True)).as_py() + 1
        raise BadInput(f"expected {LOOKS[kind]}, got nothing.", field=name, row=row)
    if pa.types.is_temporal(column.type):
        return _moments(column, kind)
    texts = pc.utf8_trim_whitespace(column.cast(pa.string()))
    first = texts[0].as_py() if len(texts) else ""
    pattern = next((one for one in FORMATS[kind] if re.match(one, first)), None)
    if pattern is None:
        if not len(texts):
            return np.empty(0, UNITS[kind])
        raise BadInput(f"expected {LOOKS[kind]}, got {first!r:.90}.", field=name, row=1)
    read = pc.strptime(texts, format=FORMATS[kind][pattern], unit="s", error_is_null=True)
    if read.null_count:
        raise _misfit(texts, name, kind, lambda text: re.match(pattern, text) is not None, read)
    return _moments(read, kind)


def _moments(column: pa.ChunkedArray, kind: Kind) -> NDArray[np.datetime64]:
    moments: NDArray[np.datetime64] = column.to_numpy().astype(UNITS[kind])
    return moments


def _misfit(
    column: pa.ChunkedArray, name: str, kind: str, fits: Any, read: pa.ChunkedArray | None = None
) -> BadInput:
    """The complaint about the first value that is not of its kind."""
    values = column.to_pylist()
    if read is not None:
        row = read.is_null().index(pa.scalar(True)).as_py()
    else:
        misfits = (n for n, one in enumerate(values) if one is not None and not fits(str(one)))
        row = next(misfits, None)
    if row is None:
        return BadInput(f"expected {LOOKS[kind]} in each row; it has {column.type}.", field=name)
    return BadInput(f"expected {LOOKS[kind]}, got {values[row]!r:.90}.", field=name, row=row + 1)


def _listed(names: list[str]) -> str:
    return ", ".join(name for name in names if not name.startswith("unnamed "))
