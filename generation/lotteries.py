"""The lotteries that games are made for: facts, kept as data.

A new lottery is one more entry of ``LOTTERIES``; a new fact is one more field of ``Lottery`` with a
default.
"""

from dataclasses import dataclass
from decimal import Decimal
from math import comb
from types import MappingProxyType

MAX_POOL = 255
"""Numbers of a game are stored in one byte."""


class UnknownLottery(ValueError):
    """No lottery has this key."""


@dataclass(frozen=True, slots=True)
class SecondGroup:
    """Numbers drawn from a pool of their own, beside the main ones: stars, clovers, a Powerball."""

    name: str
    pool: int
    draw: int
    min_picks: int
    max_picks: int


@dataclass(frozen=True, slots=True)
class Lottery:
    """A lottery that draws ``draw`` distinct numbers out of 1..``pool``.

    A ticket may carry between ``min_picks`` and ``max_picks`` numbers. It shows them in rows of
    ``ticket_columns``, ascending; ``None`` where tickets differ. ``unit_price`` is that of a single
    bet in ``currency``, ``price_as_of`` when it was so.

    With ``digits`` a game is one digit for each of that many columns: the pool is ten numbers for
    each, of which the games show the digits.
    """

    key: str
    name: str
    pool: int
    draw: int
    min_picks: int
    max_picks: int
    ticket_columns: int | None = None
    second: SecondGroup | None = None
    digits: int = 0
    draws: int = 1  # in which one ticket takes part
    unit_price: Decimal | None = None
    currency: str = "BRL"
    price_as_of: str = ""
    source: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.min_picks <= self.max_picks <= self.pool <= MAX_POOL:
            raise ValueError(
                f"lottery {self.key!r}: expected 1 <= min_picks <= max_picks <= pool <= {MAX_POOL},"
                f" got min_picks={self.min_picks}, max_picks={self.max_picks}, pool={self.pool};"
                " correct the entry"
            )
        if self.ticket_columns is not None and self.ticket_columns < 1:
            raise ValueError(
                f"lottery {self.key!r}: expected ticket_columns >= 1 or None,"
                f" got {self.ticket_columns}; correct the entry"
            )
        if self.second and self.pool + 2 * self.second.pool > MAX_POOL:
            raise ValueError(
                f"lottery {self.key!r}: pool={self.pool} and a second group of {self.second.pool}"
                f" do not fit one byte; expected pool + 2 * second pool <= {MAX_POOL}"
            )
        if not 1 <= self.draw <= self.pool:
            raise ValueError(
                f"lottery {self.key!r}: expected 1 <= draw <= pool={self.pool},"
                f" got draw={self.draw}; correct the entry"
            )

    def combinations(self, picks: int, second_picks: int = 0) -> int:
        """The single bets that a ticket of so many numbers stands for."""
        bets = comb(picks, self.draw) if self.min_picks == self.draw else 1
        return bets * (comb(second_picks, self.second.draw) if self.second else 1)

    def face(self, number: int) -> int:
        """What is printed for a number of the pool: itself, or its digit."""
        return (number - 1) % 10 if self.digits else number


_CAIXA = "Caixa, rules and prices of the lottery (loterias.caixa.gov.br)"
_PRICED = "2026"


def _stars(name: str, pool: int, draw: int, most: int | None = None) -> SecondGroup:
    return SecondGroup(name, pool, draw, draw, most or draw)


# Prices are those of 2025 and 2026 as found in public pages, +Milionária's of 2022. They change:
# the setting GENERATION_TICKET_PRICES (TICKET_PRICES in the environment) overrides them.
_ALL = (
    Lottery(
        "mega-sena", "Mega-Sena", 60, 6, 6, 20, ticket_columns=10,
        unit_price=Decimal("6.00"), price_as_of=_PRICED, source=_CAIXA,
    ),
    Lottery(
        "quina", "Quina", 80, 5, 5, 15, ticket_columns=10,
        unit_price=Decimal("3.00"), price_as_of=_PRICED, source=_CAIXA,
    ),
    Lottery(
        "lotofacil", "Lotofácil", 25, 15, 15, 20, ticket_columns=5,
        unit_price=Decimal("3.50"), price_as_of=_PRICED, source=_CAIXA,
    ),
    Lottery(
        "lotomania", "Lotomania", 100, 20, 50, 50, ticket_columns=10,
        unit_price=Decimal("3.00"), price_as_of=_PRICED, source=_CAIXA,
        note="100 is printed 00. All games of 50 are too many to number: allow fewer numbers.",
    ),
    Lottery(
        "dupla-sena", "Dupla Sena", 50, 6, 6, 15, ticket_columns=10,
        unit_price=Decimal("3.00"), price_as_of=_PRICED, source=_CAIXA,
        draws=2,
        note="Drawn twice with the same ticket.",
    ),
    Lottery(
        "timemania", "Timemania", 80, 7, 10, 10, ticket_columns=10,
        unit_price=Decimal("3.50"), price_as_of=_PRICED, source=_CAIXA,
        note="The team of the heart is chosen on the ticket, not here.",
    ),
    Lottery(
        "dia-de-sorte", "Dia de Sorte", 31, 7, 7, 15,
        unit_price=Decimal("2.50"), price_as_of=_PRICED, source=_CAIXA,
        note="The lucky month is chosen on the ticket, not here.",
    ),
    Lottery(
        "mais-milionaria", "+Milionária", 50, 6, 6, 12, ticket_columns=10,
        second=_stars("clovers", 6, 2, 6),
        unit_price=Decimal("6.00"), price_as_of="2022", source=_CAIXA,
    ),
    Lottery(
        "super-sete", "Super Sete", 70, 7, 7, 7, digits=7,
        unit_price=Decimal("3.00"), price_as_of=_PRICED, source=_CAIXA,
        note="One digit in each of seven columns; tickets of more digits are not made here.",
    ),
    Lottery(
        "powerball", "Powerball", 69, 5, 5, 5, second=_stars("Powerball", 26, 1),
        unit_price=Decimal("2.00"), currency="USD", price_as_of="2026",
        source="Multi-State Lottery Association (powerball.com)",
    ),
    Lottery(
        "euromillions", "EuroMillions", 50, 5, 5, 5, second=_stars("lucky stars", 12, 2),
        unit_price=Decimal("2.50"), currency="GBP", price_as_of="2026",
        source="The National Lottery (national-lottery.co.uk); the price is that of the UK",
    ),
    Lottery(
        "eurojackpot", "EuroJackpot", 50, 5, 5, 5, second=_stars("euro numbers", 12, 2),
        unit_price=Decimal("2.00"), currency="EUR", price_as_of="2026",
        source="Eurojackpot (eurojackpot.com)",
    ),
    Lottery(
        "uk-lotto", "UK Lotto", 59, 6, 6, 6,
        unit_price=Decimal("2.00"), currency="GBP", price_as_of="2026",
        source="The National Lottery (national-lottery.co.uk)",
    ),
)  # fmt: skip

LOTTERIES = MappingProxyType({lottery.key: lottery for lottery in _ALL})
"""Every known lottery by its key, read-only."""


def get_lottery(key: str) -> Lottery:
    """The lottery of this key; ``UnknownLottery`` lists the known keys when there is none."""
    try:
        return LOTTERIES[key]
    except KeyError:
        known = ", ".join(sorted(LOTTERIES))
        raise UnknownLottery(f"unknown lottery {key!r}; known lotteries: {known}") from None
