import numpy as np
import pytest

from generation.permutation import (
    MAX_SIZE,
    SMALL_ROUNDS,
    Permutation,
    feistel,
    round_keys,
    shape_for,
)


@pytest.mark.parametrize("size", [*range(1, 301), 1023, 1024, 1025, 4096, 99_991, 250_000])
def test_it_is_a_bijection(size: int) -> None:
    for seed in (0, 2**63 - 1):
        values = Permutation(size, seed).permute(np.arange(size))
        assert np.array_equal(np.sort(values), np.arange(size))


def test_the_largest_size_stays_in_range_without_repeats() -> None:
    ends = [np.arange(50_000, dtype=np.uint64) + np.uint64(at) for at in (0, MAX_SIZE - 50_000)]
    values = Permutation(MAX_SIZE, seed=3).permute(np.concatenate(ends))
    assert int(values.max()) < MAX_SIZE
    assert np.unique(values).size == 100_000


def test_a_seed_gives_the_same_order_for_ever() -> None:
    assert Permutation(50_063_860, seed=0).permute(np.arange(4)).tolist() == [
        17533705,
        49507882,
        19005511,
        4111772,
    ]
    assert Permutation(60, seed=1).permute(np.arange(8)).tolist() == [27, 2, 50, 55, 45, 33, 13, 38]


def test_any_slice_can_be_read_alone() -> None:
    permutation = Permutation(12_345, seed=9)
    whole = permutation.permute(np.arange(12_345))
    assert np.array_equal(permutation.permute(np.arange(7_000, 7_100)), whole[7_000:7_100])


def test_seeds_give_different_orders() -> None:
    firsts = {int(Permutation(2**40, seed).permute(0)) for seed in range(1000)}
    assert len(firsts) == 1000


@pytest.mark.parametrize("size", [0, MAX_SIZE + 1])
def test_a_size_that_cannot_be_permuted_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"got {size}"):
        Permutation(size, seed=0)


def test_an_index_outside_is_refused() -> None:
    with pytest.raises(IndexError, match="index 10 is outside 0 to 9"):
        Permutation(10, seed=0).permute([3, 10])


def over_seeds(index: int, size: int, rounds: int, seeds: int) -> np.ndarray:
    """Where the seeds 0, 1, … put one index."""
    keys, shape = round_keys(np.arange(seeds), rounds), shape_for(size)
    mix = Permutation(size, 0).plan.mix
    values = feistel(np.full(seeds, index, dtype=np.uint64), shape, keys, mix)
    while (outside := np.flatnonzero(values >= size)).size:
        values[outside] = feistel(values[outside], shape, keys[:, outside], mix)
    return values


def chi_square_of_pairs(size: int, rounds: int, pair: tuple[int, int], seeds: int) -> float:
    """How unevenly the ordered pairs of two games fall over many seeds."""
    one, other = (over_seeds(index, size, rounds, seeds).astype(np.int64) for index in pair)
    counts = np.bincount(one * size + other, minlength=size * size).reshape(size, size)
    expected = seeds / (size * (size - 1))
    pairs = counts[~np.eye(size, dtype=bool)]
    return float(((pairs - expected) ** 2 / expected).sum())


def test_what_is_counted_over_seeds_is_the_permutation() -> None:
    for size, rounds in ((12, SMALL_ROUNDS), (5000, 8)):
        values = over_seeds(3, size, rounds, seeds=20).tolist()
        assert values == [int(Permutation(size, seed).permute(3)) for seed in range(20)]


# What chi-square exceeds once in a million, at size * (size - 1) - 1 degrees of freedom.
CRITICAL = {5: 64.5, 6: 81.1, 120: 15_097.0}


def test_two_games_are_as_good_as_drawn_at_random() -> None:
    assert chi_square_of_pairs(120, 8, (0, 1), seeds=400_000) < CRITICAL[120]


def test_four_rounds_would_not_do() -> None:
    assert chi_square_of_pairs(120, 4, (0, 1), seeds=400_000) > CRITICAL[120]


@pytest.mark.parametrize("size", [5, 6])
def test_a_handful_of_games_is_shuffled_as_well(size: int) -> None:
    pair = (1, size - 1)
    assert chi_square_of_pairs(size, SMALL_ROUNDS, pair, seeds=100_000) < CRITICAL[size]
    assert chi_square_of_pairs(size, 8, pair, seeds=100_000) > CRITICAL[size]
