import itertools

import pytest

from generation.planning import default_chunk_size, plan_chunks


@pytest.mark.parametrize(
    ("quantity", "size"), [(1, 1), (1, 10), (10, 1), (10, 3), (10, 10), (10, 11)]
)
def test_chunks_cover_every_game_once_and_in_order(quantity: int, size: int) -> None:
    chunks = list(plan_chunks(quantity, size))
    games = list(itertools.chain.from_iterable(range(*chunk) for chunk in chunks))
    assert games == list(range(quantity))
    assert {stop - start for start, stop in chunks[:-1]} <= {size}


def test_a_chunk_has_three_million_games_of_six() -> None:
    assert list(plan_chunks(7_000_000)) == [
        (0, 3_000_000),
        (3_000_000, 6_000_000),
        (6_000_000, 7_000_000),
    ]


def test_games_of_more_numbers_come_in_smaller_chunks() -> None:
    assert default_chunk_size(15) == 1_200_000
    assert next(plan_chunks(10**7, numbers_per_game=15)) == (0, 1_200_000)


def test_chunks_are_planned_as_they_are_taken() -> None:
    assert next(plan_chunks(10**18, 10)) == (0, 10)


@pytest.mark.parametrize(
    ("quantity", "size", "name"), [(0, None, "quantity"), (5, 0, "chunk_size")]
)
def test_what_is_not_positive_is_refused_at_once(
    quantity: int, size: int | None, name: str
) -> None:
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        plan_chunks(quantity, size)
