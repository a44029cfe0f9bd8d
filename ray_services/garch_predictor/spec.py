"""What is to be fitted: the model, and over which windows."""

from dataclasses import dataclass
from typing import Any, Literal

from ray_services.common.errors import BadInput

type Mean = Literal["constant", "zero"]
type Distribution = Literal["normal", "t"]
type Errors = Literal["none", "hessian", "robust"]

MOST_LAGS = 12
MOST_DAYS = 1_000
LEAST_WINDOW = 30
ROWS_PER_PARAMETER = 5


@dataclass(frozen=True, slots=True)
class GarchSpec:
    """GARCH(p, o, q): p lags of squared errors, o of negative ones alone, q of the variance.

    Bollerslev (1986); with o, Glosten, Jagannathan and Runkle (1993). Errors are normal or
    Student's t with variance one and degrees of freedom that are estimated (Bollerslev 1987).
    Raises BadInput for what is no such model.
    """

    p: int = 1
    o: int = 0
    q: int = 1
    mean: Mean = "constant"
    distribution: Distribution = "normal"

    def __post_init__(self) -> None:
        for name in ("p", "o", "q"):
            whole_number(getattr(self, name), name, 0, MOST_LAGS)
        if self.p + self.o == 0:
            raise BadInput(
                "p and o are both 0, so that no return moves the variance.",
                field="p",
                remedy="Set p or o to at least 1.",
            )
        one_of(self.mean, "mean", ("constant", "zero"))
        one_of(self.distribution, "distribution", ("normal", "t"))

    @property
    def all_names(self) -> tuple[str, ...]:
        """Of every parameter of the kernels, whether this model estimates it or not."""
        lags = (("alpha", self.p), ("gamma", self.o), ("beta", self.q))
        named = [f"{name}[{lag}]" for name, most in lags for lag in range(1, most + 1)]
        return ("mu", "omega", *named, "nu")

    @property
    def places(self) -> tuple[int, ...]:
        """Where, among all names, those are that this model estimates."""
        last = len(self.all_names) - 1
        left_out = {0 if self.mean == "zero" else None, last if not self.student else None}
        return tuple(place for place in range(last + 1) if place not in left_out)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the parameters, in the order in which they are given back."""
        every = self.all_names
        return tuple(every[place] for place in self.places)

    @property
    def student(self) -> bool:
        """Whether errors follow Student's t."""
        return self.distribution == "t"

    @property
    def least_rows(self) -> int:
        """The shortest window from which so many parameters are estimated."""
        return max(LEAST_WINDOW, ROWS_PER_PARAMETER * len(self.places))

    def __str__(self) -> str:
        asymmetry = f"{self.o}, " if self.o else ""
        tail = f", {self.distribution}" if self.student else ""
        return f"GARCH({self.p}, {asymmetry}{self.q}){tail}"


@dataclass(frozen=True, slots=True)
class Rolling:
    """Windows of so many returns, one for each day from the first whole one on.

    Parameters are estimated anew in every `every`-th window and kept in between. Variances are
    forecast for the days `horizons` after each window's last. `errors` asks for standard errors,
    which cost more than the estimate. Raises BadInput.
    """

    window: int = 180
    every: int = 1
    horizons: tuple[int, ...] = (1,)
    errors: Errors = "none"

    def __post_init__(self) -> None:
        whole_number(self.window, "window", LEAST_WINDOW, 1_000_000)
        whole_number(self.every, "every", 1, 1_000_000)
        checked_horizons(self.horizons)
        one_of(self.errors, "errors", ("none", "hessian", "robust"))

    def fits(self, spec: GarchSpec) -> None:
        """Raises BadInput where the window is too short for the model."""
        if self.window < spec.least_rows:
            raise BadInput(
                f"{spec} has {len(spec.places)} parameters and needs windows of at least "
                f"{spec.least_rows} returns, got {self.window}.",
                field="window",
                remedy="Take a longer window or fewer lags.",
            )


def checked_horizons(horizons: tuple[int, ...]) -> None:
    """Raises BadInput unless these are days ahead, each once, in their order."""
    if not horizons:
        raise BadInput("expected at least one day ahead, got none.", field="horizons")
    for days in horizons:
        whole_number(days, "horizons", 1, MOST_DAYS)
    if list(horizons) != sorted(set(horizons)):
        raise BadInput(
            f"expected days ahead in ascending order, each once, got {list(horizons)}.",
            field="horizons",
        )


def whole_number(value: Any, field: str, least: int, most: int) -> None:
    """Raises BadInput unless it is a whole number within the limits."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not least <= value <= most:
        raise BadInput(
            f"expected a whole number from {least:,} to {most:,}, got {value!r}.", field=field
        )


def number_within(value: Any, field: str, above: float, below: float) -> None:
    """Raises BadInput unless it is a number strictly between the limits."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not above < value < below:
        raise BadInput(
            f"expected a number above {above:g} and below {below:g}, got {value!r}.", field=field
        )


def one_of(value: Any, field: str, choices: tuple[str, ...]) -> None:
    """Raises BadInput unless it is one of the choices."""
    if value not in choices:
        raise BadInput(f"expected one of {', '.join(choices)}, got {value!r}.", field=field)
