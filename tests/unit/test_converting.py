"""A file in another format is the file that a job of that format would have made."""

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from generation import converting, xlsx
from generation.chunks import run_chunk
from generation.constraints import GameConstraints
from generation.converting import TooLongToWait, convert
from generation.formats import open_writer
from generation.lotteries import get_lottery

COLUMNS = [f"n{place}" for place in range(1, 7)]
GAMES = run_chunk(
    (0, 40_000), lottery=get_lottery("mega-sena"), constraints=GameConstraints(seed=1)
)


@pytest.mark.slow
@pytest.mark.parametrize(("has", "wanted"), list(permutations(("csv", "xlsx", "parquet"), 2)))
def test_the_bytes_are_those_of_a_job(
    tmp_path: Path, has: str, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xlsx, "SHEET_ROWS", 30_000)  # more than one sheet
    games = GAMES if "xlsx" not in {has, wanted} else GAMES[:31_000]
    for name in (has, wanted):
        with open_writer(name, tmp_path / f"games.{name}", COLUMNS) as writer:
            writer.write(games)
    other = tmp_path / "other"
    with (tmp_path / f"games.{has}").open("rb") as opened:
        made = convert(opened, has, wanted, len(games), other)
    assert other.read_bytes() == (tmp_path / f"games.{wanted}").read_bytes()
    assert (made.size, made.sha256) == (other.stat().st_size, writer.sha256)


def test_no_games_are_a_file_too(tmp_path: Path) -> None:
    with open_writer("csv", tmp_path / "games.csv", COLUMNS) as writer:
        writer.write(np.empty((0, 6), dtype=np.uint8))
    with (tmp_path / "games.csv").open("rb") as opened:
        made = convert(opened, "csv", "parquet", 0, tmp_path / "games.parquet")
    assert made.size == (tmp_path / "games.parquet").stat().st_size


def test_a_large_spreadsheet_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "games.csv").write_text("n1\n1\n")
    with (
        (tmp_path / "games.csv").open("rb") as opened,
        pytest.raises(TooLongToWait, match="up to 100,000; submit a job of format xlsx"),
    ):
        convert(opened, "csv", "xlsx", converting.SPREADSHEET_GAMES + 1, tmp_path / "other")
    assert not (tmp_path / "other").exists()
