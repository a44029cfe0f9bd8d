"""The formats of files, by name."""

from collections.abc import Sequence
from pathlib import Path

from generation.writers import CsvWriter, GameWriter, ParquetWriter
from generation.xlsx import XlsxGameWriter

FORMATS: dict[str, type[GameWriter]] = {
    writer.format: writer for writer in (CsvWriter, XlsxGameWriter, ParquetWriter)
}
"""Writers by the name of their format, which is also the ending of their files."""


def check_format(format: str) -> None:  # noqa: A002 - the word that users know
    """Raise ``ValueError`` with the known formats unless ``format`` is one of them."""
    if format not in FORMATS:
        raise ValueError(f"unknown format {format!r}; known formats: {', '.join(sorted(FORMATS))}")


def open_writer(format: str, path: Path | str, columns: Sequence[str]) -> GameWriter:  # noqa: A002
    """A writer of this format to a new file, which replaces one that is there."""
    check_format(format)
    return FORMATS[format](path, columns)
