"""Every game that satisfies the constraints, numbered: how many there are, and game number i."""

from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray

from generation import past
from generation.constraints import GameConstraints
from generation.contradictions import longest_run
from generation.counters import counters_for
from generation.counting import CountingTable
from generation.families import WHOLE, Family
from generation.filters import Filter, PastFilter, passing
from generation.fitting import fit
from generation.lotteries import Lottery
from generation.permutation import Permutation
from generation.ranking import SearchPlan, halves_of

MAX_COUNT = 2**62
"""Counts are 64-bit, and the halves of a permuted index must each fit 32 bits."""

BLOCK = 8192
"""Games unranked at a time by numpy, so that the temporaries stay in the processor's cache."""


SAMPLE = 2**14
"""Games looked at to tell what share of them passes the filters."""

_SHAPE = (
    "numbers_per_game", "second_numbers_per_game", "fixed_numbers", "allowed_numbers",
    "excluded_numbers",
)  # fmt: skip


class CountTooLarge(ValueError):
    """More games than 64-bit counts can number."""


class NotEnoughGames(ValueError):
    """More games are wanted than satisfy the constraints."""


class GameSpace:
    """The games of a lottery under constraints, and of a family of them, in lexicographic order.

    ``count`` is how many there are. Where the constraints together need too large a table, some are
    left to ``filters``: then it is an upper bound, and ``exact`` is off. The bounds on what games
    of a job share with each other play no part, nor does the seed.

    Raises ``ConstraintError`` when lottery and constraints contradict, ``CountTooLarge`` and
    ``TableTooLarge`` when the games cannot be counted here.
    """

    def __init__(
        self, lottery: Lottery, constraints: GameConstraints, family: Family = WHOLE
    ) -> None:
        constraints.check_for(lottery)
        self.lottery = lottery
        self.constraints = constraints
        fixed = constraints.fixed_numbers
        free = tuple(n for n in constraints.usable_numbers(lottery) if n not in fixed)
        picks = constraints.numbers_per_game - len(fixed)
        second = _second_group(lottery)
        second_picks = constraints.second_picks(lottery)
        choices = comb(len(free), picks) * comb(len(second), second_picks)
        if not lottery.digits and choices > MAX_COUNT:
            raise CountTooLarge(
                f"choosing {picks} of {len(free)} numbers gives {choices:.1e} games, more than"
                f" {MAX_COUNT:.1e}; allow fewer numbers or fix more"
            )
        counters = counters_for(lottery, constraints, free, picks, family)
        candidates = (*free, *second)
        counters, left = fit(
            counters, candidates, picks + second_picks, lambda: _any_games(lottery, constraints)
        )
        self.filters: tuple[Filter, ...] = tuple(left)
        table = CountingTable(
            len(candidates), picks + second_picks, counters, self._block_limits(candidates)
        )
        self._ranks = table.count
        self._free_choice = not counters and table.free_runs
        self.table_bytes = table.nbytes
        self.width = constraints.numbers_per_game + second_picks
        self.plan = SearchPlan(
            cells=table.cells,
            bases=table.bases,
            steps=table.steps,
            halves=halves_of(table.places),
            gaps=np.empty(0, dtype=np.int64),
            gap_halves=np.empty(0, dtype=np.int64),
            numbers=np.array(candidates, dtype=np.uint8),
            fixed=np.array(fixed, dtype=np.uint8),
        )
        if (least := constraints.near_past(lottery)) and table.count:
            self.plan = self._exclude_past(least, free)
        for array in self.plan:
            array.setflags(write=False)

    @property
    def count(self) -> int:
        """How many games there are; an upper bound where there are ``filters``."""
        return self._ranks - self.plan.gaps.size

    @property
    def nbytes(self) -> int:
        """What the space takes of memory, in bytes; small ones take a few thousand at least."""
        return 4096 + self.plan.cells.nbytes + self.plan.gaps.nbytes

    @property
    def exact(self) -> bool:
        """Whether ``count`` games satisfy every constraint."""
        return not self.filters

    def __repr__(self) -> str:
        return (
            f"<GameSpace {self.lottery.key}: {self.count} games of {self.constraints.describe()}>"
        )

    def require(self, quantity: int) -> None:
        """Raise ``NotEnoughGames`` where ``quantity`` distinct games cannot exist.

        ``ValueError`` when ``quantity`` is not positive.
        """
        if quantity < 1:
            raise ValueError(f"quantity must be at least 1, got {quantity}; ask for a game or more")
        if self.count == 0:
            raise NotEnoughGames(
                f"no game of {self.lottery.name} satisfies {self.constraints.describe()};"
                " loosen one of these"
            )
        if quantity > self.count:
            only = "only" if self.exact else "at most"
            raise NotEnoughGames(
                f"{quantity:,} games wanted, but {only} {self.count:,} games of {self.lottery.name}"
                f" satisfy {self.constraints.describe()}; ask for at most that many or loosen one"
            )

    def sample(self) -> NDArray[np.uint8]:
        """``SAMPLE`` games (all, where there are fewer) as ``drawn``, always the same ones."""
        if not self.count:
            return np.empty((0, self.width), dtype=np.uint8)
        size = min(self.count, SAMPLE)
        return self.drawn(Permutation(self.count, seed=0).permute(np.arange(size)))

    def share(self) -> float:
        """What share of the sample passes the filters: exact where the sample is the space."""
        games = self.sample()
        return float(passing(self.filters, games).mean()) if len(games) else 0.0

    def finished(self, games: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Of games as ``drawn``, those that pass the filters, as printed."""
        return self.printed(games[passing(self.filters, games)] if self.filters else games)

    def unrank(self, indices: ArrayLike) -> NDArray[np.uint8]:
        """Games number ``indices`` (each in [0, ``count``)): uint8, shape (m, ``width``).

        Numbers ascend within a game, those of a second group behind the main ones, and games ascend
        with their index. The ``filters`` are not looked at.
        """
        return self.printed(self.drawn(indices))

    def drawn(self, indices: ArrayLike) -> NDArray[np.uint8]:
        """The same games with the numbers of the plan: digits and second groups not as printed."""
        wanted = np.asarray(indices, dtype=np.uint64).ravel()
        if wanted.size and int(wanted.max()) >= self.count:
            raise IndexError(
                f"game number {int(wanted.max())} does not exist: numbers are 0 to {self.count - 1}"
            )
        games = np.empty((wanted.size, self.width), dtype=np.uint8)
        for start in range(0, wanted.size, BLOCK):
            ranks = wanted[start : start + BLOCK].astype(np.int64)
            if self.plan.gaps.size:
                ranks += np.searchsorted(self.plan.gaps, ranks, side="right")
            games[start : start + BLOCK] = self.plan.unrank(self._ranks - 1 - ranks)
        return games

    def printed(self, games: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The games as tickets show them, from numbers of the plan; changed in place."""
        if self.lottery.second is not None:
            second = games[:, self.constraints.numbers_per_game :]
            second -= np.uint8(self.lottery.pool)
            second //= np.uint8(2)
        if self.lottery.digits:
            games -= np.uint8(1)
            games %= np.uint8(10)
        return games

    def _exclude_past(self, least: int, free: tuple[int, ...]) -> SearchPlan:
        """The plan without what is too near to a past draw, or else a filter of it."""
        wanted, draws = self.constraints, self.constraints.past_draws or ()
        picks = wanted.numbers_per_game - len(wanted.fixed_numbers)
        of_second = range(len(free), len(self.plan.numbers))
        beside = np.array(
            list(combinations(of_second, len(self.plan.bases) - picks)), dtype=np.uint8
        )
        about = (draws, least, free, wanted.fixed_numbers, picks)
        if past.count_neighbours(*about) * len(beside) > past.MAX_NEIGHBOURS:
            main = wanted.numbers_per_game
            self.filters += (PastFilter(least, draws, self.lottery.pool, main),)
            return self.plan
        ranks = [np.empty(0, dtype=np.int64)]
        for near in past.neighbours(*about):
            for start in range(0, len(near), BLOCK):
                block = near[start : start + BLOCK]
                whole = np.hstack(
                    (np.repeat(block, len(beside), axis=0), np.tile(beside, (len(block), 1)))
                )
                ranks.append(
                    self._ranks
                    - 1
                    - self.plan.rank(whole, self._ranks, all_games=self._free_choice)
                )
        gaps = past.gaps_of(np.concatenate(ranks))
        return self.plan._replace(gaps=gaps, gap_halves=halves_of(gaps.size + 1))

    def _block_limits(self, free: tuple[int, ...]) -> list[int] | None:
        """For each of the ``free`` candidates: the longest block from it on that breaks no limit.

        A block is taken together with the fixed numbers, which may join it to longer runs.
        """
        limit = self.constraints.max_run
        if limit is None or limit >= self.constraints.numbers_per_game:
            return None
        fixed = set(self.constraints.fixed_numbers)

        def longest(start: int) -> int:
            stop = start
            while (
                stop < len(free)
                and longest_run(sorted(fixed.union(free[start : stop + 1]))) <= limit
            ):
                stop += 1
            return stop - start

        return [longest(start) for start in range(len(free))]


def _any_games(lottery: Lottery, constraints: GameConstraints) -> NDArray[np.uint8]:
    """Games with the same numbers to choose from and no other bound, as numbers of the plan."""
    shape = constraints.model_dump(include=set(_SHAPE))
    return GameSpace(lottery, GameConstraints(**shape)).sample()


def _second_group(lottery: Lottery) -> tuple[int, ...]:
    """Its numbers as candidates behind the main ones, with gaps, so that they are no run."""
    size = lottery.second.pool if lottery.second else 0
    return tuple(lottery.pool + 2 * number for number in range(1, size + 1))
