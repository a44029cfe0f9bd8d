"""Games out of a job's file, a page at a time or all in a stream, in bounded memory.

The file, not the seed, is read: it holds what was delivered, also where games were selected after
they were made. Games of a CSV are found by counting lines (180 MB of ten million games take a
quarter of a second), of an XLSX by counting rows within one sheet, of Parquet by row groups.
"""

import re
import zipfile
from collections.abc import Iterator
from itertools import islice
from typing import IO, Any

from generation.xlsx import SHEET_ROWS

PIECE = 2**20

Games = list[list[int]]

_VALUE = re.compile(rb"<v>(\d+)</v>")
_NAME = re.compile(r"<t>(\w+)</t>")


class NotReadable(ValueError):
    """Games cannot be read out of a file of this format."""


def read_games(
    file: IO[bytes], file_format: str, offset: int, limit: int
) -> tuple[list[str], Games]:
    """The names of the columns, and at most ``limit`` games from number ``offset`` on, as they
    stand in the file; fewer, or none, where it ends. Raises NotReadable for another format than
    these three."""
    readers = {"csv": _of_csv, "xlsx": _of_xlsx, "parquet": _of_parquet}
    if file_format not in readers:
        raise NotReadable(
            f"games of a file of format {file_format} cannot be read one by one, only those of"
            f" {', '.join(sorted(readers))}; download it"
        )
    return readers[file_format](file, offset, limit)


def games_of_xlsx(file: IO[bytes], at_once: int) -> tuple[list[str], Iterator[Games]]:
    """The names of the columns, and all games in lists of up to ``at_once``, one after another."""
    with zipfile.ZipFile(file) as archive:
        [header] = _rows(archive, 1, 0, 1)
    return _NAME.findall(header.decode()), _all_of_xlsx(file, at_once)


def _all_of_xlsx(file: IO[bytes], at_once: int) -> Iterator[Games]:
    with zipfile.ZipFile(file) as archive:
        for number in range(1, _sheets(archive) + 1):
            with archive.open(f"xl/worksheets/sheet{number}.xml") as sheet:
                next(rows := _each(sheet, b"</row>"))  # the header
                while some := list(islice(rows, at_once)):
                    yield [[int(value) for value in _VALUE.findall(text)] for text in some]


def _each(stream: IO[bytes], end: bytes) -> Iterator[bytes]:
    """What stands before each ``end`` in the stream."""
    rest = b""
    while piece := stream.read(PIECE):
        *records, rest = (rest + piece).split(end)
        yield from records


def _sheets(archive: zipfile.ZipFile) -> int:
    return sum(name.startswith("xl/worksheets/sheet") for name in archive.namelist())


def _of_csv(file: IO[bytes], offset: int, limit: int) -> tuple[list[str], Games]:
    [header] = _records(file, b"\n", 0, 1)
    file.seek(0)
    lines = _records(file, b"\n", offset + 1, limit)
    games = [[int(number) for number in line.split(b",")] for line in lines]
    return header.decode().split(","), games


def _of_xlsx(file: IO[bytes], offset: int, limit: int) -> tuple[list[str], Games]:
    games: Games = []
    with zipfile.ZipFile(file) as archive:
        sheets = _sheets(archive)
        [header] = _rows(archive, 1, 0, 1)
        number, row = divmod(offset, SHEET_ROWS - 1)
        while len(games) < limit and number < sheets:
            rows = _rows(archive, number + 1, row + 1, limit - len(games))
            games += [[int(value) for value in _VALUE.findall(text)] for text in rows]
            number, row = number + 1, 0
    return _NAME.findall(header.decode()), games


def _rows(archive: zipfile.ZipFile, number: int, skip: int, limit: int) -> list[bytes]:
    with archive.open(f"xl/worksheets/sheet{number}.xml") as sheet:
        return _records(sheet, b"</row>", skip, limit)


def _of_parquet(file: IO[bytes], offset: int, limit: int) -> tuple[list[str], Games]:
    import pyarrow.parquet as pq

    parquet = pq.ParquetFile(file)
    games: Games = []
    for group in range(parquet.num_row_groups):
        held = parquet.metadata.row_group(group).num_rows
        if offset < held and len(games) < limit:
            table = parquet.read_row_group(group).slice(offset, limit - len(games))
            columns: list[Any] = [column.to_pylist() for column in table.columns]
            games += [list(game) for game in zip(*columns, strict=True)]
        offset = max(0, offset - held)
    return list(parquet.schema_arrow.names), games


def _records(stream: IO[bytes], end: bytes, skip: int, limit: int) -> list[bytes]:
    """What stands before each ``end`` in the stream, without the first ``skip`` of them."""
    found: list[bytes] = []
    rest = b""
    while len(found) < limit and (piece := stream.read(PIECE)):
        text = rest + piece
        count = text.count(end)
        if count <= skip:
            skip -= count
            rest = text[text.rfind(end) + len(end) :] if count else text
            continue
        *records, rest = text.split(end)
        found += records[skip:]
        skip = 0
    return found[:limit]
