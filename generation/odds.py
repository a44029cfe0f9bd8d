"""The chance of the top prize for a purchase of games."""

from dataclasses import dataclass
from fractions import Fraction
from math import comb

from generation.constraints import GameConstraints
from generation.lotteries import Lottery


@dataclass(frozen=True, slots=True)
class Chance:
    """Of the top prize in a draw, or in one of several that a ticket is for; not ``exact``: at
    most."""

    share: Fraction
    exact: bool


def game_chance(lottery: Lottery, constraints: GameConstraints) -> Fraction:
    """That every number drawn is on the ticket: C(k, d) / C(n, d) for k numbers of n where d are
    drawn, times the same of the second group (the hypergeometric distribution; Feller, An
    Introduction to Probability Theory, volume 1, II.6). Of digits one in ten for each column."""
    if lottery.digits:
        return Fraction(1, 10**lottery.digits)
    share = Fraction(
        comb(constraints.numbers_per_game, lottery.draw), comb(lottery.pool, lottery.draw)
    )
    if lottery.second is None:
        return share
    second = lottery.second
    picks = constraints.second_picks(lottery)
    return share * Fraction(comb(picks, second.draw), comb(second.pool, second.draw))


def top_prize(lottery: Lottery, constraints: GameConstraints, quantity: int) -> Chance:
    """The chance that one of so many distinct games wins the top prize.

    Games of as many numbers as are drawn exclude each other, so their chances add up. Larger
    tickets may share the winning numbers: then the sum is an upper bound. Where a ticket takes part
    in several draws, they are independent of each other.
    """
    picks = constraints.second_picks(lottery)
    single = constraints.numbers_per_game == lottery.draw and (
        lottery.second is None or picks == lottery.second.draw
    )
    in_one = min(Fraction(1), quantity * game_chance(lottery, constraints))
    share = 1 - (1 - in_one) ** lottery.draws
    return Chance(share, exact=single or bool(lottery.digits) or quantity == 1)
