"""The formats of files, by name."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generation.writers import GameWriter

FORMATS = ("csv", "xlsx", "parquet")
"""Their names, which are also the endings of their files."""


def check_format(format: str) -> None:  # noqa: A002 - the word that users know
    """Raise ``ValueError`` with the known formats unless ``format`` is one of them."""
    if format not in FORMATS:
        raise ValueError(f"unknown format {format!r}; known formats: {', '.join(sorted(FORMATS))}")


def open_writer(format: str, path: Path | str, columns: Sequence[str]) -> "GameWriter":  # noqa: A002
    """A writer of this format to a new file, which replaces one that is there."""
    check_format(format)
    # The model of jobs imports this module in every process; numpy is for those who write.
    from generation.writers import CsvWriter, ParquetWriter
    from generation.xlsx import XlsxGameWriter

    writers: list[type[GameWriter]] = [CsvWriter, XlsxGameWriter, ParquetWriter]
    return next(writer for writer in writers if writer.format == format)(path, columns)
