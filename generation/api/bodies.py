"""What comes in: the games wanted, how many, as what file; and which jobs, games and draws."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from ninja import Field
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from django_ray_runtime.rest.pages import PageQuery
from django_ray_runtime.rest.shown import StateName
from django_ray_runtime.rest.values import Moment
from generation.archive import reference_draw
from generation.constraints import GameConstraints
from generation.formats import FORMATS, check_format
from generation.lotteries import LOTTERIES, get_lottery
from generation.orders import MAX_CHUNK_SIZE

MOST_GAMES = 10_000  # of one answer


def _known_lottery(key: str) -> str:
    return get_lottery(key).key


def _known_format(name: str) -> str:
    check_format(name)
    return name


def _fitted(
    value: Any, validate: ValidatorFunctionWrapHandler, info: ValidationInfo
) -> GameConstraints:
    """The constraints, completed by what the lottery and the stored draws say.

    A contradiction is told at the field that its message begins with, not at the whole.
    """
    if isinstance(value, dict) and "lottery" in info.data:
        value = _completed(value, get_lottery(info.data["lottery"]).key, info.data)
    try:
        return validate(value)  # type: ignore[no-any-return]
    except ValidationError as error:
        [first, *_] = error.errors()
        if first["type"] != "value_error" or first["loc"]:
            raise
        told = str(first["ctx"]["error"])
        kind = PydanticCustomError("contradiction", "{told}", {"told": told})
        place = InitErrorDetails(type=kind, loc=named_field(told), input=None)
        raise ValidationError.from_exception_data("constraints", [place]) from None


def _completed(given: dict[str, Any], key: str, others: dict[str, Any]) -> dict[str, Any]:
    lottery = get_lottery(key)
    found = {"numbers_per_game": lottery.min_picks, **given}
    asked = others.get("reference_draw_number")
    if asked is None:
        return found
    if given.get("reference_draw") is not None:
        raise ValueError("give reference_draw, or reference_draw_number beside, not both")
    return found | {"reference_draw": reference_draw(lottery, None if asked == "latest" else asked)}


def named_field(told: str) -> tuple[str, ...]:
    """The constraint that a message begins with; nothing where it begins otherwise."""
    first = told.split(" ", 1)[0].partition("=")[0].rstrip(":")
    return (first,) if first in GameConstraints.model_fields else ()


LotteryKey = Annotated[
    str,
    AfterValidator(_known_lottery),
    Field(description="A `key` of `GET /lotteries`.", json_schema_extra={"enum": list(LOTTERIES)}),
]
Format = Annotated[
    str, AfterValidator(_known_format), Field(json_schema_extra={"enum": sorted(FORMATS)})
]
Quantity = Annotated[int, Field(ge=1, le=2**62)]
Budget = Annotated[Decimal, Field(gt=0, lt=10**12, max_digits=14, decimal_places=2)]


class WantedIn(BaseModel):
    """Games of a lottery: which, and how many or for how much."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "lottery": "mega-sena",
                "constraints": {"min_odd": 2, "max_odd": 4, "min_sum": 120, "max_sum": 240},
                "quantity": 1000,
            }
        },
    )

    lottery: LotteryKey
    reference_draw_number: Annotated[int, Field(ge=1, le=10**9)] | Literal["latest"] | None = Field(
        None,
        description="Instead of `constraints.reference_draw`: the stored draw of this number, or "
        "`latest`.",
    )
    constraints: Annotated[GameConstraints, WrapValidator(_fitted)] = Field(
        default_factory=dict,
        validate_default=True,
        description="`numbers_per_game` is as few as the lottery allows when it is left out. "
        "`exclude_past` without `past_draws` speaks of all stored draws of the lottery.",
    )
    mode: Literal["by_quantity", "by_budget"] | None = Field(
        None, description="Need not be given: `quantity` or `budget` says it."
    )
    quantity: Quantity | None = Field(None, description="How many games.")
    budget: Budget | None = Field(
        None, description="As many games as this buys, in the lottery's currency."
    )


class JobIn(WantedIn):
    """The games of a job, and their file."""

    format: Format = Field("csv", description="Of the file.")
    chunk_size: int | None = Field(
        None, ge=1, le=MAX_CHUNK_SIZE, description="Games a chunk; changes only the speed."
    )


class JobQuery(PageQuery):
    """Which jobs; everything given must hold."""

    state: StateName | None = Field(None, description="Only jobs in this state.")
    lottery: LotteryKey | None = Field(None, description="Only jobs of this lottery.")
    since: Moment | None = Field(
        None, description="Submitted then or later; with a time zone: `2026-03-01T00:00:00Z`."
    )
    until: Moment | None = Field(None, description="Submitted before; with a time zone.")


class GamesQuery(BaseModel):
    """Which games of a job, counted as in its file."""

    offset: int = Field(0, ge=0, lt=2**62, description="How many to skip.")
    limit: int = Field(100, ge=1, le=MOST_GAMES, description="How many at most.")


class DrawQuery(PageQuery):
    """Which draws."""

    lottery: LotteryKey
