"""The cells of a spreadsheet, where it is one of a sensible size."""

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

MAX_UNPACKED_BYTES = 512 * 2**20
MAX_ROWS, MAX_COLUMNS = 200_000, 200
PIECE = 2**20

# Whatever the element's prefix and the quotes, for readers take them all.
_CELL = re.compile(rb"""\sr\s{0,20}=\s{0,20}["']([A-Za-z]{0,3})(\d{1,20})["']""")


class SheetError(ValueError):
    """The file is no spreadsheet that can be read."""


def read_sheet(path: Path) -> list[Sequence[Any]]:
    """The rows of the first sheet of an XLSX. Raises SheetError."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        _refuse_large(path)
        rows: list[Sequence[Any]] = list(
            CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python(skip_empty_area=False)
        )
    except (CalamineError, zipfile.BadZipFile) as error:
        raise SheetError(f"{path.name} is no XLSX that can be read: {error}") from None
    return rows


def _refuse_large(path: Path) -> None:
    """A single cell far away makes a reader lay out all the empty ones before it."""
    with zipfile.ZipFile(path) as archive:
        if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED_BYTES:
            raise SheetError(f"{path.name} unpacks to more than {MAX_UNPACKED_BYTES // 2**20} MiB")
        for info in archive.infolist():
            told = info.file_size
            # Not believed: the reader goes on to where the part really ends.
            info.file_size = MAX_UNPACKED_BYTES
            with archive.open(info) as part:  # any may be the sheet
                if _refuse_far_cells(part, path.name) != told:
                    raise SheetError(f"{path.name} does not unpack to what it says; save it anew")


def _refuse_far_cells(sheet: Any, name: str) -> int:
    """The bytes that it has in all."""
    rest, size = b"", 0
    while piece := sheet.read(PIECE):
        size += len(piece)
        text = rest + piece
        for column, row in _CELL.findall(text):
            if int(row) > MAX_ROWS or _place(column) > MAX_COLUMNS:
                raise SheetError(
                    f"{name} reaches to {column.decode()}{row.decode()}, more than the"
                    f" {MAX_ROWS:,} rows and {MAX_COLUMNS} columns that are read; remove what is"
                    " beside the table"
                )
        rest = text[-200:]  # a cell's beginning may be cut
    return size


def _place(column: bytes) -> int:
    place = 0
    for letter in column.upper():
        place = place * 26 + letter - 64
    return place
