"""Games as a spreadsheet: XLSX, split into sheets, in constant memory."""

import shutil
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generation.writers import GameWriter

SHEET_ROWS = 2**20
"""Rows of a sheet, the header included: what the format allows."""

_CREATED = datetime(2000, 1, 1, tzinfo=UTC)
"""Part of the bytes, so that the same games give the same file at any time."""


class XlsxGameWriter(GameWriter):
    """Sheets ``games``, ``games 2``, …, each with a header of the columns and a row for each game.

    Rows go to files beside it as they come, and into the archive at the end.
    """

    format = "xlsx"

    def _begin(self) -> None:
        from xlsxwriter import Workbook  # not at the top: making games needs none

        self._folder = self.path.with_name(f"{self.path.name}.rows")
        self._folder.mkdir(exist_ok=True)
        options = {"constant_memory": True, "tmpdir": str(self._folder)}
        self._book = Workbook(self._file, options)
        self._book.use_zip64()
        self._book.set_properties({"created": _CREATED})
        self._bold = self._book.add_format({"bold": True})
        self._sheets = 0
        self._open_sheet()

    def _open_sheet(self) -> None:
        self._sheets += 1
        name = "games" if self._sheets == 1 else f"games {self._sheets}"
        self._sheet: Any = self._book.add_worksheet(name)
        self._sheet.freeze_panes(1, 0)
        self._sheet.write_row(0, 0, self._columns, self._bold)
        self._row = 1

    def _append(self, games: NDArray[np.uint8]) -> None:
        for game in games.tolist():
            if self._row == SHEET_ROWS:
                self._open_sheet()
            for place, number in enumerate(game):
                self._sheet.write_number(self._row, place, number)
            self._row += 1

    def _finish(self) -> None:
        from xlsxwriter.exceptions import XlsxWriterException

        try:
            self._book.close()
        except XlsxWriterException as error:
            raise OSError(f"the spreadsheet cannot be written: {error}") from None
        shutil.rmtree(self._folder, ignore_errors=True)

    def _give_up(self) -> None:
        for sheet in self._book.worksheets():  # their rows so far are open files
            with suppress(OSError):  # a full disk
                if sheet.row_data_fh is not None:
                    sheet.row_data_fh.close()
        self._book.fileclosed = True
        shutil.rmtree(self._folder, ignore_errors=True)
