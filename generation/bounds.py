"""How many games there can be at most when any two of them share so many numbers, or so few.

Games are subsets of ``picks`` out of ``numbers``. The bounds hold for every set of games, however
it was found, so a quantity above them is refused before any work.
"""

from math import comb


def packing_bound(numbers: int, picks: int, most: int) -> int:
    """Games of which no two share more than ``most`` numbers, at most.

    Games with a given number in common are, without it, games of the same kind one size smaller:
    n/k of their count, rounded down at each size (Johnson, "A new upper bound for error-correcting
    codes", 1962; Schönheim, 1966). The numbers that games leave out overlap in a known way too, so
    the bound of the complements holds as well.
    """
    shared_left_out = numbers - 2 * picks + most
    if most < 0 or shared_left_out < 0:
        return 1
    if most >= picks:
        return comb(numbers, picks)
    return min(_johnson(numbers, picks, most), _johnson(numbers, numbers - picks, shared_left_out))


def _johnson(numbers: int, picks: int, most: int) -> int:
    bound = 1
    for fewer in reversed(range(most + 1)):
        bound = (numbers - fewer) * bound // (picks - fewer)
    return bound


def intersecting_bound(numbers: int, picks: int, least: int) -> int:
    """Games of which any two share at least ``least`` numbers: exactly as many as there can be.

    The largest of Frankl's families is the largest of all (Ahlswede and Khachatrian, "The complete
    intersection theorem for systems of finite sets", 1997). Where any two games share that many
    anyway it is every game.
    """
    return max(frankl_sizes(numbers, picks, least))


def frankl_sizes(numbers: int, picks: int, least: int) -> list[int]:
    """The sizes of Frankl's families for i = 0, 1, …: the games with at least ``least + i`` numbers
    of a core of ``least + 2 * i``: two of them share ``least``, for their parts of the core do."""
    if least <= 0 or 2 * picks - numbers >= least:
        return [comb(numbers, picks)]
    largest = min((numbers - least) // 2, picks - least)
    return [_frankl(numbers, picks, least + 2 * i, least + i) for i in range(largest + 1)] or [1]


def _frankl(numbers: int, picks: int, core: int, of_core: int) -> int:
    return sum(
        comb(core, inside) * comb(numbers - core, picks - inside)
        for inside in range(of_core, min(core, picks) + 1)
    )


def distances_bound(numbers: int, least: int, most: int) -> int:
    """Games of which any two share ``least`` to ``most`` numbers, at most.

    Games whose pairs share one of s counts are at most C(n, s) (Ray-Chaudhuri and Wilson, "On
    t-designs", 1975).
    """
    return comb(numbers, most - least + 1)
