"""What goes out, as the documentation shows it."""

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict

from django_ray_runtime.rest.shown import StateName

_ID = "5f0e6a1c-2d3e-4c3e-a9b1-01999f4e7d20"
_LINKS = {
    "job": f"/api/v1/generation/jobs/{_ID}",
    "games": f"/api/v1/generation/jobs/{_ID}/games",
    "statistics": f"/api/v1/generation/jobs/{_ID}/statistics",
    "download": f"/api/v1/generation/jobs/{_ID}/download",
}
_JOB: dict[str, Any] = {
    "id": _ID,
    "state": "SUCCESSFUL",
    "lottery": "mega-sena",
    "quantity": 1000,
    "format": "csv",
    "created_at": "2026-03-01T03:00:00.1Z",
    "started_at": "2026-03-01T03:00:01.2Z",
    "finished_at": "2026-03-01T03:00:02.2Z",
    "cancel_asked_at": None,
    "progress": 1.0,
    "games_done": 1000,
    "games_per_second": 1000.0,
    "eta_seconds": None,
    "complete": True,
    "reason": "",
    "valid_games": 34628783,
    "exact": True,
    "seed": 42,
    "size": 17712,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "file_expired_at": None,
    "links": _LINKS,
}


def _like(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"example": example})


class SecondGroupOut(Schema):
    """Numbers drawn from a pool of their own, such as stars."""

    name: str
    pool: int
    draw: int
    min_picks: int
    max_picks: int


class LotteryOut(Schema):
    """A lottery's facts."""

    model_config = _like(
        {"key": "mega-sena", "name": "Mega-Sena", "pool": 60, "draw": 6, "min_picks": 6}
        | {"max_picks": 20, "ticket_columns": 10, "second": None, "digits": 0}
        | {"unit_price": "6.00", "currency": "BRL", "price_as_of": "2026", "note": ""}
        | {"source": "Caixa, rules and prices of the lottery", "columns": ["n1", "n2", "n3"]}
    )

    key: str
    name: str
    pool: int = Field(description="Numbers are drawn out of 1 to this.")
    draw: int = Field(description="How many are drawn.")
    min_picks: int = Field(description="Fewest numbers of a ticket.")
    max_picks: int
    ticket_columns: int | None = Field(description="Of the ticket's grid; null: not known.")
    second: SecondGroupOut | None
    digits: int = Field(description="Games are digits, one for each of so many columns; 0: not.")
    columns: list[str] = Field(description="The columns of the smallest game's file.")
    unit_price: Decimal | None = Field(description="Of a single bet, in force here.")
    currency: str
    price_as_of: str = Field(description="When that price was so; empty: set by this site.")
    source: str
    note: str


class CountOut(Schema):
    """How many games there are, and what those wanted cost."""

    model_config = _like(
        {"valid_games": 34628783, "exact": True, "price": "6.00", "currency": "BRL"}
        | {"quantity": 16, "total": "96.00", "rest": "4.00", "enough": True, "past_draws": None}
    )

    valid_games: int = Field(description="May be larger than 2^53.")
    exact: bool = Field(description="false: `valid_games` is an upper bound.")
    price: Decimal | None = Field(description="Of one game; null: not known.")
    currency: str
    quantity: int | None = Field(description="As asked for, or what the budget buys.")
    total: Decimal | None
    rest: Decimal | None = Field(description="Of the budget.")
    enough: bool | None = Field(description="Whether there are as many games as wanted.")
    past_draws: int | None = Field(description="How many past draws are excluded.")


class LinksOut(Schema):
    """Addresses of a job's parts on this site."""

    job: str
    games: str | None = Field(description="null: there is no file.")
    statistics: str | None = Field(description="null: nothing was made yet.")
    download: str | None = Field(description="null: there is no file.")


class JobOut(Schema):
    """A generation job: its task's state, and its own progress and file."""

    model_config = _like(_JOB)

    id: UUID
    state: StateName
    lottery: str
    quantity: int
    format: str
    created_at: dt.datetime
    started_at: dt.datetime | None
    finished_at: dt.datetime | None
    cancel_asked_at: dt.datetime | None = Field(description="Since when it is told to stop.")
    progress: float = Field(description="From 0 to 1.")
    games_done: int
    games_per_second: float | None = Field(description="Mean of the latest run.")
    eta_seconds: float | None = Field(description="Until all games are made, at that speed.")
    complete: bool | None = Field(description="false: fewer games than ordered, see `reason`.")
    reason: str = Field(description="Why games are missing.")
    valid_games: int = Field(description="Games that satisfy the constraints.")
    exact: bool = Field(description="false: `valid_games` is an upper bound.")
    seed: int | None
    size: int = Field(description="Bytes of the file.")
    sha256: str = Field(description="Of the file, hexadecimal.")
    file_expired_at: dt.datetime | None = Field(description="Since when the file is deleted.")
    links: LinksOut


class JobDetail(JobOut):
    """A job with what was ordered and how it ended."""

    model_config = _like(
        _JOB
        | {"constraints": {"numbers_per_game": 6, "min_odd": 2, "max_odd": 4}}
        | {"past_draws": None, "chunk_size": None, "error": "", "seconds": {"make": 0.2}}
    )

    constraints: dict[str, Any] = Field(
        description="As ordered, without the past draws; what is not bounded is left out."
    )
    past_draws: int | None = Field(description="How many past draws are excluded.")
    chunk_size: int | None
    error: str = Field(description="What its last run failed with, in one line.")
    seconds: dict[str, float] = Field(description="How long each stage took.")


class GamesOut(Schema):
    """Some games of a job, in the order of its file."""

    model_config = _like(
        {"columns": ["n1", "n2", "n3", "n4", "n5", "n6"], "offset": 0, "total": 1000}
        | {"games": [[4, 5, 30, 33, 41, 52], [9, 10, 22, 37, 49, 56]]}
    )

    columns: list[str]
    offset: int
    total: int = Field(description="Games of the file.")
    games: list[list[int]]


class DrawOut(Schema):
    """An official draw."""

    model_config = _like(
        {"lottery": "mega-sena", "number": 2800, "date": "2026-03-01"}
        | {"numbers": [4, 5, 30, 33, 41, 52], "second_numbers": []}
    )

    lottery: str
    number: int = Field(description="The operator's count of draws.")
    date: dt.date
    numbers: list[int]
    second_numbers: list[int]


class ImportOut(Schema):
    """What an import did."""

    model_config = _like({"added": 4, "replaced": 0, "same": 2796})

    added: int
    replaced: int
    same: int = Field(description="How many were there already.")
