"""The compiled kernel: the games of numpy, found in a cache that others cannot write."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generation import compiled
from generation.compiled import draw_by_kernel, draw_by_numpy, kernel, private_directory
from generation.constraints import GameConstraints
from generation.lotteries import get_lottery
from generation.permutation import Permutation
from generation.space import GameSpace
from tests.games import kernel_or_skip, small_lottery

DEMO = {"min_odd": 2, "max_odd": 4, "min_sum": 120, "max_sum": 240}


def job(seed: int = 5, **wanted: Any) -> tuple[GameSpace, Permutation]:
    space = GameSpace(get_lottery("mega-sena"), GameConstraints.model_validate(wanted))
    return space, Permutation(space.count, seed)


@pytest.fixture
def undecided(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No kernel loaded yet, neither for this test nor for the next."""
    monkeypatch.delenv("GENERATION_COMPILED", raising=False)
    compiled._load.cache_clear()
    yield
    compiled._load.cache_clear()


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        DEMO,
        {**DEMO, "max_run": 2},
        {"fixed_numbers": [1, 30, 60], "max_run": 2},
        {"numbers_per_game": 15, "min_odd": 6, "max_odd": 9, "max_run": 3},
        {"numbers_per_game": 20, "excluded_numbers": range(41, 61)},
        {"allowed_numbers": [1, 2, 3, 20, 21, 22, 59, 60], "max_run": 2},
    ],
)
@pytest.mark.parametrize("seed", [0, 2**63 - 1])
def test_the_kernel_makes_the_games_of_numpy(wanted: dict[str, Any], seed: int) -> None:
    space, permutation = job(seed, **wanted)
    for start, stop in [(0, min(space.count, 1000)), (max(0, space.count - 777), space.count)]:
        fast = draw_by_kernel(kernel_or_skip(), space, permutation, start, stop)
        assert np.array_equal(fast, draw_by_numpy(space, permutation, start, stop))


@pytest.mark.parametrize("games", [0, 1, 127, 128, 129, 300])
def test_a_chunk_of_any_length_is_filled(games: int) -> None:
    space, permutation = job()
    fast = draw_by_kernel(kernel_or_skip(), space, permutation, 1000, 1000 + games)
    assert np.array_equal(fast, draw_by_numpy(space, permutation, 1000, 1000 + games))


@pytest.mark.parametrize("pool", range(1, 12))
def test_spaces_of_a_few_games_are_walked_to_the_end(pool: int) -> None:
    space = GameSpace(small_lottery(pool, 1), GameConstraints(numbers_per_game=1))
    for seed in range(20):
        games = draw_by_kernel(kernel_or_skip(), space, Permutation(pool, seed), 0, pool)
        assert sorted(games.ravel().tolist()) == list(range(1, pool + 1))


def test_games_of_fixed_numbers_alone_are_made() -> None:
    space, permutation = job(fixed_numbers=[1, 2, 3, 4, 5, 6])
    assert draw_by_kernel(kernel_or_skip(), space, permutation, 0, 1).tolist() == [
        [1, 2, 3, 4, 5, 6]
    ]


def test_threads_do_not_disturb_each_other() -> None:
    space, permutation = job(**DEMO)
    draw = kernel_or_skip()
    chunks = [(start, start + 20_000) for start in range(0, 200_000, 20_000)]
    with ThreadPoolExecutor(2) as pool:
        parts = pool.map(lambda chunk: draw_by_kernel(draw, space, permutation, *chunk), chunks)
        together = np.concatenate(list(parts))
    assert np.array_equal(together, draw_by_kernel(draw, space, permutation, 0, 200_000))


def test_it_can_be_switched_off(undecided: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENERATION_COMPILED", "0")
    assert kernel() is None


def test_without_numba_numpy_has_to_do(undecided: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "find_spec", lambda name: None)
    assert kernel() is None


def test_a_kernel_that_does_not_compile_is_done_without(
    undecided: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(compiled, "_compile", lambda *source: 1 // 0)
    assert kernel() is None
    assert "could not be compiled" in caplog.text


def test_a_kernel_that_makes_other_games_is_not_used(
    undecided: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(
        compiled, "_compile", lambda *source: lambda first, games, *plans: games.fill(1)
    )
    assert kernel() is None
    assert "differs from numpy" in caplog.text


def test_the_users_cache_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = private_directory()
    assert found is not None
    assert found.stat().st_mode & 0o777 == 0o700
    assert private_directory() == found


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o755])
def test_a_cache_that_others_can_enter_is_not_used(
    mode: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    private_directory().chmod(mode)
    assert private_directory() is None


def test_a_cache_of_another_user_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert private_directory() is None


def test_a_link_to_a_cache_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = private_directory()
    made.rename(tmp_path / "elsewhere")
    made.symlink_to(tmp_path / "elsewhere")
    assert private_directory() is None


def test_where_nothing_can_be_written_there_is_no_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert private_directory() is None


FRESH_PROCESS = """
import json, sys, time
from generation import chunks, compiled
from generation.lotteries import get_lottery
job = {"lottery": get_lottery("mega-sena"), "constraints": {"seed": 1}}
chunks.run_chunk((0, 1000), **job)
untouched = "numba" not in sys.modules
started = time.perf_counter()
chunks.warm_up()
seconds = time.perf_counter() - started
stats = compiled.kernel().stats
game = chunks.run_chunk((0, 1), compiled=True, **job).tolist()[0]
print(json.dumps({
    "untouched": untouched, "seconds": seconds, "hits": sum(stats.cache_hits.values()),
    "misses": sum(stats.cache_misses.values()), "path": stats.cache_path, "game": game,
}))
"""


@pytest.fixture
def read_only_install(tmp_path: Path) -> Path:
    """A copy of the package beside which nothing can be written, not even by root."""
    package = Path(compiled.__file__).parent
    copy = tmp_path / "site" / "generation"
    shutil.copytree(package, copy, ignore=lambda *_: {"__pycache__", "management", "migrations"})
    (copy / "__pycache__").touch()
    return copy.parent


def fresh_process(install: Path, home: Path) -> dict[str, Any]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("NUMBA", "XDG", "GENERATION", "PYTHON"))
    }
    environment |= {"HOME": str(home), "PYTHONPATH": str(install)}
    command = [sys.executable, "-c", FRESH_PROCESS]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=home)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.mark.slow
def test_a_new_process_finds_the_kernel_compiled(read_only_install: Path, tmp_path: Path) -> None:
    pytest.importorskip("numba")
    home = tmp_path / "home"
    home.mkdir()
    first, second = (fresh_process(read_only_install, home) for _ in range(2))
    assert first["untouched"], "numba was imported for a small chunk"
    assert (first["hits"], first["misses"]) == (0, 1)
    assert (second["hits"], second["misses"]) == (1, 0)
    assert Path(second["path"]).is_relative_to(home / ".cache")
    assert second["seconds"] < first["seconds"]
    assert second["game"] == first["game"]
