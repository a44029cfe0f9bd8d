import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.csv
import pyarrow.parquet
import pytest

from generation import writers, xlsx
from generation.formats import FORMATS, check_format, open_writer

GAMES = np.array([[1, 2, 3], [9, 10, 60], [99, 100, 255]], dtype=np.uint8)

SIX = tuple(f"n{place}" for place in range(1, 7))


def random_games(quantity: int, numbers: int = 6) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (quantity, numbers), dtype=np.uint8)


def test_csv_has_a_header_and_plain_numbers(tmp_path: Path) -> None:
    with open_writer("csv", tmp_path / "games.csv", ("n1", "n2", "n3")) as writer:
        writer.write(GAMES)
    assert (tmp_path / "games.csv").read_bytes() == b"n1,n2,n3\n1,2,3\n9,10,60\n99,100,255\n"


def test_other_programs_read_the_csv(tmp_path: Path) -> None:
    games = random_games(40_000)
    with open_writer("csv", tmp_path / "games.csv", SIX) as writer:
        writer.write(games)
    table = pyarrow.csv.read_csv(tmp_path / "games.csv")
    assert table.column_names == ["n1", "n2", "n3", "n4", "n5", "n6"]
    assert np.array_equal(np.stack([column.to_numpy() for column in table.columns], axis=1), games)


def test_other_programs_read_the_parquet_file(tmp_path: Path, small_groups: None) -> None:
    games = random_games(2500)
    with open_writer("parquet", tmp_path / "games.parquet", SIX) as writer:
        writer.write(games)
    file = pyarrow.parquet.ParquetFile(tmp_path / "games.parquet")
    groups = [file.metadata.row_group(number) for number in range(file.num_row_groups)]
    assert [group.num_rows for group in groups] == [1000, 1000, 500]
    assert groups[0].column(0).compression == "ZSTD"
    table = file.read()
    file.close()
    assert str(table.schema.field("n6").type) == "uint8"
    assert np.array_equal(np.stack([column.to_numpy() for column in table.columns], axis=1), games)


@pytest.fixture
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "ROW_GROUP", 1000)
    monkeypatch.setattr(writers, "CSV_BLOCK", 700)


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("step", [1, 333, 1000, 1001])
def test_the_bytes_do_not_depend_on_the_slices(
    file_format: str, step: int, tmp_path: Path, small_groups: None
) -> None:
    games = random_games(3007)
    with open_writer(file_format, tmp_path / "whole", SIX) as whole:
        whole.write(games)
    with open_writer(file_format, tmp_path / "sliced", SIX) as sliced:
        for start in range(0, len(games), step):
            sliced.write(games[start : start + step])
    assert (tmp_path / "sliced").read_bytes() == (tmp_path / "whole").read_bytes()
    assert sliced.sha256 == whole.sha256


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("quantity", [0, 1, 3000])
def test_size_and_checksum_are_those_of_the_file(
    file_format: str, quantity: int, tmp_path: Path
) -> None:
    with open_writer(file_format, tmp_path / "games", SIX) as writer:
        writer.write(random_games(quantity))
    content = (tmp_path / "games").read_bytes()
    assert writer.size == len(content)
    assert writer.sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_file_given_up_has_no_checksum_and_is_closed(file_format: str, tmp_path: Path) -> None:
    writer = open_writer(file_format, tmp_path / "games", SIX)
    with pytest.raises(KeyError), writer:
        writer.write(random_games(10))
        raise KeyError
    with pytest.raises(RuntimeError, match="call close"):
        _ = writer.sha256
    with pytest.raises(ValueError, match="closed"):
        writer.write(random_games(10))


@pytest.mark.parametrize("file_format", FORMATS)
def test_closing_twice_is_closing_once(file_format: str, tmp_path: Path) -> None:
    writer = open_writer(file_format, tmp_path / "games", SIX)
    writer.close()
    first = writer.sha256
    writer.close()
    assert writer.sha256 == first


@pytest.mark.parametrize(
    ("shape", "kind"), [((2, 5), np.uint8), ((2, 6), np.int64), ((6,), np.uint8)]
)
def test_other_arrays_than_games_are_refused(
    shape: tuple[int, ...], kind: type, tmp_path: Path
) -> None:
    with (
        open_writer("csv", tmp_path / "games", SIX) as writer,
        pytest.raises(ValueError, match=r"expected uint8 games of shape \(any, 6\), got"),
    ):
        writer.write(np.zeros(shape, kind))


def sheets(path: Path) -> dict[str, list[list[object]]]:
    """What another library reads in an XLSX."""
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(path)
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_an_xlsx_is_split_into_sheets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "SHEET_ROWS", 101)
    games = random_games(250)
    with open_writer("xlsx", tmp_path / "games.xlsx", SIX) as writer:
        writer.write(games)
    found = sheets(tmp_path / "games.xlsx")
    assert list(found) == ["games", "games 2", "games 3"]
    assert [len(rows) for rows in found.values()] == [101, 101, 51]
    assert all(rows[0] == list(SIX) for rows in found.values())
    assert [row for rows in found.values() for row in rows[1:]] == games.tolist()


def test_a_spreadsheet_given_up_leaves_nothing_beside_it(tmp_path: Path) -> None:
    with pytest.raises(KeyError), open_writer("xlsx", tmp_path / "games.xlsx", SIX) as writer:
        writer.write(random_games(10))
        assert (tmp_path / "games.xlsx.rows").is_dir()
        raise KeyError
    assert [path.name for path in tmp_path.iterdir()] == ["games.xlsx"]


def test_a_full_disk_is_an_error_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: Any, data: bytes) -> int:
        if file.closed:
            return len(data)
        raise OSError(28, "No space left on device")

    writer = open_writer("xlsx", tmp_path / "games.xlsx", SIX)
    writer.write(random_games(10))
    monkeypatch.setattr(writers._HashedFile, "write", full)
    with pytest.raises(OSError, match="No space left"):
        writer.close()
    assert [path.name for path in tmp_path.iterdir()] == ["games.xlsx"]


def test_a_sheet_ends_where_the_format_does() -> None:
    assert xlsx.SHEET_ROWS == 1_048_576


def test_an_unknown_format_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    for refuse in (check_format, lambda name: open_writer(name, tmp_path / "games", SIX)):
        with pytest.raises(ValueError, match="unknown format 'xls'; known formats: csv, parquet"):
            refuse("xls")
    assert not (tmp_path / "games").exists()


def test_a_csv_keeps_memory_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    hashed_write = writers._HashedFile.write
    monkeypatch.setattr(
        writers._HashedFile,
        "write",
        lambda file, data: written.append(len(data)) or hashed_write(file, data),
    )
    with open_writer("csv", tmp_path / "games.csv", SIX) as writer:
        writer.write(random_games(100_000))
    assert max(written) <= writers.CSV_BLOCK * 6 * 4
