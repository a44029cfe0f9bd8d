"""Folders of Rays of ours: which are swept away when another is made."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from django_ray_runtime import ray_folder
from django_ray_runtime.ray_folder import new_temp_dir


def left_behind(root: Path) -> Path:
    """A folder whose process has ended without cleaning up."""
    code = "import sys; from django_ray_runtime.ray_folder import new_temp_dir as new; "
    made = subprocess.run(
        [sys.executable, "-c", code + "print(new(sys.argv[1]))", root],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return Path(made.stdout.strip())


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_has_stays(
    tmp_path: Path,
) -> None:
    left, ours = left_behind(tmp_path), Path(new_temp_dir(str(tmp_path)))
    assert str(os.getpid()) in ours.name
    another = new_temp_dir(str(tmp_path))
    assert not left.exists()
    assert ours.exists()
    assert Path(another).exists()


def test_folders_of_other_containers_stay_whose_pids_mean_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = left_behind(tmp_path)
    monkeypatch.setattr(ray_folder, "_pid_namespace", lambda: "pid:[1]")
    new_temp_dir(str(tmp_path))
    assert left.exists()
    (tmp_path / "ray-999999999-of-nobody-known").mkdir()
    new_temp_dir(str(tmp_path))
    assert (tmp_path / "ray-999999999-of-nobody-known").exists()


@pytest.mark.parametrize("name", ["1x", "1²", "9" * 20, "0", "9" * 200])
def test_folders_of_others_with_such_names_are_none_of_ours(tmp_path: Path, name: str) -> None:
    """In a temporary folder that all users share, each may make any name."""
    of_others = tmp_path / f"ray-{name}-y"
    of_others.mkdir()
    (of_others / "pid-namespace").write_text(ray_folder._pid_namespace())
    assert Path(new_temp_dir(str(tmp_path))).is_dir()
    assert of_others.exists()
