"""The lotteries that games are made for: facts, kept as data.

A new lottery is one more entry of ``LOTTERIES``; a new fact (prices, the ticket's layout, a second
group of numbers) is one more field of ``Lottery`` with a default.
"""

from dataclasses import dataclass
from types import MappingProxyType

MAX_POOL = 255
"""Numbers of a game are stored in one byte."""


class UnknownLottery(ValueError):
    """No lottery has this key."""


@dataclass(frozen=True, slots=True)
class Lottery:
    """A lottery that draws ``draw`` distinct numbers out of 1..``pool``.

    A ticket may carry between ``min_picks`` and ``max_picks`` numbers.
    """

    key: str
    name: str
    pool: int
    draw: int
    min_picks: int
    max_picks: int

    def __post_init__(self) -> None:
        if not 1 <= self.min_picks <= self.max_picks <= self.pool <= MAX_POOL:
            raise ValueError(
                f"lottery {self.key!r}: expected 1 <= min_picks <= max_picks <= pool <= {MAX_POOL},"
                f" got min_picks={self.min_picks}, max_picks={self.max_picks}, pool={self.pool};"
                " correct the entry"
            )
        if not 1 <= self.draw <= self.pool:
            raise ValueError(
                f"lottery {self.key!r}: expected 1 <= draw <= pool={self.pool},"
                f" got draw={self.draw}; correct the entry"
            )


_ALL = (
    # Mega-Sena: six of sixty are drawn, a ticket carries six to twenty (rules of Caixa).
    Lottery(key="mega-sena", name="Mega-Sena", pool=60, draw=6, min_picks=6, max_picks=20),
)

LOTTERIES = MappingProxyType({lottery.key: lottery for lottery in _ALL})
"""Every known lottery by its key, read-only."""


def get_lottery(key: str) -> Lottery:
    """The lottery of this key; ``UnknownLottery`` lists the known keys when there is none."""
    try:
        return LOTTERIES[key]
    except KeyError:
        known = ", ".join(sorted(LOTTERIES))
        raise UnknownLottery(f"unknown lottery {key!r}; known lotteries: {known}") from None
