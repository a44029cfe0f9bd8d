"""What a game must look like, and which wishes contradict each other.

A new constraint is one more field of ``GameConstraints``; where it bounds a count over a game's
numbers it is one more ``Counter`` of ``counters.counters_for`` and needs no other change.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from generation.lotteries import MAX_POOL, Lottery

SEED_LIMIT = 2**63
"""Seeds are below this, so that one fits a signed 64-bit database column."""


class ConstraintError(ValueError):
    """The constraints cannot be met by this lottery."""


def _sorted_unique(numbers: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(set(numbers)))


Number = Annotated[int, Field(ge=1, le=MAX_POOL)]
Numbers = Annotated[tuple[Number, ...], AfterValidator(_sorted_unique)]
Bound = Annotated[int, Field(ge=0)]


class GameConstraints(BaseModel):
    """The games wanted: how many numbers each has and what must hold for them.

    Lists of numbers are kept sorted and without repeats. ``None`` means "no bound"; a seed of
    ``None`` means that the job chooses one, and 0 is a seed like any other. ``max_run`` is the
    longest run of consecutive numbers allowed (1: no two neighbours).

    Frozen and hashable. What contradicts itself is refused with both fields named;
    ``check_for`` refuses what contradicts a lottery.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    numbers_per_game: Number = 6
    fixed_numbers: Numbers = ()
    allowed_numbers: Numbers | None = None
    excluded_numbers: Numbers = ()
    min_odd: Bound | None = None
    max_odd: Bound | None = None
    min_even: Bound | None = None
    max_even: Bound | None = None
    min_sum: Bound | None = None
    max_sum: Bound | None = None
    max_run: Annotated[int, Field(ge=1)] | None = None
    seed: Annotated[int, Field(ge=0, lt=SEED_LIMIT)] | None = None

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> Self:
        self._check_ranges()
        self._check_numbers()
        self._check_odd_and_even()
        self._check_fixed()
        return self

    def _check_ranges(self) -> None:
        for low_name, high_name in (
            ("min_odd", "max_odd"),
            ("min_even", "max_even"),
            ("min_sum", "max_sum"),
        ):
            low, high = getattr(self, low_name), getattr(self, high_name)
            if low is not None and high is not None and low > high:
                raise ValueError(
                    f"{low_name}={low} is greater than {high_name}={high}; swap or widen them"
                )

    def _check_numbers(self) -> None:
        fixed, allowed, excluded = map(
            set, (self.fixed_numbers, self.allowed_numbers or (), self.excluded_numbers)
        )
        if self.allowed_numbers == ():
            raise ValueError("allowed_numbers is empty; leave it out to allow every number")
        if both := fixed & excluded:
            raise ValueError(
                f"fixed_numbers and excluded_numbers both contain {_words(both)};"
                " a number can be in one of them only"
            )
        if allowed and (outside := fixed - allowed):
            raise ValueError(
                f"fixed_numbers contains {_words(outside)}, which allowed_numbers does not;"
                " allow it or do not fix it"
            )
        if len(fixed) > self.numbers_per_game:
            raise ValueError(
                f"fixed_numbers has {len(fixed)} numbers ({_words(fixed)}) but"
                f" numbers_per_game={self.numbers_per_game}; fix fewer"
            )
        if allowed and (left := len(allowed - excluded)) < self.numbers_per_game:
            raise ValueError(
                f"allowed_numbers without excluded_numbers leaves {left} numbers but"
                f" numbers_per_game={self.numbers_per_game}; allow more"
            )

    def _check_odd_and_even(self) -> None:
        size = self.numbers_per_game
        for name in ("min_odd", "min_even"):
            if (value := getattr(self, name)) is not None and value > size:
                raise ValueError(
                    f"{name}={value} is greater than numbers_per_game={size}; lower it"
                )
        if (self.min_odd or 0) + (self.min_even or 0) > size:
            raise ValueError(
                f"min_odd={self.min_odd} and min_even={self.min_even} need more than"
                f" numbers_per_game={size}; lower one"
            )
        if self.max_odd is None or self.max_even is None:
            return
        if self.max_odd + self.max_even < size:
            raise ValueError(
                f"max_odd={self.max_odd} and max_even={self.max_even} allow fewer than"
                f" numbers_per_game={size}; raise one"
            )

    def _check_fixed(self) -> None:
        fixed = self.fixed_numbers
        odd = sum(number % 2 for number in fixed)
        for what, found, name, bound in (
            ("odd numbers", odd, "max_odd", self.max_odd),
            ("even numbers", len(fixed) - odd, "max_even", self.max_even),
            ("a sum of", sum(fixed), "max_sum", self.max_sum),
            ("a run of", longest_run(fixed), "max_run", self.max_run),
        ):
            if bound is not None and found > bound:
                raise ValueError(
                    f"fixed_numbers ({_words(fixed)}) already has {what} {found} but"
                    f" {name}={bound}; fix other numbers or raise it"
                )

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

    def check_for(self, lottery: Lottery) -> None:
        """Raise ``ConstraintError`` where these constraints and the lottery contradict."""
        size = self.numbers_per_game
        if not lottery.min_picks <= size <= lottery.max_picks:
            raise ConstraintError(
                f"numbers_per_game={size} is not a ticket of {lottery.name};"
                f" choose {lottery.min_picks} to {lottery.max_picks}"
            )
        for name in ("fixed_numbers", "allowed_numbers", "excluded_numbers"):
            if outside := [n for n in getattr(self, name) or () if n > lottery.pool]:
                raise ConstraintError(
                    f"{name} contains {_words(outside)}, but {lottery.name} has the numbers"
                    f" 1 to {lottery.pool}; remove it"
                )
        usable = self.usable_numbers(lottery)
        if len(usable) < size:
            raise ConstraintError(
                f"excluded_numbers leaves {len(usable)} numbers of {lottery.name} but"
                f" numbers_per_game={size}; exclude fewer"
            )
        self._check_sum(usable)

    def _check_sum(self, usable: tuple[int, ...]) -> None:
        fixed = set(self.fixed_numbers)
        free = [number for number in usable if number not in fixed]
        left = self.numbers_per_game - len(fixed)
        least = sum(fixed) + sum(free[:left])
        most = sum(fixed) + sum(free[len(free) - left :])
        if self.min_sum is not None and self.min_sum > most:
            raise ConstraintError(
                f"min_sum={self.min_sum} cannot be reached: the greatest sum of"
                f" numbers_per_game={self.numbers_per_game} is {most}; lower it"
            )
        if self.max_sum is not None and self.max_sum < least:
            raise ConstraintError(
                f"max_sum={self.max_sum} cannot be reached: the least sum of"
                f" numbers_per_game={self.numbers_per_game} is {least}; raise it"
            )

    def describe(self) -> str:
        """What was asked for in one line, the seed left out: ``numbers_per_game=6, max_odd=4``."""
        wanted = {"numbers_per_game": self.numbers_per_game}
        wanted |= self.model_dump(exclude={"seed"}, exclude_defaults=True)
        return ", ".join(f"{name}={_plain(value)}" for name, value in wanted.items())


def longest_run(numbers: Iterable[int]) -> int:
    """Length of the longest run of consecutive numbers; ``numbers`` ascend without repeats."""
    longest = length = 0
    previous = None
    for number in numbers:
        length = length + 1 if previous is not None and number == previous + 1 else 1
        longest = max(longest, length)
        previous = number
    return longest


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


def _words(numbers: Iterable[int]) -> str:
    return ", ".join(str(number) for number in sorted(numbers))


def _plain(value: object) -> str:
    return "[" + ", ".join(map(str, value)) + "]" if isinstance(value, tuple) else str(value)
