"""Keeping games that overlap as wanted: the greedy choice, however it is computed and cut."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation import compiled, packings, selecting
from generation.chunks import run_chunk
from generation.constraints import GameConstraints
from generation.lotteries import get_lottery
from generation.packings import GameMasks, Packing, SubsetBitmap, packing_for
from generation.selecting import OverlapSelector
from tests.games import kernel_or_skip, small_lottery
from tests.overlap import least_and_most_shared, lottery_of_two_groups

MEGA_SENA = get_lottery("mega-sena")


def constraints(**wanted: Any) -> GameConstraints:
    return GameConstraints.model_validate({"seed": 5, **wanted})


def shuffled_games(pool: int, picks: int, seed: int) -> np.ndarray:
    games = np.array(list(combinations(range(1, pool + 1), picks)), dtype=np.uint8)
    return np.random.default_rng(seed).permutation(games)


def greedy(games: np.ndarray, most: int) -> list[list[int]]:
    """Each game that shares at most ``most`` numbers with all taken before it."""
    taken: list[set[int]] = []
    for game in games.tolist():
        if all(len(other & set(game)) <= most for other in taken):
            taken.append(set(game))
    return [sorted(game) for game in taken]


def ways(pool: int, picks: int, most: int) -> dict[str, Packing]:
    numbers = range(1, pool + 1)
    left_out = pool - 2 * picks + most
    return {
        "subsets": SubsetBitmap(numbers, picks, max(0, most + 1)),
        "subsets left out": SubsetBitmap(numbers, pool - picks, max(0, left_out + 1), True),
        "masks": GameMasks(numbers, most),
        "chosen": packing_for(numbers, picks, most),
    }


@settings(max_examples=60, deadline=None)
@given(st.data(), st.booleans())
def test_all_ways_keep_what_the_greedy_choice_keeps(data: st.DataObject, fast: bool) -> None:
    if fast:
        kernel_or_skip()
    pool = data.draw(st.integers(1, 11))
    picks = data.draw(st.integers(1, pool))
    most = data.draw(st.integers(0, picks - 1))
    games = shuffled_games(pool, picks, data.draw(st.integers(0, 1000)))
    expected = greedy(games, most)
    for name, packing in ways(pool, picks, most).items():
        accepted, _ = packing.accept(games, packing.kernel() if fast else None)
        assert games[accepted].tolist() == expected, name


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 300)), st.integers(0, 3), st.sets(st.integers(1, 9), max_size=2))
def test_what_is_kept_does_not_depend_on_how_the_candidates_are_cut(
    cuts: list[int], most: int, fixed: set[int]
) -> None:
    lottery = small_lottery(12, 5)
    wanted = constraints(numbers_per_game=5, max_repetition=most + len(fixed), fixed_numbers=fixed)
    games = [game for game in shuffled_games(12, 5, most).tolist() if fixed <= set(game)]
    if wanted.max_repetition >= 4:
        return
    candidates = np.array(games, dtype=np.uint8).reshape(-1, 5)
    selector = OverlapSelector(lottery, wanted, compiled=False)
    parts = [selector.select(part) for part in np.split(candidates, sorted(cuts))]
    assert np.concatenate(parts).tolist() == greedy(candidates, wanted.max_repetition)
    assert selector.kept == sum(map(len, parts))
    assert selector.seen == len(candidates)


@pytest.mark.parametrize(
    ("lottery", "wanted", "kind"),
    [
        ("mega-sena", {"max_repetition": 3}, SubsetBitmap),
        ("mega-sena", {"max_repetition": 2, "numbers_per_game": 8}, SubsetBitmap),
        ("mega-sena", {"max_repetition": 7, "numbers_per_game": 15}, GameMasks),
        ("lotofacil", {"max_repetition": 9, "numbers_per_game": 15}, SubsetBitmap),
        ("quina", {"max_repetition": 1, "numbers_per_game": 5}, SubsetBitmap),
        ("timemania", {"max_repetition": 6, "numbers_per_game": 10}, GameMasks),
        ("mais-milionaria", {"max_repetition": 5}, SubsetBitmap),
    ],
)
def test_the_kernel_keeps_what_numpy_keeps(
    lottery: str, wanted: dict[str, Any], kind: type[Packing]
) -> None:
    kernel_or_skip()
    asked = constraints(**wanted)
    games = run_chunk((0, 12_000), lottery=get_lottery(lottery), constraints=asked)
    both = [OverlapSelector(get_lottery(lottery), asked, way) for way in (True, False)]
    assert {type(selector._packing) for selector in both} == {kind}
    fast, slow = (selector.select(games) for selector in both)
    assert np.array_equal(fast, slow)
    assert 10 < len(fast) < 12_000
    main = fast[:150, : asked.numbers_per_game].tolist()
    assert least_and_most_shared(main)[1] <= wanted["max_repetition"]


def test_the_kernel_takes_over_in_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel_or_skip()
    monkeypatch.setattr(selecting, "WORTH_LOADING", 5000)
    wanted = constraints(max_repetition=3)
    games = run_chunk((0, 20_000), lottery=MEGA_SENA, constraints=wanted)
    mixed = OverlapSelector(MEGA_SENA, wanted)
    assert np.array_equal(
        mixed.select(games), OverlapSelector(MEGA_SENA, wanted, compiled=False).select(games)
    )
    assert mixed._kernel is not None


def test_without_a_kernel_numpy_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selecting, "WORTH_LOADING", 0)
    monkeypatch.setattr(packings, "_bitmap_kernel", lambda: None)
    selector = OverlapSelector(MEGA_SENA, constraints(max_repetition=3))
    games = run_chunk((0, 9000), lottery=MEGA_SENA, constraints=constraints())
    assert len(selector.select(games)) > 1000
    with pytest.raises(RuntimeError, match="no compiled kernel"):
        OverlapSelector(MEGA_SENA, constraints(max_repetition=3), compiled=True)


def test_a_second_group_is_ignored() -> None:
    lottery = lottery_of_two_groups(8, 3, 5, 1)
    selector = OverlapSelector(lottery, constraints(numbers_per_game=3, max_repetition=2))
    games = np.array([[1, 2, 3, 1], [1, 2, 3, 5], [1, 2, 4, 1]], dtype=np.uint8)
    assert selector.select(games).tolist() == [[1, 2, 3, 1], [1, 2, 4, 1]]


def test_fixed_numbers_that_are_too_many_leave_one_game() -> None:
    wanted = constraints(max_repetition=1, fixed_numbers=[1, 2])
    selector = OverlapSelector(MEGA_SENA, wanted)
    assert len(selector.select(run_chunk((0, 500), lottery=MEGA_SENA, constraints=wanted))) == 1


@pytest.mark.parametrize("cut", [1, 7, 100, 5000])
@pytest.mark.parametrize(
    ("limit", "value", "numbers", "told"),
    [
        ("PATIENCE", 20, 6, "last 20 candidates shared too many"),
        ("MAX_COMPARISONS", 2500, 15, "its limit, 2,500 pairs"),
    ],
)
def test_the_search_is_given_up_at_the_same_candidate_however_it_is_cut(
    limit: str, value: int, numbers: int, told: str, cut: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selecting, limit, value)
    wanted = constraints(numbers_per_game=numbers, max_repetition=2 if numbers == 6 else 7)
    games = run_chunk((0, 5000), lottery=MEGA_SENA, constraints=wanted)
    expected = OverlapSelector(MEGA_SENA, wanted, compiled=False).select(games)
    assert 5 < len(expected) < 2000
    selector = OverlapSelector(MEGA_SENA, wanted, compiled=False)
    parts = [selector.select(games[at : at + cut]) for at in range(0, len(games), cut)]
    assert np.array_equal(np.concatenate(parts), expected)
    assert selector.stopped is not None
    assert told in selector.stopped
    assert len(selector.select(games)) == 0


def test_patience_counts_candidates_in_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = constraints(max_repetition=2)
    games = run_chunk((0, 20_000), lottery=MEGA_SENA, constraints=wanted)
    places = {tuple(game): place for place, game in enumerate(greedy(games, 2))}
    flags = np.array([tuple(game) in places for game in games.tolist()])
    for patience in (1, 5, 30, 300):
        monkeypatch.setattr(selecting, "PATIENCE", patience)
        kept, vain = 0, 0
        for flag in flags:
            vain = 0 if flag else vain + 1
            kept += flag
            if vain == patience:
                break
        selector = OverlapSelector(MEGA_SENA, wanted, compiled=False)
        assert len(selector.select(games)) == kept == selector.kept


def test_no_more_than_wanted_are_kept_and_looked_at() -> None:
    wanted = constraints(max_repetition=4)
    games = run_chunk((0, 50_000), lottery=MEGA_SENA, constraints=wanted)
    whole = OverlapSelector(MEGA_SENA, wanted).select(games)
    selector = OverlapSelector(MEGA_SENA, wanted)
    assert np.array_equal(selector.select(games, most=300), whole[:300])
    assert selector.kept == 300
    assert selector.seen < 50_000
    assert len(OverlapSelector(MEGA_SENA, wanted).select(games, most=0)) == 0


def test_no_candidates_give_no_games() -> None:
    selector = OverlapSelector(MEGA_SENA, constraints(max_repetition=4))
    assert selector.select(np.empty((0, 6), dtype=np.uint8)).shape == (0, 6)


@pytest.mark.parametrize("most", [None, 5, 6])
def test_there_is_nothing_to_select_without_a_limit(most: int | None) -> None:
    with pytest.raises(ValueError, match=f"max_repetition={most} limits no games of 6 numbers"):
        OverlapSelector(MEGA_SENA, constraints(max_repetition=most))


def test_a_kernel_that_differs_from_numpy_is_not_used(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kernel_or_skip()
    packings._bitmap_kernel.cache_clear()
    monkeypatch.setattr(compiled, "_compile", lambda *source: lambda *given: given[-1].fill(1))
    try:
        assert packings._bitmap_kernel() is None
    finally:
        packings._bitmap_kernel.cache_clear()
    assert "differs from numpy" in caplog.text
