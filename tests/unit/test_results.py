"""A file is whole, or it is not there."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from generation import making
from generation.constraints import GameConstraints
from generation.orders import Order
from generation.results import UnwritableOutput, demand_writable, make_file

ORDER = Order("mega-sena", GameConstraints(seed=1), 500, chunk_size=100)


def test_a_file_has_a_header_and_a_line_for_each_game(tmp_path: Path) -> None:
    made = make_file(ORDER, tmp_path / "games.csv")
    text = (tmp_path / "games.csv").read_text()
    lines = text.splitlines()
    assert lines[0] == "n1,n2,n3,n4,n5,n6"
    games = [tuple(map(int, line.split(","))) for line in lines[1:]]
    assert len(set(games)) == 500
    assert all(game == tuple(sorted(set(game))) for game in games)
    assert made.size == len(text)
    assert set(made.seconds) == {"make", "write", "publish"}


def test_the_games_of_a_file_are_counted(tmp_path: Path) -> None:
    made = make_file(ORDER, tmp_path / "games.csv")
    lines = (tmp_path / "games.csv").read_text().splitlines()[1:]
    sums = Counter(sum(map(int, line.split(","))) for line in lines)
    assert made.tally["games"] == 500
    assert made.tally["sum"] == {str(total): count for total, count in sums.items()}


def test_how_games_are_cut_changes_no_count(tmp_path: Path) -> None:
    whole = make_file(replace(ORDER, chunk_size=500), tmp_path / "whole.csv")
    assert make_file(ORDER, tmp_path / "cut.csv").tally == whole.tally


def test_progress_ends_with_all_games(tmp_path: Path) -> None:
    seen: list[int] = []
    make_file(ORDER, tmp_path / "games.csv", seen.append)
    assert seen[-1] == 500


def test_an_error_leaves_no_trace_and_an_older_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "games.csv"
    path.write_text("older")

    def break_off(chunk, **_):  # type: ignore[no-untyped-def]
        raise OSError("No space left on device")

    monkeypatch.setattr(making, "run_chunk", break_off)
    with pytest.raises(OSError, match="No space left"):
        make_file(ORDER, path)
    assert path.read_text() == "older"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_told_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(UnwritableOutput, match=r"there is no folder .*missing; create it first"):
        demand_writable(tmp_path / "missing" / "games.csv")


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(UnwritableOutput, match="it is a folder"):
        demand_writable(tmp_path)
