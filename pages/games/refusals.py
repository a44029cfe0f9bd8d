"""What an order is refused for, in the reader's language.

The mathematics says it in English, with the names of constraints (`min_odd=5 is greater than …`):
REST and the command line show that. Here the usual ones are said as people do; a refusal that is
not known here is shown as it came.
"""

import re
from collections.abc import Callable

from django.utils.translation import gettext as _

type Words = Callable[[], str]

_NUMBERS = r"(?P<numbers>[\d, ]+)"

_KNOWN: list[tuple[str, Words]] = [
    (
        r"min_\w+=(?P<low>\d+) is greater than max_\w+=(?P<high>\d+);",
        lambda: _("At least %(low)s and at most %(high)s: swap them, or widen the range."),
    ),
    (
        rf"fixed_numbers and excluded_numbers both contain {_NUMBERS};",
        lambda: _("Fixed and excluded at once: %(numbers)s. A number can be one of them only."),
    ),
    (
        rf"fixed_numbers contains {_NUMBERS}, which allowed_numbers does not;",
        lambda: _("Fixed, but not allowed: %(numbers)s. Allow it, or do not fix it."),
    ),
    (
        r"fixed_numbers has (?P<n>\d+) numbers .* but numbers_per_game=(?P<size>\d+);",
        lambda: _("%(n)s numbers are fixed, but a game has %(size)s: fix fewer."),
    ),
    (
        r"(?:allowed|excluded)_numbers .*leaves (?P<n>\d+) numbers .*"
        r"numbers_per_game=(?P<size>\d+);",
        lambda: _("Only %(n)s numbers are left, but a game has %(size)s: allow more."),
    ),
    (
        r"min_\w+=\d+ is greater than numbers_per_game=(?P<size>\d+);",
        lambda: _("A game has only %(size)s numbers: lower it."),
    ),
    (
        rf"fixed_numbers \({_NUMBERS}\) already has .* but max_\w+=(?P<bound>\d+);",
        lambda: _(
            "The fixed numbers alone are above %(bound)s: fix other numbers, or raise the bound."
        ),
    ),
    (
        r"min_sum=\d+ cannot be reached: the greatest sum .* is (?P<most>\d+);",
        lambda: _("The greatest sum that is possible is %(most)s: lower it."),
    ),
    (
        r"max_sum=\d+ cannot be reached: the least sum .* is (?P<least>\d+);",
        lambda: _("The least sum that is possible is %(least)s: raise it."),
    ),
    (
        rf"\w+ contains {_NUMBERS}, but (?P<lottery>.+) has the numbers 1 to (?P<pool>\d+);",
        lambda: _("%(lottery)s has the numbers 1 to %(pool)s: take %(numbers)s out."),
    ),
    (
        r"numbers_per_game=\d+ is not a ticket of (?P<lottery>.+); choose (?P<a>\d+) to (?P<b>\d+)",
        lambda: _("A ticket of %(lottery)s has %(a)s to %(b)s numbers."),
    ),
    (
        r"(?P<wanted>[\d,]+) games wanted, but (?:only|at most) (?P<count>[\d,]+) games of",
        lambda: _(
            "%(wanted)s games are wanted, but only %(count)s are possible: ask for fewer, or"
            " loosen a wish."
        ),
    ),
    (
        r"(?P<wanted>[\d,]+) games wanted, but a job makes at most (?P<count>[\d,]+);",
        lambda: _("A job makes at most %(count)s games: split it over several jobs."),
    ),
    (
        r"no game of .+ satisfies",
        lambda: _("No game is possible with these wishes: loosen one of them."),
    ),
    (
        r"a budget of (?P<budget>[\d.]+) (?P<currency>\w+) buys no game, "
        r"one costs (?P<price>[\d.]+)",
        lambda: _("%(budget)s %(currency)s buys no game, one costs %(price)s: raise it."),
    ),
    (
        r"quantity or budget: fill in one of the two",
        lambda: _("Say how many games, or for how much: one of the two."),
    ),
    (
        r"reference_draw goes with",
        lambda: _("Say how many numbers of that draw a game has, at least or at most."),
    ),
    (
        r"(?:min|max)_repeats=\d+ needs reference_draw",
        lambda: _("Say which draw's numbers are meant."),
    ),
    (
        r"exclude_past_from is for",
        lambda: _("Choose to keep away from draws that share so many numbers, or leave it empty."),
    ),
    (
        r"exclude_past_from: say",
        lambda: _("Say how many shared numbers are too many."),
    ),
    (
        r"(?:reference_draw: )?"
        r"(?:there .* here; see import_draws|exclude_past needs the past draws)",
        lambda: _("No such draw is stored here: staff import draws in the admin."),
    ),
    (
        r"\d+ of your jobs wait or run, as many as may",
        lambda: _("Too many of your jobs wait or run: wait until one has ended, or cancel one."),
    ),
    (
        r"You may submit \d+ jobs in",
        lambda: _("You have submitted too many jobs; try again later."),
    ),
    (
        r"expected (?P<n>\d+) different numbers of 1 to (?P<pool>\d+)",
        lambda: _("Write %(n)s different numbers of 1 to %(pool)s."),
    ),
    (
        r"expected (?P<n>\d+) digits of 0 to 9",
        lambda: _("Write %(n)s digits of 0 to 9."),
    ),
]  # fmt: skip


def said(told: str) -> str | None:
    """The refusal as people say it; None where it is not known here."""
    for pattern, words in _KNOWN:
        found = re.match(pattern, told)
        if found:
            return words() % found.groupdict()
    return None
