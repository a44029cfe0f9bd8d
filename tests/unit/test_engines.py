"""The engines: the same games from each, as lists and as a stream."""

import logging
from itertools import chain

import pytest

from django_ray_runtime import dask_cluster, ray_cluster
from django_ray_runtime.exceptions import DaskUnavailable, RayUnavailable
from generation.constraints import GameConstraints
from generation.engines import GenerationEngine, GenerationEngineDask, GenerationEngineRay
from generation.lotteries import UnknownLottery

WANTED = GameConstraints(min_odd=2, max_odd=4, min_sum=120, max_sum=240, seed=7)


def test_games_are_sorted_distinct_and_the_same_again() -> None:
    with GenerationEngine() as engine:
        games = engine.generate_games(2_000, WANTED)
        assert len({tuple(game) for game in games}) == 2_000
        assert all(game == sorted(game) and 120 <= sum(game) <= 240 for game in games)
        assert engine.generate_games(2_000, WANTED) == games
        assert engine.complete


def test_a_stream_gives_the_same_games_in_lists_of_the_size_asked_for() -> None:
    engine = GenerationEngine()
    parts = list(engine.generate_games_streaming(2_500, WANTED, chunk_size=1_000))
    assert [len(part) for part in parts] == [1_000, 1_000, 500]
    assert list(chain.from_iterable(parts)) == engine.generate_games(2_500, WANTED)


def test_without_constraints_games_are_any_of_the_lottery() -> None:
    games = GenerationEngine("powerball").generate_games(10)
    assert all(len(game) == 6 and game[:5] == sorted(game[:5]) for game in games)


def test_what_cannot_be_delivered_is_refused_at_once_with_the_figures() -> None:
    engine = GenerationEngine()
    with pytest.raises(ValueError, match="50,063,860"):
        engine.generate_games_streaming(50_063_861)
    with pytest.raises(ValueError, match="quantity must be at least 1"):
        engine.generate_games(0)
    with pytest.raises(UnknownLottery, match="known lotteries"):
        GenerationEngine("tote")


def test_too_few_games_are_delivered_and_the_engine_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    engine = GenerationEngine()
    few = GameConstraints(allowed_numbers=range(1, 21), max_repetition=2, seed=1)
    with caplog.at_level(logging.WARNING, "generation"):
        games = engine.generate_games(45, few)
    assert len(games) < 45
    assert not engine.complete
    assert engine.reason in caplog.text
    engine.generate_games(2, few)
    assert (engine.complete, engine.reason) == (True, "")


def test_without_ray_or_dask_a_line_is_logged_and_the_games_are_made_here(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_ray() -> None:
        raise RayUnavailable("Ray is not here.")

    def no_dask(*_: object) -> None:
        raise DaskUnavailable("Dask is not here.")

    monkeypatch.setattr(ray_cluster, "join_or_start", no_ray)
    monkeypatch.setattr(dask_cluster, "join_or_start", no_dask)
    expected = GenerationEngine().generate_games(1_500, WANTED)
    for engine, told in (
        (GenerationEngineRay(), "Ray is not here."),
        (GenerationEngineDask(), "Dask is not here."),
    ):
        caplog.clear()
        with engine, caplog.at_level(logging.WARNING, "generation"):
            assert engine.generate_games(1_500, WANTED) == expected
            assert engine.generate_games(1_500, WANTED) == expected
        assert caplog.text.count(told) == 1


def test_few_games_never_leave_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("nothing is to be started for so few games")

    monkeypatch.setattr(ray_cluster, "join_or_start", refuse)
    monkeypatch.setattr(dask_cluster, "join_or_start", refuse)
    assert len(GenerationEngineRay().generate_games(999, WANTED)) == 999
    assert len(GenerationEngineDask().generate_games(999, WANTED)) == 999
