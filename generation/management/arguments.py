"""The options of `generate_games`, and what they say about a game."""

import argparse
from typing import Any

from django.core.management.base import CommandError, CommandParser
from pydantic import ValidationError

from generation.constraints import GameConstraints, error_line
from generation.lotteries import LOTTERIES
from generation.writers import FORMATS

Range = tuple[int | None, int | None]


def count(text: str) -> int:
    """A whole number of at least 1; 1_000_000 may be written so."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return value


def bounds(text: str) -> Range:
    """`2-4`: from 2 to 4; `3`: just 3; `2-`: at least 2; `-4`: at most 4."""
    low, dash, high = text.partition("-")
    parts = (low, high if dash else low)
    if not any(parts) or not all(part.isdecimal() for part in parts if part):
        raise argparse.ArgumentTypeError(f"expected a range such as 2-4, 3, 2- or -4, got {text!r}")
    return (int(parts[0]) if parts[0] else None, int(parts[1]) if parts[1] else None)


def numbers(text: str) -> list[int]:
    """`7,13`"""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() for part in parts):
        raise argparse.ArgumentTypeError(f"expected numbers such as 7,13, got {text!r}")
    return [int(part) for part in parts]


def add_order_arguments(parser: CommandParser) -> None:
    """Options that say which games, how many and in which format."""
    games = parser.add_argument_group("games")
    games.add_argument(
        "--lottery", default="mega-sena", help=f"one of: {', '.join(LOTTERIES)} (mega-sena)"
    )
    games.add_argument("--numbers", type=count, default=6, metavar="N", help="numbers a game (6)")
    for name, meaning in (
        ("odd", "odd numbers"),
        ("even", "even numbers"),
        ("sum", "the sum of the numbers"),
    ):
        games.add_argument(
            f"--{name}", type=bounds, metavar="A-B",
            help=f"{meaning}: from A to B; A- at least, --{name}=-B at most, A just that",
        )  # fmt: skip
    games.add_argument("--max-run", type=count, metavar="N", help="longest run of neighbours")
    games.add_argument("--fixed", type=numbers, metavar="7,13", help="in every game")
    games.add_argument("--allowed", type=numbers, metavar="1,2,…", help="only these")
    games.add_argument("--exclude", type=numbers, metavar="4,44", help="in no game")
    games.add_argument("--seed", type=int, help="the same seed gives the same games (random)")
    parser.add_argument(
        "--format", choices=list(FORMATS), help="of the file (its ending, else csv)"
    )
    parser.add_argument(
        "--chunk-size", type=count, metavar="C", help="games a chunk; changes only the speed"
    )


def constraints_of(options: dict[str, Any]) -> GameConstraints:
    """The constraints that the options name. Raises CommandError in one line."""
    values: dict[str, Any] = {
        "numbers_per_game": options["numbers"],
        "max_run": options["max_run"],
        "fixed_numbers": options["fixed"],
        "allowed_numbers": options["allowed"],
        "excluded_numbers": options["exclude"],
        "seed": options["seed"],
    }
    for name in ("odd", "even", "sum"):
        values[f"min_{name}"], values[f"max_{name}"] = options[name] or (None, None)
    try:
        return GameConstraints(**{k: v for k, v in values.items() if v is not None})
    except ValidationError as error:
        raise CommandError(error_line(error)) from None
