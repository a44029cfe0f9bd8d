"""What tests of overlap share: a job from its plan, and the pairs of its games."""

from itertools import combinations
from typing import Any

import numpy as np

from generation.chunks import job_space, run_chunk
from generation.constraints import GameConstraints
from generation.lotteries import Lottery, SecondGroup
from generation.overlap import plan_overlap
from generation.selecting import OverlapSelector
from generation.space import GameSpace


def lottery_of_two_groups(pool: int, picks: int, second: int, second_picks: int) -> Lottery:
    return Lottery(
        key="two", name="Two", pool=pool, draw=1, min_picks=picks, max_picks=picks,
        ticket_columns=4, second=SecondGroup("stars", second, 1, second_picks, second_picks),
    )  # fmt: skip


def deliver(
    lottery: Lottery, constraints: GameConstraints, quantity: int, step: int = 50
) -> np.ndarray:
    """The games of a job, as many as there are."""
    plan = plan_overlap(lottery, constraints, quantity)
    selector = OverlapSelector(lottery, constraints, compiled=False) if plan.selects else None
    found: list[np.ndarray] = []
    for family in plan.families:
        if GameSpace(lottery, constraints, family).count == 0:
            continue
        size = job_space(lottery, constraints, family)[0].count
        for start in range(0, size, step):
            left = quantity - sum(map(len, found))
            if left == 0:
                break
            chunk = (start, min(start + step, size))
            options: dict[str, Any] = {"lottery": lottery, "constraints": constraints}
            games = run_chunk(chunk, family=family, compiled=False, **options)
            found.append(selector.select(games, left) if selector else games[:left])
    return np.concatenate(found)


def least_and_most_shared(games: list[Any]) -> tuple[int, int]:
    """The fewest and most numbers that two of the games share; of all pairs."""
    sets = [set(game) for game in games]
    shared = [len(one & other) for one, other in combinations(sets, 2)]
    return min(shared, default=99), max(shared, default=0)
