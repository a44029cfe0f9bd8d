"""What a journal tells, and whom it believes."""

import os
from pathlib import Path

import pytest

from django_ray_runtime.executors.journal import Journal, read


def test_it_tells_what_had_begun_and_what_had_ended(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.turn()
    journal.began(1)
    journal.ended(1, ["value"])
    journal.began(2)
    os.close(journal._lock)
    assert read(str(journal.folder), 0.0) == ([1, 2], {1: ["value"]})
    assert not journal.folder.exists()


def test_nothing_is_read_while_its_process_lives(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    with pytest.raises(TimeoutError, match="has not ended"):
        read(str(journal.folder), 0.0)
    assert journal.folder.exists()


def test_what_has_ended_is_left_to_its_reader_for_a_while(tmp_path: Path) -> None:
    crashed = Journal(tmp_path)
    crashed.began(1)
    os.close(crashed._lock)
    os.utime(crashed.folder, (0, 0))  # it was made long ago
    Journal(tmp_path)
    Journal(tmp_path)
    assert read(str(crashed.folder), 0.0) == ([1], {})


def test_what_nobody_reads_is_removed(tmp_path: Path) -> None:
    crashed = Journal(tmp_path)
    os.close(crashed._lock)
    for _ in range(2):
        os.utime(crashed.folder, (0, 0))
        Journal(tmp_path)
    assert not crashed.folder.exists()


def test_a_folder_that_is_a_link_is_not_believed(tmp_path: Path) -> None:
    (real := tmp_path / "elsewhere").mkdir()
    (link := tmp_path / "lane-x").symlink_to(real)
    with pytest.raises(PermissionError, match="not a folder of this user"):
        read(str(link), 0.0)
    os.utime(link, (0, 0), follow_symlinks=False)
    os.utime(real, (0, 0))
    Journal(tmp_path)  # which sweeps what is old
    assert list(real.iterdir()) == []


def test_a_lock_that_is_a_link_makes_no_file_elsewhere(tmp_path: Path) -> None:
    (folder := tmp_path / "lane-x").mkdir()
    (folder / "lock").symlink_to(target := tmp_path / "made")
    with pytest.raises(OSError, match="symbolic link"):
        read(str(folder), 0.0)
    assert not target.exists()
