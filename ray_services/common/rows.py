"""Rows of an answer: a table by columns, which every format is made from."""

import re
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from json import dumps
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

FORMATS = {
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}
# As spreadsheets take them: also after white space, and in the wide forms of Chinese keyboards.
FORMULA = "^\\s*[=+\\-@\uff1d\uff0b\uff0d\uff20\\t\\r\\n]"
BATCH = 5_000  # rows that are worded at once


def rows_of(columns: Mapping[str, Any]) -> pa.Table:
    """Columns of one length (arrays or lists) as rows; NaN counts as nothing."""
    return pa.table({name: pa.array(values, from_pandas=True) for name, values in columns.items()})


def rows_in(answer: Mapping[str, Any]) -> tuple[str, pa.Table] | None:
    """Which of an answer's fields holds rows, and these; None where none does."""
    found = [(name, value) for name, value in answer.items() if isinstance(value, pa.Table)]
    return found[0] if found else None


def as_objects(table: pa.Table) -> list[dict[str, Any]]:
    """Each row as JSON holds it."""
    found: list[dict[str, Any]] = table.to_pylist()
    return found


def write_rows(table: pa.Table, file: IO[bytes], form: str) -> None:
    """Write the rows as one of FORMATS."""
    if form == "parquet":
        pq.write_table(table, file)
        return
    for piece in csv_of([table]) if form == "csv" else lines_of(table):
        file.write(piece)


def csv_of(tables: Iterable[pa.Table]) -> Iterator[bytes]:
    """The rows of tables with the same columns as one CSV, in pieces."""
    for number, table in enumerate(tables):
        buffer = BytesIO()
        header = pa_csv.WriteOptions(include_header=number == 0)
        pa_csv.write_csv(_safe(table), buffer, header)
        yield buffer.getvalue()


def lines_of(table: pa.Table) -> Iterator[bytes]:
    """The rows as JSON, one on each line, in pieces."""
    for batch in table.to_batches(BATCH):
        rows = batch.to_pylist()
        yield "".join(
            dumps(row, ensure_ascii=False, default=str, separators=(",", ":")) + "\n"
            for row in rows
        ).encode()


def _quoted(column: Any) -> Any:
    quote, between = (pa.scalar(text, pa.large_string()) for text in ("'", ""))
    return pc.binary_join_element_wise(quote, column, between)


def _safe(table: pa.Table) -> pa.Table:
    """Text that a spreadsheet would take for a formula gets a quote in front; lists become text."""
    columns = []
    for column in table.columns:
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            column = column.cast(pa.large_string())
            formula = pc.match_substring_regex(column, FORMULA)
            column = pc.if_else(formula, _quoted(column), column)
        elif pa.types.is_nested(column.type):
            column = pa.array([None if one is None else str(one) for one in column.to_pylist()])
        columns.append(column)
    names = [f"'{name}" if re.match(FORMULA, name) else name for name in table.column_names]
    return pa.table(columns, names=names)
