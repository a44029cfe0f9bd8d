import pytest

from generation.classes import CLASSES, column, decade, row
from generation.lotteries import MAX_POOL

EXPECTED = {
    "odd": [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21],
    "even": [2, 4, 6, 8, 10, 12, 14, 16, 18, 20],
    "primes": [2, 3, 5, 7, 11, 13, 17, 19],
    "fibonacci": [1, 2, 3, 5, 8, 13, 21],
    "multiples_of_3": [3, 6, 9, 12, 15, 18, 21],
}


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_has_its_numbers(name: str) -> None:
    assert [number for number in range(1, 22) if CLASSES[name](number)] == EXPECTED[name]


def test_classes_reach_as_far_as_any_pool() -> None:
    assert CLASSES["fibonacci"](233)
    assert CLASSES["primes"](251)
    assert not any(CLASSES["primes"](number) for number in (0, 1, 221, 253, MAX_POOL))


def test_numbers_stand_in_decades_and_on_the_ticket() -> None:
    assert [decade(number) for number in (1, 10, 11, 60)] == [0, 0, 1, 5]
    assert [row(number, 5) for number in (1, 5, 6, 25)] == [0, 0, 1, 4]
    assert [column(number, 5) for number in (1, 5, 6, 25)] == [0, 4, 0, 4]
