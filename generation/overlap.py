"""How many numbers any two games of a job share: what is possible, and which games to read for it.

A limit for pairs of games is no property of a game, so it is not counted. Some parts of the space
have it by themselves and are read like any space, at full speed, any slice anywhere:

- Games whose sums leave the same residue never share all numbers but one, for the odd numbers out
  would have to be equal (Graham and Sloane, "Lower bounds for constant weight codes", 1980). On 6
  of 60 a class holds 92 % of the most games there can be.
- Games with most of their numbers in a core share some of them (Frankl's families).

Elsewhere games are read in the job's order and kept where they go with all kept so far
(``selecting``). Both depend on lottery, constraints and seed alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import count, islice
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from generation.bounds import distances_bound, frankl_sizes, intersecting_bound, packing_bound
from generation.constraints import GameConstraints
from generation.counting import TableTooLarge
from generation.distributions import TheoryTooLarge, distribution
from generation.families import WHOLE, Family
from generation.lotteries import Lottery
from generation.permutation import Permutation, round_keys
from generation.space import SAMPLE, GameSpace

MET = 20
"""Games whose numbers a core is made of."""

CORES = 12
"""Cores that are tried where other constraints leave their families too few games."""


class TooManyForOverlap(ValueError):
    """More games are wanted than can overlap as they should, by a known bound."""


@dataclass(frozen=True, slots=True)
class OverlapPlan:
    """The families to read one after another until there are games enough.

    Where ``selects``, only the games that an ``OverlapSelector`` accepts count, and one selector
    sees all families. ``bound`` is the most games that there can be.
    """

    families: tuple[Family, ...]
    selects: bool
    bound: int


class Overlap(NamedTuple):
    """What is wanted of any two games, the fixed numbers taken off.

    A game has ``picks`` of ``numbers``; two share at least ``least`` (0 where they must do so
    anyway) and at most ``most`` (``None`` where they cannot help it; negative where the fixed
    numbers alone are too many). ``seconds`` games have the same main numbers.
    """

    numbers: int
    picks: int
    least: int
    most: int | None
    seconds: int

    def bound(self) -> int:
        """The most games that there can be."""
        numbers, picks, least, most, seconds = self
        if most is None:
            return intersecting_bound(numbers, picks, least) * seconds
        low = max(least, 2 * picks - numbers)
        if most < low:
            return 1
        return min(
            packing_bound(numbers, picks, most),
            intersecting_bound(numbers, picks, least),
            distances_bound(numbers, max(low, 0), most),
        )


def overlap_of(lottery: Lottery, constraints: GameConstraints) -> Overlap:
    """What the constraints want of any two games of the lottery."""
    size, fixed = constraints.numbers_per_game, len(constraints.fixed_numbers)
    numbers, picks = len(constraints.usable_numbers(lottery)) - fixed, size - fixed
    second = lottery.second.pool if lottery.second else 0
    seconds = comb(second, constraints.second_picks(lottery))
    least = (constraints.min_repetition or 0) - fixed
    most = constraints.max_repetition
    differ_anyway = size if seconds > 1 else size - 1
    return Overlap(
        numbers,
        picks,
        least if least > max(0, 2 * picks - numbers) else 0,
        None if most is None or most >= differ_anyway else most - fixed,
        seconds,
    )


def overlap_bound(lottery: Lottery, constraints: GameConstraints) -> int:
    """The most games that can overlap as wanted; needs no seed and takes no time.

    Other constraints play no part in it: they may leave fewer.
    """
    return overlap_of(lottery, constraints).bound()


@lru_cache(maxsize=32)
def plan_overlap(lottery: Lottery, constraints: GameConstraints, quantity: int) -> OverlapPlan:
    """Which games to read so that any two of ``quantity`` overlap as the constraints say.

    Raises ``TooManyForOverlap`` beyond the known bound and ``ValueError`` for constraints without a
    seed. That a plan is made does not say that it yields so many: only reading tells.
    """
    constraints.check_for(lottery)
    wanted = overlap_of(lottery, constraints)
    bound = wanted.bound()
    if quantity > bound:
        raise TooManyForOverlap(_refusal(lottery, constraints, wanted, quantity, bound))
    if quantity <= 1 or (wanted.most is None and wanted.least == 0):
        return OverlapPlan((WHOLE,), False, bound)
    _seed(constraints)
    core = WHOLE
    if wanted.least:
        core = _core(lottery, constraints, wanted, quantity)
    if wanted.most is None:
        return OverlapPlan((core,), False, bound)
    if wanted.most == wanted.picks - 2:
        return _classes(lottery, constraints, core, quantity, bound)
    return OverlapPlan((core,), True, bound)


def _refusal(
    lottery: Lottery, constraints: GameConstraints, wanted: Overlap, quantity: int, bound: int
) -> str:
    wishes = {
        "max_repetition": ("raise", wanted.most is not None),
        "min_repetition": ("lower", bool(wanted.least)),
    }
    named = {name: verb for name, (verb, counts) in wishes.items() if counts}
    told = " and ".join(f"{name}={getattr(constraints, name)}" for name in named)
    size, fixed = constraints.numbers_per_game, len(constraints.fixed_numbers)
    fixing = f", {fixed} of them fixed," if fixed else ""
    return (
        f"{quantity:,} games wanted, but with {told or 'these numbers'} there are at most"
        f" {bound:,} games of {size} numbers{fixing} of the {wanted.numbers + fixed} of"
        f" {lottery.name} that may be used; ask for at most that many"
        + "".join(f" or {verb} {name}" for name, verb in named.items())
    )


def _classes(
    lottery: Lottery, constraints: GameConstraints, core: Family, quantity: int, bound: int
) -> OverlapPlan:
    """A residue class with games enough, chosen by the seed, or the largest and then the rest."""
    try:
        totals = distribution(lottery, constraints, lambda number: number, core)
    except TheoryTooLarge:  # there is no room for the sum
        return OverlapPlan((core,), True, bound)
    modulus = _modulus(lottery, constraints, core)
    seconds = overlap_of(lottery, constraints).seconds
    sizes = [0] * modulus
    for total, games in totals.items():
        sizes[total % modulus] += games // seconds
    enough = [residue for residue, size in enumerate(sizes) if size >= quantity]
    if enough:
        residue = enough[int(round_keys(_seed(constraints), 1)[0]) % len(enough)]
    else:
        residue = sizes.index(max(sizes))
    family = Family(core.core, core.core_least, modulus, residue)
    if enough and constraints.exclude_past is not None:  # which takes games out of the class
        space = GameSpace(lottery, constraints, family)
        if not space.exact or space.count // seconds < quantity:
            enough = []
    if not enough:
        return OverlapPlan((family, core), True, bound)
    return OverlapPlan((family,), seconds > 1, bound)


def _modulus(lottery: Lottery, constraints: GameConstraints, core: Family) -> int:
    """The smallest by which all numbers that games can differ in leave different residues."""
    same = set(constraints.fixed_numbers)
    if core.core_least == len(core.core):
        same |= set(core.core)
    free = [number for number in constraints.usable_numbers(lottery) if number not in same]
    return next(m for m in count(max(1, len(free))) if len({n % m for n in free}) == len(free))


def _core(lottery: Lottery, constraints: GameConstraints, wanted: Overlap, quantity: int) -> Family:
    """The first family tried with games enough, else the one with most games.

    With a limit from above the core is one that all games hold whole: in the rest of their numbers
    they may differ most (for large pools nothing is better: Deza, Erdős and Frankl, 1978).
    """
    best, most, refused = None, -1, None
    for family in islice(_cores(lottery, constraints, wanted), CORES):
        try:
            space = GameSpace(lottery, constraints, family)
            games = space.count if space.exact else int(space.count * space.share())
        except TableTooLarge as error:
            refused = error
            continue
        if wanted.most is not None:
            games //= wanted.seconds
        if games > most:
            best, most = family, games
        if games >= quantity:
            break
    if best is None:
        raise refused or AssertionError("no core was tried")
    return best


def _cores(lottery: Lottery, constraints: GameConstraints, wanted: Overlap) -> Iterator[Family]:
    """Cores of numbers of games that there are, in the job's order; the largest family first."""
    space = GameSpace(lottery, constraints)
    space.require(1)
    order = Permutation(space.count, _seed(constraints))
    sizes = frankl_sizes(wanted.numbers, wanted.picks, wanted.least)
    kinds = sorted(range(len(sizes)), key=lambda kind: -sizes[kind])
    if wanted.most is not None:
        kinds = [0]
    attempts = max(1, CORES // 3)
    # Where candidates are filtered, many may have to be looked at for a few games.
    looked_at = order.permute(np.arange(min(space.count, SAMPLE if space.filters else 2 * MET)))
    games = space.finished(space.drawn(looked_at))
    if not len(games):
        games = space.unrank(looked_at[: 2 * MET])
    for kind in kinds:
        for attempt in range(min(attempts, len(games))):
            met = _numbers_met(space, games[attempt : attempt + MET])
            core = sorted(islice(met, wanted.least + 2 * kind))
            yield Family(tuple(core), wanted.least + kind)


def _numbers_met(space: GameSpace, games: NDArray[np.uint8]) -> Iterator[int]:
    """The free numbers, each once: those of the first game in a seeded order, those of the next, …
    and at the end those that few games have."""
    constraints = space.constraints
    met = set(constraints.fixed_numbers)
    for game in games[:, : constraints.numbers_per_game]:
        mixed = Permutation(game.size, _seed(constraints)).permute(np.arange(game.size))
        for number in game[mixed].tolist():
            if number not in met:
                met.add(number)
                yield number
    yield from (n for n in constraints.usable_numbers(space.lottery) if n not in met)


def _seed(constraints: GameConstraints) -> int:
    if constraints.seed is None:
        raise ValueError("expected constraints with a seed, got seed=None; choose one")
    return constraints.seed
