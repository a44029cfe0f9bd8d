"""Classes of numbers that a game may be bounded by: "at least so many of them, at most so many".

A new class is one more entry of ``CLASSES`` and two fields ``min_…`` and ``max_…`` of
``GameConstraints``. Numbers also fall into groups, of which a game may take only so many each:
decades, and the rows and columns of the ticket.
"""

from collections.abc import Callable
from math import isqrt
from types import MappingProxyType

from generation.lotteries import MAX_POOL


def _is_prime(number: int) -> bool:
    return number > 1 and all(number % divisor for divisor in range(2, isqrt(number) + 1))


def _fibonacci_numbers() -> frozenset[int]:
    numbers, after = [1], 2
    while after <= MAX_POOL:
        numbers.append(after)
        after += numbers[-2]
    return frozenset(numbers)


_FIBONACCI = _fibonacci_numbers()

CLASSES: MappingProxyType[str, Callable[[int], bool]] = MappingProxyType(
    {
        "odd": lambda number: number % 2 == 1,
        "even": lambda number: number % 2 == 0,
        "primes": _is_prime,
        "fibonacci": lambda number: number in _FIBONACCI,  # 1, 2, 3, 5, 8, 13, …
        "multiples_of_3": lambda number: number % 3 == 0,
    }
)
"""Whether a number belongs to the class, by the class's name in ``min_name`` and ``max_name``."""


def decade(number: int) -> int:
    """0 for 1 to 10, 1 for 11 to 20, …"""
    return (number - 1) // 10


def row(number: int, ticket_columns: int) -> int:
    """The ticket's row of a number, from 0."""
    return (number - 1) // ticket_columns


def column(number: int, ticket_columns: int) -> int:
    """The ticket's column of a number, from 0."""
    return (number - 1) % ticket_columns
