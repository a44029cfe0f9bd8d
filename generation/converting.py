"""A job's file in another format: the very file that a job of that format would have made."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from generation.formats import open_writer
from generation.reading import games_of_xlsx
from generation.writers import CSV_BLOCK, GameWriter

SPREADSHEET_GAMES = 100_000
"""Games that become a spreadsheet while somebody waits: three to six seconds."""

type Games = NDArray[np.uint8]


class TooLongToWait(ValueError):
    """Making the other format takes longer than a request may."""


def convert(file: IO[bytes], has: str, wanted: str, games: int, path: Path) -> GameWriter:
    """Write the ``games`` games of ``file``, of format ``has``, to ``path`` as ``wanted``.

    In bounded memory. Returns the closed writer, which knows size and checksum. Raises
    TooLongToWait for spreadsheets of more than ``SPREADSHEET_GAMES``.
    """
    if wanted == "xlsx" and games > SPREADSHEET_GAMES:
        raise TooLongToWait(
            f"a spreadsheet of {games:,} games is not made while you wait, only up to"
            f" {SPREADSHEET_GAMES:,}; submit a job of format xlsx with the same seed"
        )
    columns, blocks = blocks_of(file, has)
    with open_writer(wanted, path, columns) as writer:
        for block in blocks:
            writer.write(block)
    return writer


def blocks_of(file: IO[bytes], has: str) -> tuple[list[str], Iterator[Games]]:
    """Of a file of the format ``has``: the names of the columns, and the games some at a time:
    uint8, shape (any, columns)."""
    if has == "xlsx":
        names, rows = games_of_xlsx(file, CSV_BLOCK)
        return names, (np.array(some, dtype=np.uint8) for some in rows)
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyarrow import csv

    if has == "parquet":
        parquet = pq.ParquetFile(file)
        batches = parquet.iter_batches(batch_size=CSV_BLOCK)
        return list(parquet.schema_arrow.names), map(_array, batches)
    names = file.readline().decode().strip().split(",")
    file.seek(0)
    types = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.uint8()))
    return names, map(_array, csv.open_csv(file, convert_options=types))


def _array(batch: Any) -> Games:
    return np.column_stack([column.to_numpy() for column in batch.columns])
