"""How many items make a chunk."""

import pytest

from django_ray_runtime.fanout.pace import GROWTH, Pace

MIB = 2**20


def pace(per_item: float, timed: int = 1000, **changes: float | int | None) -> Pace:
    """One that has timed so many items."""
    made = Pace(**{"fixed": None, "target_seconds": None, "most_bytes": 32 * MIB, **changes})  # type: ignore[arg-type]
    made.note(timed, per_item * timed)
    return made


@pytest.mark.parametrize(
    ("per_item", "remaining", "slots", "size"),
    [
        (0.001, 10_000, 2, 100),  # a tenth of a second
        (0.001, None, 2, 100),
        (0.001, 100, 2, 34),  # two thirds of a slot's share of what is left
        (0.001, 6, 2, 5),  # but no call of less than some milliseconds
        (0.2, 10_000, 2, 1),
        (0.01, 100_000, 150, 100),  # many slots: a second, so that they are kept busy
        (1e-9, 10_000_000, 2, 8008),  # far from what is known
    ],
)
def test_a_chunk_takes_its_time(
    per_item: float, remaining: int | None, slots: int, size: int
) -> None:
    assert pace(per_item).next_size(remaining, slots) == size


def test_a_target_that_was_asked_for_holds_on_any_cluster() -> None:
    assert pace(0.001, target_seconds=0.01).next_size(10_000, 500) == 10


def test_nothing_known_gives_one_item() -> None:
    assert Pace(None, None, 32 * MIB).next_size(100, 2) == 1


def test_few_known_items_do_not_make_a_large_chunk() -> None:
    assert pace(0.0001, timed=2).next_size(100_000, 2) == GROWTH * 3


def test_a_chunk_of_large_items_stays_small() -> None:
    found = pace(0.001)
    found.note_item(bytes(10 * MIB))
    assert found.next_size(10_000, 2) == 3
    found.note_item(bytes(100 * MIB))
    assert found.next_size(10_000, 2) == 1


def test_a_fixed_size_is_kept() -> None:
    assert pace(0.001, fixed=7).next_size(3, 2) == 7
