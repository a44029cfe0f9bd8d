"""What was ordered, in words."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from django_ray_runtime.admin.words import grouped
from generation.constraints import GameConstraints
from generation.contradictions import words
from generation.lotteries import Lottery, get_lottery
from generation.orders import Order

type Fact = tuple[str, str]

COUNTED: dict[str, Any] = {
    "odd": _("Odd numbers"),
    "even": _("Even numbers"),
    "primes": _("Prime numbers"),
    "fibonacci": pgettext_lazy("label", "Fibonacci numbers"),
    "multiples_of_3": _("Multiples of 3"),
    "sum": _("Sum of the numbers"),
}
CAPS: dict[str, Any] = {
    "max_run": _("Longest run of neighbours"),
    "max_per_decade": _("Numbers of a decade"),
    "max_per_row": _("Numbers of a row of the ticket"),
    "max_per_column": _("Numbers of a column of the ticket"),
}
LISTS: dict[str, Any] = {
    "fixed_numbers": _("In every game"),
    "allowed_numbers": _("Only these numbers"),
    "excluded_numbers": _("In no game"),
}


def ordered(order: Order) -> list[Fact]:
    """The wishes of an order, each with its name; what is not wished for is left out."""
    lottery, wanted = get_lottery(order.lottery), order.constraints
    counted = ((str(told), between(wanted, name)) for name, told in COUNTED.items())
    both = between(wanted, "repetition")
    return [
        (gettext("Lottery"), lottery.name),
        (gettext("Games"), grouped(order.quantity)),
        (gettext("Numbers per game"), _size(lottery, wanted)),
        *_numbers(wanted),
        *((told, bounds) for told, bounds in counted if bounds),
        *_caps(wanted),
        *_draws(wanted),
        *([(gettext("Shared by any two games"), both)] if both else []),
        (gettext("Seed"), str(wanted.seed)),
        (gettext("Format"), order.file_format.upper()),
    ]


def between(wanted: GameConstraints, name: str) -> str:
    """`2 to 4`, `at least 2`, `at most 4`, `exactly 3`; "" without a bound."""
    low, high = getattr(wanted, f"min_{name}"), getattr(wanted, f"max_{name}")
    if low is None and high is None:
        return ""
    if low is None or high is None:
        if low is None:
            return gettext("at most %(n)s") % {"n": grouped(high)}
        return gettext("at least %(n)s") % {"n": grouped(low)}
    if low == high:
        return gettext("exactly %(n)s") % {"n": grouped(low)}
    return gettext("%(low)s to %(high)s") % {"low": grouped(low), "high": grouped(high)}


def _size(lottery: Lottery, wanted: GameConstraints) -> str:
    if not lottery.second:
        return str(wanted.numbers_per_game)
    return gettext("%(n)s, and %(second)s %(group)s") % {
        "n": wanted.numbers_per_game,
        "second": wanted.second_picks(lottery),
        "group": lottery.second.name,
    }


def _numbers(wanted: GameConstraints) -> Iterator[Fact]:
    for name, told in LISTS.items():
        if numbers := getattr(wanted, name):
            yield str(told), words(numbers)


def _caps(wanted: GameConstraints) -> Iterator[Fact]:
    for name, told in CAPS.items():
        if (most := getattr(wanted, name)) is not None:
            yield str(told), gettext("at most %(n)s") % {"n": most}


def _draws(wanted: GameConstraints) -> Iterator[Fact]:
    if repeats := between(wanted, "repeats"):
        drawn = {"repeats": repeats, "numbers": words(wanted.reference_draw or ())}
        yield gettext("Numbers repeated"), gettext("%(repeats)s of the draw %(numbers)s") % drawn
    if (least := wanted.exclude_past) is not None:
        told = (
            gettext("games that hold a whole draw of %(n)s past draws")
            if least == "all"
            else gettext("games that share %(least)s or more numbers with one of %(n)s past draws")
        )
        past = grouped(len(wanted.past_draws or ()))
        yield pgettext("games", "Excluded"), told % {"least": least, "n": past}
