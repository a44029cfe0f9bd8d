"""What a game must look like, and which wishes contradict each other.

A new constraint is one more field of ``GameConstraints``; where it bounds a count over a game's
numbers it is one more ``Counter`` of ``counters.counters_for`` and needs no other change.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from generation import contradictions
from generation.contradictions import ConstraintError, words
from generation.lotteries import MAX_POOL, Lottery

SEED_LIMIT = 2**63
"""Seeds are below this, so that one fits a signed 64-bit database column."""


def _sorted_unique(numbers: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(set(numbers)))


def _shared(value: object) -> object:
    """``True`` is a word, for it equals 1."""
    return {True: "all", False: None}[value] if isinstance(value, bool) else value


MAX_DRAWS = 20_000
"""Past draws at most: some fifty years of one a day. More would only keep others waiting."""

Number = Annotated[int, Field(ge=1, le=MAX_POOL)]
Numbers = Annotated[tuple[Number, ...], AfterValidator(_sorted_unique)]
Bound = Annotated[int, Field(ge=0, le=MAX_POOL * MAX_POOL)]  # no sum is larger
Length = Annotated[int, Field(ge=1)]


class GameConstraints(BaseModel):
    """The games wanted: how many numbers each has and what must hold for them.

    Lists of numbers are kept sorted and without repeats. ``None`` means "no bound"; a seed of
    ``None`` means that the job chooses one, and 0 is a seed like any other. ``max_run`` is the
    longest run of consecutive numbers allowed (1: no two neighbours). Decades are 1 to 10, 11 to
    20, …; rows and columns are the ticket's. Repeats are numbers shared with ``reference_draw``.

    With ``exclude_past`` no game shares that many or more numbers with one of ``past_draws``;
    ``"all"`` (or ``True``) is as many as the lottery draws: no game holds a draw whole.
    ``max_repetition`` is the most numbers, ``min_repetition`` the fewest, that any two games of a
    job share.

    ``second_numbers_per_game`` is how many of the second group a game has, where the lottery has
    one (``None``: as few as it allows); the other constraints speak of the main numbers.

    Frozen and hashable. What contradicts itself is refused with both fields named;
    ``check_for`` refuses what contradicts a lottery.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    numbers_per_game: Number = 6
    second_numbers_per_game: Number | None = None
    fixed_numbers: Numbers = ()
    allowed_numbers: Numbers | None = None
    excluded_numbers: Numbers = ()
    min_odd: Bound | None = None
    max_odd: Bound | None = None
    min_even: Bound | None = None
    max_even: Bound | None = None
    min_sum: Bound | None = None
    max_sum: Bound | None = None
    min_primes: Bound | None = None
    max_primes: Bound | None = None
    min_fibonacci: Bound | None = None
    max_fibonacci: Bound | None = None
    min_multiples_of_3: Bound | None = None
    max_multiples_of_3: Bound | None = None
    max_run: Length | None = None
    max_per_decade: Length | None = None
    max_per_row: Length | None = None
    max_per_column: Length | None = None
    reference_draw: Numbers | None = None
    min_repeats: Bound | None = None
    max_repeats: Bound | None = None
    exclude_past: Annotated[Number | Literal["all"] | None, BeforeValidator(_shared)] = None
    past_draws: Annotated[tuple[Numbers, ...] | None, Field(max_length=MAX_DRAWS)] = None
    min_repetition: Bound | None = None
    max_repetition: Bound | None = None
    seed: Annotated[int, Field(ge=0, lt=SEED_LIMIT)] | None = None

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> Self:
        contradictions.refuse(self)
        return self

    @property
    def odd_range(self) -> tuple[int, int]:
        """The least and most odd numbers of a game: what the bounds on odd and even say."""
        size = self.numbers_per_game
        low = max(self.min_odd or 0, size - (size if self.max_even is None else self.max_even))
        high = min(size if self.max_odd is None else self.max_odd, size - (self.min_even or 0))
        return low, high

    def usable_numbers(self, lottery: Lottery) -> tuple[int, ...]:
        """The numbers of the lottery that a game may contain, ascending, the fixed ones too."""
        allowed = self.allowed_numbers or range(1, lottery.pool + 1)
        return tuple(sorted(set(allowed) - set(self.excluded_numbers)))

    def second_picks(self, lottery: Lottery) -> int:
        """How many numbers of the lottery's second group a game has; 0 where there is none."""
        if lottery.second is None:
            return 0
        return self.second_numbers_per_game or lottery.second.min_picks

    def columns(self, lottery: Lottery) -> tuple[str, ...]:
        """The names of a game's numbers: ``n1``, ``n2``, …, and ``s1``, … of the second group."""
        main = (f"n{place}" for place in range(1, self.numbers_per_game + 1))
        second = (f"s{place}" for place in range(1, self.second_picks(lottery) + 1))
        return (*main, *second)

    def check_for(self, lottery: Lottery) -> None:
        """Raise ``ConstraintError`` where these constraints and the lottery contradict."""
        size = self.numbers_per_game
        if not lottery.min_picks <= size <= lottery.max_picks:
            raise ConstraintError(
                f"numbers_per_game={size} is not a ticket of {lottery.name};"
                f" choose {lottery.min_picks} to {lottery.max_picks}"
            )
        contradictions.refuse_second(self, lottery)
        for name in ("fixed_numbers", "allowed_numbers", "excluded_numbers", "reference_draw"):
            if outside := [n for n in getattr(self, name) or () if n > lottery.pool]:
                raise ConstraintError(
                    f"{name} contains {words(outside)}, but {lottery.name} has the numbers"
                    f" 1 to {lottery.pool}; remove it"
                )
        usable = self.usable_numbers(lottery)
        if len(usable) < size:
            raise ConstraintError(
                f"excluded_numbers leaves {len(usable)} numbers of {lottery.name} but"
                f" numbers_per_game={size}; exclude fewer"
            )
        if not lottery.digits:
            contradictions.refuse_unreachable_sum(self, usable)
        contradictions.refuse_layout(self, lottery.ticket_columns, lottery.name)
        contradictions.refuse_past(self, lottery)

    def near_past(self, lottery: Lottery) -> int | None:
        """The numbers shared with a past draw from which on a game is excluded."""
        return lottery.draw if self.exclude_past == "all" else self.exclude_past

    def describe(self) -> str:
        """What was asked for in one line, the seed left out: ``numbers_per_game=6, max_odd=4``."""
        wanted: dict[str, Any] = {"numbers_per_game": self.numbers_per_game}
        wanted |= self.model_dump(exclude={"seed", "past_draws"}, exclude_defaults=True)
        if self.past_draws:
            wanted["past_draws"] = f"{len(self.past_draws):,} draws"
        return ", ".join(f"{name}={_plain(value)}" for name, value in wanted.items())


def error_line(error: ValidationError) -> str:
    """What a pydantic error says, in one line that names field, rule and what came."""
    return "; ".join(_one_error(dict(item)) for item in error.errors(include_url=False))


def _one_error(item: dict[str, Any]) -> str:
    if item["type"] == "value_error":  # ours: it names its fields itself
        return str(item["ctx"]["error"])
    field = ".".join(str(part) for part in item["loc"]) or "constraints"
    if item["type"] == "extra_forbidden":
        known = ", ".join(GameConstraints.model_fields)
        return f"{field} is not a constraint; known constraints: {known}"
    rule = item["msg"][:1].lower() + item["msg"][1:]
    return f"{field}: {rule}, got {item['input']!r}"


def _plain(value: object) -> str:
    return "[" + ", ".join(map(str, value)) + "]" if isinstance(value, tuple) else str(value)
