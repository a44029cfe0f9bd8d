"""Parquet files of strangers, read only once it is known what they unpack to.

A file of some kilobytes can unpack to a terabyte: by compression, by one value that is repeated a
billion times, by many columns. What a file says of itself in its footer may be a lie, so the
sizes are taken from the headers of its pages, which are what a reader goes by.
"""

import io
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

MOST_UNPACKED = 512 * 2**20
"""Bytes of all pages that are read, and of all texts in them."""
MOST_CELLS = 50_000_000
MOST_COLUMNS = 2_000
MOST_CHUNKS = 100_000
"""Columns times row groups."""
WIDEST = 32
"""Bytes of a value of a fixed width."""


class TooMuch(ValueError):
    """The file unpacks to more than is taken. The message says of what, and what to do."""


def read_parquet(content: bytes, wanted: Sequence[str] | None = None) -> tuple[pa.Table, list[str]]:
    """The columns that are wanted, or all; and the names of all that there are.

    Raises TooMuch, and as pyarrow does: pa.ArrowException, OSError.
    """
    source = pq.ParquetFile(
        io.BytesIO(content), thrift_string_size_limit=2**24, thrift_container_size_limit=2**20
    )
    found = source.metadata
    if found.num_columns > MOST_COLUMNS or found.num_columns * found.num_row_groups > MOST_CHUNKS:
        raise TooMuch(
            f"it has {found.num_columns:,} columns in {found.num_row_groups:,} row groups; up to "
            f"{MOST_COLUMNS:,} columns are taken, and {MOST_CHUNKS:,} of both together"
        )
    names = list(source.schema_arrow.names)
    read = [name for name in names if wanted is None or name in wanted]
    places = [n for n in range(found.num_columns) if _top(found.schema.column(n)) in read]
    _demand_few(found, places)
    for place in places:
        _demand_narrow(found.schema.column(place))
    if sum(_unpacked(content, found, places)) > MOST_UNPACKED:
        raise TooMuch(f"it unpacks to more than {MOST_UNPACKED:,} bytes; send fewer rows")
    return _texts_bounded(content, found, read), names


def _demand_few(found: pq.FileMetaData, places: Sequence[int]) -> None:
    if found.num_rows * max(1, len(places)) > MOST_CELLS:
        raise TooMuch(
            f"it has {found.num_rows:,} rows of {len(places)} columns; up to {MOST_CELLS:,} "
            "values are taken: send fewer rows"
        )


def _demand_narrow(column: pq.ColumnSchema) -> None:
    if column.max_repetition_level or "." in column.path:
        raise TooMuch(f"its column {column.path[:80]} holds lists or records; send plain values")
    if column.physical_type == "FIXED_LEN_BYTE_ARRAY" and column.length > WIDEST:
        raise TooMuch(f"its column {column.path[:80]} has values of {column.length:,} bytes")


def _top(column: pq.ColumnSchema) -> str:
    return str(column.path.partition(".")[0])


def _texts_bounded(content: bytes, found: pq.FileMetaData, read: list[str]) -> pa.Table:
    """Texts come as their distinct values, whose lengths are added up before they are laid out."""
    texts = [
        found.schema.column(n).path
        for n in range(found.num_columns)
        if found.schema.column(n).physical_type == "BYTE_ARRAY"
    ]
    table = pq.read_table(io.BytesIO(content), columns=read, read_dictionary=texts)
    left = MOST_UNPACKED
    for number, column in enumerate(table.columns):
        if not pa.types.is_dictionary(column.type):
            continue
        for chunk in column.chunks:
            lengths = pc.binary_length(chunk.dictionary).cast(pa.int64())
            left -= pc.sum(lengths.take(chunk.indices)).as_py() or 0
        if left < 0:
            raise TooMuch(f"its texts have more than {MOST_UNPACKED:,} bytes; send fewer rows")
        plain = column.cast(column.type.value_type)
        table = table.set_column(number, table.column_names[number], plain)
    return table


def _unpacked(content: bytes, found: pq.FileMetaData, places: Sequence[int]) -> Iterator[int]:
    """The sizes of all pages, as their headers have them."""
    for group in range(found.num_row_groups):
        for place in places:
            chunk = found.row_group(group).column(place)
            start = chunk.data_page_offset
            if chunk.has_dictionary_page and 0 < (chunk.dictionary_page_offset or 0) < start:
                start = chunk.dictionary_page_offset
            yield from _pages(content, start, start + chunk.total_compressed_size)


def _pages(content: bytes, start: int, end: int) -> Iterator[int]:
    while start < end:
        try:
            sizes, start = _header(content, start)
            packed, unpacked = sizes[3], sizes[2]
        except (IndexError, KeyError, RecursionError):
            raise TooMuch("the headers of its pages cannot be read; write it anew") from None
        if packed < 0 or unpacked < 0:
            raise TooMuch("its pages have sizes below 0; write it anew")
        yield unpacked
        start += packed


def _header(data: bytes, at: int) -> tuple[dict[int, int], int]:
    """The whole numbers in a struct of Thrift's compact protocol, and where it ends."""
    found: dict[int, int] = {}
    field = 0
    while (head := data[at]) != 0:
        at += 1
        if head >> 4:
            field += head >> 4
        else:
            field, at = _whole(data, at)
        if head & 15 in {4, 5, 6}:
            found[field], at = _whole(data, at)
        else:
            at = _skipped(data, at, head & 15)
    return found, at + 1


def _skipped(data: bytes, at: int, kind: int) -> int:
    """Where a value of this kind ends. Page headers have no lists and no maps."""
    if kind in {1, 2}:  # the two truths stand in the head
        return at
    if kind in {3, 7}:
        return at + (1 if kind == 3 else 8)
    if kind == 8:
        length, at = _varint(data, at)
        return at + length
    if kind == 12:
        return _header(data, at)[1]
    raise KeyError(kind)


def _whole(data: bytes, at: int) -> tuple[int, int]:
    raw, at = _varint(data, at)
    return (raw >> 1) ^ -(raw & 1), at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128 or shift > 63:
            return value, at
        shift += 7
