from typing import Any

import numpy as np
import pytest

from generation import chunks, compiled
from generation.chunks import job_space, run_chunk, warm_up
from generation.constraints import GameConstraints
from generation.lotteries import get_lottery
from generation.planning import plan_chunks
from generation.space import NotEnoughGames
from tests.games import kernel_or_skip

MEGA_SENA = get_lottery("mega-sena")
DEMO = GameConstraints(min_odd=2, max_odd=4, min_sum=120, max_sum=240, seed=7)


def games_of(chunk: tuple[int, int], constraints: Any = DEMO, **options: Any) -> np.ndarray:
    return run_chunk(chunk, lottery=MEGA_SENA, constraints=constraints, **options)


@pytest.fixture(autouse=True)
def new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if this process had not made any games yet."""
    monkeypatch.setattr(chunks, "_by_numpy", 0)


def test_a_seed_gives_the_same_games_for_ever() -> None:
    assert games_of((0, 3), {"seed": 0}).tolist() == [
        [4, 35, 38, 40, 44, 47],
        [31, 33, 50, 55, 56, 59],
        [5, 11, 15, 17, 30, 42],
    ]
    assert games_of((0, 3)).tolist() == [
        [1, 22, 23, 30, 50, 54],
        [4, 5, 15, 22, 43, 52],
        [1, 25, 36, 44, 48, 51],
    ]


@pytest.mark.parametrize("way", [True, False, None])
def test_chunks_put_together_are_the_job(way: bool | None) -> None:
    if way:
        kernel_or_skip()
    whole = games_of((0, 5000), compiled=False)
    for size in (700, 5000, 1):
        planned = [(0, 2), (2, 3)] if size == 1 else list(plan_chunks(5000, size))
        parts = np.concatenate([games_of(chunk, compiled=way) for chunk in planned])
        assert np.array_equal(parts, whole[: len(parts)])


def test_no_game_comes_twice() -> None:
    games = games_of((0, 200_000))
    assert len(np.unique(games.view("V6"))) == 200_000


def test_a_job_of_every_game_has_every_game_once() -> None:
    wanted = {"fixed_numbers": [10, 20, 30], "min_odd": 2, "max_run": 1, "seed": 3}
    space, _ = job_space(MEGA_SENA, GameConstraints.model_validate(wanted))
    games = games_of((0, space.count), wanted)
    everything = space.unrank(np.arange(space.count))
    assert not np.array_equal(games, everything)
    assert sorted(games.tolist()) == everything.tolist()


def test_games_are_bytes_in_rows() -> None:
    games = games_of((10, 15))
    assert games.dtype == np.uint8
    assert games.shape == (5, 6)
    assert games_of((4, 4)).shape == (0, 6)


def test_constraints_may_come_as_a_dict() -> None:
    assert np.array_equal(games_of((0, 9), DEMO.model_dump(mode="json")), games_of((0, 9)))


def test_another_seed_gives_other_games() -> None:
    one, other = (games_of((0, 1000), {"seed": seed}) for seed in (1, 2))
    assert not np.array_equal(one, other)


def test_constraints_without_a_seed_are_refused() -> None:
    with pytest.raises(ValueError, match="needs the job's seed"):
        games_of((0, 1), {})


@pytest.mark.parametrize("chunk", [(-1, 5), (5, 4)])
def test_a_chunk_that_is_no_slice_is_refused(chunk: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"chunk must be \(start, stop\)"):
        games_of(chunk)


def test_a_chunk_beyond_the_last_game_is_refused() -> None:
    with pytest.raises(NotEnoughGames, match="only 1 games"):
        games_of((0, 2), {"min_sum": 345, "seed": 0})


def test_a_job_without_games_is_refused() -> None:
    with pytest.raises(NotEnoughGames, match="no game"):
        games_of((0, 0), {"min_sum": 344, "max_odd": 0, "seed": 0})


def test_chunks_of_a_job_share_its_table() -> None:
    reseeded = DEMO.model_copy(update={"seed": 8})
    assert job_space(MEGA_SENA, DEMO)[0] is job_space(MEGA_SENA, reseeded)[0]


def test_little_work_does_not_load_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(compiled, "is_loaded", lambda: False)
    monkeypatch.setattr(compiled, "kernel", lambda: asked.append(True))
    monkeypatch.setattr(chunks, "WORTH_LOADING", 2500)
    games_of((0, 1000))
    games_of((1000, 2000))
    assert asked == []
    games_of((2000, 3000))
    assert asked == [True]


def test_insisting_on_a_kernel_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "kernel", lambda: None)
    with pytest.raises(RuntimeError, match="install numba"):
        games_of((0, 1), compiled=True)
    assert len(games_of((0, 1))) == 1


def test_warming_up_loads_the_kernel() -> None:
    kernel_or_skip()
    assert warm_up()
    assert compiled.is_loaded()
