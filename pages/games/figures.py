"""What an order comes to, in words: how many games, what each wish cost, price and chance."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from generation.constraints import GameConstraints
from generation.explaining import Count, Step, explain
from generation.lotteries import Lottery, get_lottery
from generation.odds import Chance, top_prize
from generation.offers import Offer, counted
from pages.games.wishes import WishForm
from pages.templatetags.shown import grouped


@dataclass(frozen=True, slots=True)
class Cost:
    """A wish, and the share of all games that it and those before it leave."""

    wish: str
    alone: Count | None
    together: Count | None
    share: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """All that stands beside the form."""

    lottery: Lottery
    offer: Offer
    every: Count | None
    costs: list[Cost]
    chance: Chance | None

    @property
    def share(self) -> float | None:
        """Of all games of this size."""
        return _share(Count(self.offer.valid_games, self.offer.exact), self.every)

    @property
    def bar(self) -> str:
        """How wide its bar of 300 is."""
        return f"{300 * (self.share or 0):.1f}"


def figures_of(form: WishForm) -> Figures | None:
    """Of a form that was looked at; None where it could not be read so far."""
    offer = form.offer
    if offer is None or form.wanted is None:
        return None
    lottery = get_lottery(form.cleaned_data["lottery"])
    steps = list(explain(lottery, form.wanted, counted))
    every = steps[0].alone
    quantity = offer.quantity
    return Figures(
        lottery,
        offer,
        every,
        [_cost(step, every) for step in steps[1:]],
        top_prize(lottery, form.wanted, quantity) if quantity else None,
    )


def _cost(step: Step, every: Count | None) -> Cost:
    return Cost(wish_words(step.given), step.alone, step.together, _share(step.together, every))


def _share(count: Count | None, every: Count | None) -> float | None:
    if count is None or every is None or not every.games:
        return None
    return float(Fraction(count.games, every.games))


def wish_words(given: Mapping[str, Any]) -> str:
    """A wish as people say it: `2 to 4 odd numbers`."""
    for name, words in _LISTS.items():
        if name in given:
            return words() % {"numbers": ", ".join(map(str, given[name]))}
    for name, most in _MOSTS.items():
        if name in given:
            return most() % {"n": given[name]}
    if "exclude_past" in given:
        return _("away from %(n)s past draws") % {"n": grouped(len(given.get("past_draws") or ()))}
    for kind, kind_words in _KINDS.items():
        low, high = given.get(f"min_{kind}"), given.get(f"max_{kind}")
        if low is not None or high is not None:
            return _bounds(kind_words(), low, high)
    return ", ".join(f"{name}={value}" for name, value in given.items())


def _bounds(what: str, low: Any, high: Any) -> str:
    if low is None:
        return _("%(what)s: at most %(high)s") % {"what": what, "high": high}
    if high is None:
        return _("%(what)s: at least %(low)s") % {"what": what, "low": low}
    return _("%(what)s: %(low)s to %(high)s") % {"what": what, "low": low, "high": high}


type Words = Callable[[], str]

_LISTS: dict[str, Words] = {
    "fixed_numbers": lambda: _("always %(numbers)s"),
    "allowed_numbers": lambda: _("only %(numbers)s"),
    "excluded_numbers": lambda: _("never %(numbers)s"),
}
_MOSTS: dict[str, Words] = {
    "max_run": lambda: _("runs of at most %(n)s"),
    "max_per_decade": lambda: _("at most %(n)s of a decade"),
    "max_per_row": lambda: _("at most %(n)s of a row"),
    "max_per_column": lambda: _("at most %(n)s of a column"),
}
_KINDS: dict[str, Words] = {
    "odd": lambda: _("odd numbers"),
    "even": lambda: _("even numbers"),
    "primes": lambda: _("primes"),
    "fibonacci": lambda: _("Fibonacci numbers"),
    "multiples_of_3": lambda: _("multiples of 3"),
    "sum": lambda: _("sum"),
    "repeats": lambda: _("numbers of the draw"),
    "repetition": lambda: _("numbers that two games share"),
}


def constraints_words(constraints: GameConstraints) -> list[str]:
    """Each wish of an order as people say it."""
    given = constraints.model_dump(exclude_none=True, exclude={"seed", "reference_draw"})
    groups: list[tuple[str, ...]] = [(name,) for name in (*_LISTS, *_MOSTS)]
    groups += [("exclude_past", "past_draws")]
    groups += [(f"min_{kind}", f"max_{kind}") for kind in _KINDS]
    wishes = [{name: given[name] for name in names if given.get(name)} for names in groups]
    return [wish_words(wish) for wish in wishes if wish]
