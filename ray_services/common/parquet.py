"""Parquet files of strangers, read only once it is known what they unpack to.

A file of some kilobytes can unpack to a terabyte: by compression, by one value that is repeated a
billion times, by many columns. What a file says of itself in its footer may be a lie, so sizes
and counts are taken from the headers of its pages, which are what a reader goes by; and a file
that counts its rows in several places must come to the same everywhere.
"""

import io
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

MOST_UNPACKED = 512 * 2**20
"""Bytes of all pages that are read, and of all texts in them."""
MOST_CELLS = 10_000_000
MOST_COLUMNS = 2_000
MOST_CHUNKS = 100_000
"""Columns times row groups."""
WIDEST = 32
"""Bytes of a value of a fixed width."""

I32, STRUCT = 5, 12
"""Kinds of Thrift's compact protocol."""
RANGE = range(-(2**31), 2**31)
UNPACKED, PACKED = (2,), (3,)
VALUES = [(5, 1), (8, 1)]
"""Fields of a page's header: its sizes; the values of a data page, of version 1 and of 2."""


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
    places = []
    for place, name in _leaves(source.schema_arrow, found.num_columns):
        if name in read:
            _demand_narrow(found.schema.column(place), name)
            places.append(place)
    _demand_few(found, places)
    if sum(_unpacked(content, found, places)) > MOST_UNPACKED:
        raise TooMuch(f"it unpacks to more than {MOST_UNPACKED:,} bytes; send fewer rows")
    return _texts_bounded(content, found, read), names


def _demand_few(found: pq.FileMetaData, places: Sequence[int]) -> None:
    """By the file's count of rows, once those of its parts agree: a reader goes by theirs."""
    groups = [found.row_group(n) for n in range(found.num_row_groups)]
    counts = [group.num_rows for group in groups]
    if min(counts, default=0) < 0:
        raise TooMuch(f"it claims a row group of {min(counts):,} rows; write it anew")
    if sum(counts) != found.num_rows:
        raise TooMuch(
            f"it claims {found.num_rows:,} rows, and its row groups {sum(counts):,}; write it anew"
        )
    for group in groups:
        values = {group.column(place).num_values for place in places} - {group.num_rows}
        if values:
            raise TooMuch(
                f"it claims {group.num_rows:,} rows of a row group with {values.pop():,} values; "
                "write it anew"
            )
    if found.num_rows * max(1, len(places)) > MOST_CELLS:
        raise TooMuch(
            f"it has {found.num_rows:,} rows of {len(places)} columns; up to {MOST_CELLS:,} "
            "values are taken: send fewer rows"
        )


def _leaves(schema: pa.Schema, columns: int) -> Iterator[tuple[int, str]]:
    """Each column of the file, and the name under which it is read. Paths do not tell: the
    column `a.b` and the part `b` of the record `a` have the same one."""
    names = [field.name for field in schema for _ in range(_parts(field.type))]
    if len(names) != columns:
        raise TooMuch("its columns are of kinds that are not taken; send plain values")
    return enumerate(names)


def _parts(kind: pa.DataType) -> int:
    """How many columns of a file hold a value of this kind."""
    if isinstance(kind, pa.BaseExtensionType):
        return _parts(kind.storage_type)
    return sum(_parts(kind.field(n).type) for n in range(kind.num_fields)) or 1


def _demand_narrow(column: pq.ColumnSchema, name: str) -> None:
    if column.max_repetition_level or column.path != name:
        raise TooMuch(f"its column {column.path[:80]} holds lists or records; send plain values")
    if column.physical_type == "FIXED_LEN_BYTE_ARRAY" and column.length > WIDEST:
        raise TooMuch(f"its column {column.path[:80]} has values of {column.length:,} bytes")


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
    """The sizes of all pages, as their headers have them. They hold as many values as the chunk
    says that they are in, and no more."""
    for group in range(found.num_row_groups):
        for place in places:
            chunk = found.row_group(group).column(place)
            start = chunk.data_page_offset
            if chunk.has_dictionary_page and 0 < (chunk.dictionary_page_offset or 0) < start:
                start = chunk.dictionary_page_offset
            values = 0
            for size, count in _pages(content, start, start + chunk.total_compressed_size):
                values += count
                yield size
            if values != chunk.num_values:
                raise TooMuch(
                    f"it claims {chunk.num_values:,} values in pages that hold {values:,}; "
                    "write it anew"
                )


def _pages(content: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The size of each page, unpacked, and how many values it adds to the rows."""
    while start < end:
        try:
            told, start = _header(content, start)
            packed, unpacked = told[PACKED], told[UNPACKED]
        except (IndexError, KeyError, RecursionError):
            raise TooMuch("the headers of its pages cannot be read; write it anew") from None
        counts = [told[one] for one in VALUES if one in told]
        if min(packed, unpacked, *counts) < 0:
            raise TooMuch("its pages have sizes below 0; write it anew")
        yield unpacked, sum(counts)
        start += packed


def _header(
    data: bytes, at: int, within: tuple[int, ...] = ()
) -> tuple[dict[tuple[int, ...], int], int]:
    """The whole numbers of 32 bits in a struct of Thrift's compact protocol and in those within,
    by the numbers of their fields, and where it ends."""
    found: dict[tuple[int, ...], int] = {}
    field = 0
    while (head := data[at]) != 0:
        at += 1
        if head >> 4:
            field += head >> 4
        else:
            field, at = _whole(data, at)
        field &= 0xFFFF  # it has 16 bits, for readers too
        if head & 15 == I32:
            found[*within, field], at = _whole(data, at)
            if found[*within, field] not in RANGE:  # a reader would cut it to 32 bits
                raise KeyError(field)
        elif head & 15 == STRUCT:
            inner, at = _header(data, at, (*within, field))
            found |= inner
        else:
            at = _skipped(data, at, head & 15)
    return found, at + 1


def _skipped(data: bytes, at: int, kind: int) -> int:
    """Where a value of this kind ends. Page headers have no lists and no maps."""
    if kind in {1, 2}:  # the two truths stand in the head
        return at
    if kind in {4, 6}:
        return _whole(data, at)[1]
    if kind in {3, 7}:
        return at + (1 if kind == 3 else 8)
    if kind == 8:
        length, at = _varint(data, at)
        return at + length
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
