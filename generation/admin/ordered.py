"""What was ordered, in words."""

from collections.abc import Iterator

from generation.constraints import GameConstraints
from generation.contradictions import words
from generation.lotteries import Lottery, get_lottery
from generation.orders import Order

type Fact = tuple[str, str]

COUNTED = {
    "odd": "Odd numbers",
    "even": "Even numbers",
    "primes": "Prime numbers",
    "fibonacci": "Fibonacci numbers",
    "multiples_of_3": "Multiples of 3",
    "sum": "Sum of the numbers",
}
CAPS = {
    "max_run": "Longest run of neighbours",
    "max_per_decade": "Numbers of a decade",
    "max_per_row": "Numbers of a row of the ticket",
    "max_per_column": "Numbers of a column of the ticket",
}
LISTS = {
    "fixed_numbers": "In every game",
    "allowed_numbers": "Only these numbers",
    "excluded_numbers": "In no game",
}


def ordered(order: Order) -> list[Fact]:
    """The wishes of an order, each with its name; what is not wished for is left out."""
    lottery, wanted = get_lottery(order.lottery), order.constraints
    return [
        ("Lottery", lottery.name),
        ("Games", f"{order.quantity:,}"),
        ("Numbers per game", _size(lottery, wanted)),
        *_numbers(wanted),
        *((told, between(wanted, name)) for name, told in COUNTED.items() if between(wanted, name)),
        *_caps(wanted),
        *_draws(wanted),
        *([("Shared by any two games", both)] if (both := between(wanted, "repetition")) else []),
        ("Seed", str(wanted.seed)),
        ("Format", order.file_format.upper()),
    ]


def between(wanted: GameConstraints, name: str) -> str:
    """`2 to 4`, `at least 2`, `at most 4`, `exactly 3`; "" without a bound."""
    low, high = getattr(wanted, f"min_{name}"), getattr(wanted, f"max_{name}")
    if low is None and high is None:
        return ""
    if low is None or high is None:
        return f"at most {high:,}" if low is None else f"at least {low:,}"
    return f"exactly {low:,}" if low == high else f"{low:,} to {high:,}"


def _size(lottery: Lottery, wanted: GameConstraints) -> str:
    second = wanted.second_picks(lottery)
    beside = f", and {second} {lottery.second.name}" if lottery.second else ""
    return f"{wanted.numbers_per_game}{beside}"


def _numbers(wanted: GameConstraints) -> Iterator[Fact]:
    for name, told in LISTS.items():
        if numbers := getattr(wanted, name):
            yield told, words(numbers)


def _caps(wanted: GameConstraints) -> Iterator[Fact]:
    for name, told in CAPS.items():
        if (most := getattr(wanted, name)) is not None:
            yield told, f"at most {most}"


def _draws(wanted: GameConstraints) -> Iterator[Fact]:
    if repeats := between(wanted, "repeats"):
        yield "Numbers repeated", f"{repeats} of the draw {words(wanted.reference_draw or ())}"
    if (least := wanted.exclude_past) is not None:
        near = "hold a whole draw" if least == "all" else f"share {least} or more numbers with one"
        yield "Excluded", f"games that {near} of {len(wanted.past_draws or ()):,} past draws"
