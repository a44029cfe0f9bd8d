"""The options of `generate_games`, and what they say about a game."""

import argparse
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import Error as DBError
from pydantic import ValidationError

from generation.archive import NoSuchDraw, find_draw, with_past_draws
from generation.constraints import GameConstraints, error_line
from generation.formats import FORMATS
from generation.lotteries import LOTTERIES, Lottery, UnknownLottery, get_lottery

Range = tuple[int | None, int | None]

RANGES = {
    "odd": "odd numbers",
    "even": "even numbers",
    "sum": "the sum of the numbers",
    "primes": "prime numbers",
    "fibonacci": "Fibonacci numbers",
    "multiples_of_3": "multiples of 3",
    "repeats": "numbers shared with --reference-draw",
}

CAPS = {
    "max_run": "longest run of neighbours",
    "max_per_decade": "most numbers of a decade (1 to 10, 11 to 20, …)",
    "max_per_row": "most numbers of a row of the ticket",
    "max_per_column": "most numbers of a column of the ticket",
}

SHARES = ("exclude_past", "min_repetition", "max_repetition")


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


def amount(text: str) -> Decimal:
    """`100` or `100.50`, of the lottery's currency."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal(0)
    if not value.is_finite() or not 0 < value < 10**12:
        raise argparse.ArgumentTypeError(f"expected an amount such as 100.50, got {text!r}")
    return value


def numbers(text: str) -> list[int]:
    """`7,13`"""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() for part in parts):
        raise argparse.ArgumentTypeError(f"expected numbers such as 7,13, got {text!r}")
    return [int(part) for part in parts]


def reference(text: str) -> list[int] | int | None:
    """`7,13,…`: these numbers; `draw:2800`: the stored draw of that number; `latest`: None."""
    if text.strip().lower() == "latest":
        return None
    kind, colon, number = text.partition(":")
    return count(number) if colon and kind.lower() == "draw" else numbers(text)


def shared(text: str) -> int | str:
    """`5`, or `all`: as many as a draw has."""
    return "all" if text.strip().lower() == "all" else count(text)


def add_order_arguments(parser: CommandParser) -> None:
    """Options that say which games, how many and in which format."""
    games = parser.add_argument_group(
        "games", "A-B means from A to B; A- at least A, --odd=-B at most B, A just that."
    )
    games.add_argument(
        "--lottery", default="mega-sena", help=f"one of: {', '.join(LOTTERIES)} (mega-sena)"
    )
    games.add_argument(
        "--numbers", type=count, metavar="N", help="numbers a game (as few as the lottery allows)"
    )
    games.add_argument(
        "--second-numbers", type=count, metavar="N",
        help="numbers of the second group, such as stars (as few as the lottery allows)",
    )  # fmt: skip
    for name, meaning in RANGES.items():
        games.add_argument(
            f"--{name.replace('_', '-')}", type=bounds, metavar="A-B",
            help=meaning,
        )  # fmt: skip
    for name, meaning in CAPS.items():
        games.add_argument(f"--{name.replace('_', '-')}", type=count, metavar="N", help=meaning)
    games.add_argument(
        "--reference-draw", type=reference, default=[], metavar="1,2,…",
        help="the draw that --repeats speaks of: its numbers, draw:N of those stored, or latest",
    )  # fmt: skip
    games.add_argument(
        "--exclude-past", type=shared, metavar="M", nargs="?", const="all",
        help="no game with M or more numbers of a stored draw (all: with a whole draw)",
    )  # fmt: skip
    games.add_argument(
        "--max-repetition", type=int, metavar="R", help="most numbers that any two games share"
    )
    games.add_argument(
        "--min-repetition", type=int, metavar="R", help="fewest numbers that any two games share"
    )
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
    try:
        lottery = get_lottery(options["lottery"])
        if options["reference_draw"] != [] and options["repeats"] is None:
            raise CommandError("--reference-draw goes with --repeats: how many of its numbers.")
        values: dict[str, Any] = {
            "numbers_per_game": options["numbers"] or lottery.min_picks,
            "second_numbers_per_game": options["second_numbers"],
            **{name: options[name] for name in (*CAPS, *SHARES)},
            "reference_draw": _drawn(lottery, options["reference_draw"]),
            "fixed_numbers": options["fixed"],
            "allowed_numbers": options["allowed"],
            "excluded_numbers": options["exclude"],
            "seed": options["seed"],
        }
        for name in RANGES:
            values[f"min_{name}"], values[f"max_{name}"] = options[name] or (None, None)
        given = {k: v for k, v in values.items() if v not in (None, [])}
        return with_past_draws(lottery, GameConstraints(**given))
    except ValidationError as error:
        raise CommandError(error_line(error)) from None
    except (UnknownLottery, NoSuchDraw) as error:
        raise CommandError(str(error)) from None
    except DBError as error:
        raise CommandError(f"The stored draws cannot be read: {error}") from None


def _drawn(lottery: Lottery, asked: list[int] | int | None) -> list[int]:
    """The numbers of the draw asked for; none where none was."""
    if isinstance(asked, list):
        return asked
    if lottery.digits:
        raise CommandError(f"--reference-draw has no meaning in {lottery.name}; leave it out.")
    found: list[int] = find_draw(lottery, asked).numbers
    return found
