"""Games to files, format by format, in a stream: size and SHA-256 are known when the file is.

The same games give the same bytes however they are sliced into calls of ``write``, so that a
file's checksum depends on the order alone and not on chunks or machines.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

ROW_GROUP = 2**19
"""Games in a Parquet row group: some 3 MB of memory for games of six."""

CSV_BLOCK = 2**14
"""Games turned into text at a time, so that memory stays small."""


class GameWriter(ABC):
    """Appends games to a new file at ``path``; a context manager.

    ``write`` takes uint8 arrays of shape (games, ``columns``). After ``close`` the file is
    complete, ``sha256`` is the hexadecimal checksum and ``size`` the bytes of it. When the body of
    ``with`` raises, the file is let go unfinished and has no checksum; the caller removes it.
    """

    format: ClassVar[str]

    def __init__(self, path: Path | str, columns: Sequence[str]) -> None:
        self.path = Path(path)
        self._columns = list(columns)
        self._sha256: str | None = None
        self._file = _HashedFile(path)
        try:
            self._begin()
        except BaseException:
            self._file.close()
            raise

    @property
    def size(self) -> int:
        """Bytes handed to the file so far."""
        return self._file.size

    @property
    def sha256(self) -> str:
        """SHA-256 of the complete file, hexadecimal."""
        if self._sha256 is None:
            raise RuntimeError("the file is not complete and has no checksum; call close() first")
        return self._sha256

    def write(self, games: NDArray[np.uint8]) -> None:
        """Append games, one a row."""
        if self._file.closed:
            raise ValueError("the writer is closed; open another one for more games")
        if games.dtype != np.uint8 or games.ndim != 2 or games.shape[1] != len(self._columns):
            raise ValueError(
                f"expected uint8 games of shape (any, {len(self._columns)}),"
                f" got {games.dtype} of shape {games.shape}; open a writer for these games"
            )
        self._append(games)

    def close(self) -> None:
        """Complete the file. Closing again does nothing."""
        if self._file.closed:
            return
        try:
            self._finish()
        except BaseException:
            self._file.close()
            self._give_up()
            raise
        self._file.close()
        self._sha256 = self._file.hexdigest()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        elif not self._file.closed:
            self._file.close()
            self._give_up()

    @abstractmethod
    def _begin(self) -> None: ...

    @abstractmethod
    def _append(self, games: NDArray[np.uint8]) -> None: ...

    @abstractmethod
    def _finish(self) -> None: ...

    def _give_up(self) -> None:
        """Let go of what is beside the file, which is closed and incomplete."""
        return


class CsvWriter(GameWriter):
    """A header of the columns and a line for each game, lines ending in a newline alone."""

    format = "csv"

    def _begin(self) -> None:
        import pyarrow as pa  # not at the top: making games needs no pyarrow
        from pyarrow import csv

        self._batch_of = pa.record_batch
        self._write_csv = csv.write_csv
        self._options = csv.WriteOptions(include_header=False, batch_size=CSV_BLOCK)
        # pyarrow would put the names into quotes.
        self._file.write((",".join(self._columns) + "\n").encode())

    def _append(self, games: NDArray[np.uint8]) -> None:
        for start in range(0, len(games), CSV_BLOCK):
            columns = np.ascontiguousarray(games[start : start + CSV_BLOCK].T)
            batch = self._batch_of(list(columns), names=self._columns)
            self._write_csv(batch, self._file, self._options)

    def _finish(self) -> None:
        pass


class ParquetWriter(GameWriter):
    """A column of uint8 for each place of a game, compressed with zstd.

    Games are gathered to row groups of one size, because groups are part of the bytes.
    """

    format = "parquet"

    def _begin(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._schema = pa.schema([(name, pa.uint8()) for name in self._columns])
        self._batch_of = pa.record_batch
        self._parquet = pq.ParquetWriter(self._file, self._schema, compression="zstd")
        self._group = np.empty((len(self._columns), ROW_GROUP), dtype=np.uint8)
        self._filled = 0

    def _append(self, games: NDArray[np.uint8]) -> None:
        while len(games):
            taken = games[: ROW_GROUP - self._filled]
            self._group[:, self._filled : self._filled + len(taken)] = taken.T
            self._filled += len(taken)
            games = games[len(taken) :]
            if self._filled == ROW_GROUP:
                self._write_group()

    def _write_group(self) -> None:
        columns = [column[: self._filled] for column in self._group]
        batch = self._batch_of(columns, schema=self._schema)
        self._parquet.write_batch(batch, row_group_size=ROW_GROUP)
        self._filled = 0

    def _finish(self) -> None:
        if self._filled:
            self._write_group()
        self._parquet.close()


class _HashedFile:
    """A binary file that is only ever appended to, and hashed on the way."""

    def __init__(self, path: Path | str) -> None:
        self._file = open(path, "wb", buffering=2**20)  # noqa: SIM115 - closed by its writer
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def closed(self) -> bool:
        return self._file.closed

    def write(self, data: Any) -> int:
        if self.closed:  # what pyarrow still flushes when a writer is given up
            return len(data)
        self._hash.update(data)
        written = self._file.write(data)
        self.size += written
        return written

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        if not self.closed:
            self._file.flush()

    def close(self) -> None:
        self._file.close()

    def hexdigest(self) -> str:
        return self._hash.hexdigest()

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False
