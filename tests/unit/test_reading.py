"""Games out of files, from any place, as they were written."""

from pathlib import Path

import numpy as np
import pytest

from generation import reading, writers, xlsx
from generation.formats import open_writer
from generation.reading import NotReadable, read_games

COLUMNS = ("n1", "n2", "n3")
GAMES = np.random.default_rng(1).integers(1, 255, (1000, 3), dtype=np.uint8)


@pytest.fixture(params=["csv", "xlsx", "parquet"])
def file(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A thousand games over several pieces, sheets and row groups."""
    monkeypatch.setattr(reading, "PIECE", 500)
    monkeypatch.setattr(writers, "ROW_GROUP", 300)
    for module in (xlsx, reading):
        monkeypatch.setattr(module, "SHEET_ROWS", 301)
    path = tmp_path / f"games.{request.param}"
    with open_writer(request.param, path, COLUMNS) as writer:
        writer.write(GAMES)
    return path


@pytest.mark.parametrize(
    ("offset", "limit"),
    [
        (0, 1),
        (0, 1000),
        (299, 2),
        (300, 301),
        (250, 700),
        (999, 5),
        (998, 2),
        (1000, 5),
        (10**9, 1),
    ],
)
def test_a_page_is_what_was_written_there(file: Path, offset: int, limit: int) -> None:
    with file.open("rb") as opened:
        columns, games = read_games(opened, file.suffix[1:], offset, limit)
    assert columns == list(COLUMNS)
    assert games == GAMES[offset : offset + limit].tolist()


def test_a_file_of_another_format_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "games.txt").touch()
    with (
        (tmp_path / "games.txt").open("rb") as opened,
        pytest.raises(NotReadable, match="download it"),
    ):
        read_games(opened, "txt", 0, 1)
