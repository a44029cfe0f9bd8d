"""The form of an order: every constraint, how many games, and in which format."""

from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError

from generation.archive import NoSuchDraw, reference_draw, with_past_draws
from generation.constraints import SEED_LIMIT, GameConstraints
from generation.formats import FORMATS
from generation.forms.fields import LATEST, NumbersField, ReferenceField
from generation.forms.wording import Wording
from generation.limits import TooManyGames, demand_quantity
from generation.lotteries import LOTTERIES, Lottery, get_lottery
from generation.offers import Offer, offer
from generation.orders import CheckedOrder, Order, check_order
from generation.pricing import PriceUnknown
from generation.space import NotEnoughGames

NO_PAST, WHOLE_PAST, NEAR_PAST = "", "all", "near"

PLAIN = [name for name in GameConstraints.model_fields if name not in {
    "numbers_per_game", "reference_draw", "exclude_past", "past_draws",
}]  # fmt: skip
"""Constraints that are taken from their field as they are."""


def _least(least: int, label: Any, help_text: Any = "") -> forms.IntegerField:
    return forms.IntegerField(required=False, min_value=least, label=label, help_text=help_text)


def _numbers(label: Any, help_text: Any) -> NumbersField:
    return NumbersField(required=False, label=label, help_text=help_text)


class OrderForm(forms.Form):
    """An order as people write it.

    Once valid, `checked` is what to submit. `offer` has its figures, where they could be had; with
    `checking`, a quantity is not needed for that, and without one there is nothing to submit.
    """

    lottery = forms.ChoiceField(
        label=_("Lottery"), choices=[(key, one.name) for key, one in LOTTERIES.items()]
    )
    quantity = _least(1, _("Quantity"), _("How many games."))
    budget = forms.DecimalField(
        label=_("Budget"),
        required=False,
        min_value=Decimal("0.01"),
        max_digits=14,
        decimal_places=2,
        help_text=_("Instead of a quantity: as many games as it buys, in the lottery's currency."),
    )
    numbers_per_game = _least(
        1, _("Numbers per game"), _("As few as the lottery allows where it is empty.")
    )
    second_numbers_per_game = _least(
        1, _("Second numbers per game"), _("Of a second group, such as stars or clovers.")
    )
    file_format = forms.ChoiceField(
        label=_("File format"), choices=[(name, name.upper()) for name in FORMATS]
    )
    fixed_numbers = _numbers(_("Fixed numbers"), _("In every game: 7, 13."))
    allowed_numbers = _numbers(_("Allowed numbers"), _("No others; empty for all."))
    excluded_numbers = _numbers(_("Excluded numbers"), _("In no game."))
    min_odd, max_odd = _least(0, _("Min odd")), _least(0, _("Max odd"))
    min_even, max_even = _least(0, _("Min even")), _least(0, _("Max even"))
    min_primes, max_primes = _least(0, _("Min primes")), _least(0, _("Max primes"))
    min_fibonacci, max_fibonacci = _least(0, _("Min fibonacci")), _least(0, _("Max fibonacci"))
    min_multiples_of_3 = _least(0, _("Min multiples of 3"))
    max_multiples_of_3 = _least(0, _("Max multiples of 3"))
    min_sum, max_sum = _least(0, _("Min sum")), _least(0, _("Max sum"))
    max_run = _least(
        1, _("Max run"), _("Longest run of neighbours such as 7, 8, 9; with 1 there are none.")
    )
    max_per_decade = _least(1, _("Max per decade"), _("Of 1 to 10, of 11 to 20, …"))
    max_per_row = _least(1, _("Max per row"), _("Of a row of the ticket."))
    max_per_column = _least(1, _("Max per column"), _("Of a column of the ticket."))
    reference_draw = ReferenceField(
        required=False,
        label=_("Reference draw"),
        help_text=_("Its numbers, or latest, or draw 2800 for the one of that number."),
    )
    min_repeats, max_repeats = _least(0, _("Min repeats")), _least(0, _("Max repeats"))
    exclude_past = forms.ChoiceField(
        label=_("Exclude past"),
        required=False,
        choices=[
            (NO_PAST, _("nothing")),
            (WHOLE_PAST, _("games that hold a whole draw")),
            (NEAR_PAST, _("games that share at least so many numbers with a draw:")),
        ],
    )
    exclude_past_from = _least(1, _("Exclude past from"))
    min_repetition = _least(0, _("Min repetition"))
    max_repetition = _least(0, _("Max repetition"))
    seed = forms.IntegerField(
        label=_("Seed"),
        required=False,
        min_value=0,
        max_value=SEED_LIMIT - 1,
        help_text=_("The same seed gives the same games, and the same file; empty: one is drawn."),
    )

    once = forms.CharField(
        required=False, max_length=32, widget=forms.HiddenInput, initial=lambda: uuid4().hex
    )

    checked: CheckedOrder | None = None
    offer: Offer | None = None
    wanted: GameConstraints | None = None  # as far as they could be read

    def __init__(self, *args: Any, checking: bool = False, **kwargs: Any) -> None:
        self._checking = checking
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            try:
                self._read(data, get_lottery(data["lottery"]))
            except ValidationError as error:  # pydantic's: a ValueError too
                for item in error.errors(include_url=False):
                    name = str(item["loc"][0]) if item["loc"] else ""
                    self._refuse(str(item.get("ctx", {}).get("error", item["msg"])), name)
            except ValueError as error:
                self._refuse(str(error))
        return data

    @property
    def key(self) -> str:
        """The same for a form that is sent twice, and another once something in it has changed."""
        sent = sorted((name, self.data.get(name, "")) for name in self.fields)
        return f"form:{sha256(repr(sent).encode()).hexdigest()}"

    def _read(self, data: dict[str, Any], lottery: Lottery) -> None:
        """Take the order and its figures. Raises ValueError, which names fields."""
        values = {name: data[name] for name in PLAIN}
        values["numbers_per_game"] = data["numbers_per_game"] or lottery.min_picks
        values["reference_draw"] = _drawn(lottery, data)
        values["exclude_past"] = _past(data)
        wanted = {name: value for name, value in values.items() if value is not None}
        constraints = with_past_draws(lottery, GameConstraints(**wanted))
        self.wanted, self.offer = constraints, offer(lottery, constraints)
        quantity, budget = data["quantity"], data["budget"]
        if quantity is None and budget is None and self._checking:
            return
        if (quantity is None) == (budget is None):
            raise ValueError("quantity or budget: fill in one of the two")
        asked = "quantity" if budget is None else "budget"
        try:
            self.offer = offer(lottery, constraints, quantity=quantity, budget=budget)
            self._check(lottery, constraints, data["file_format"])
        except (NotEnoughGames, PriceUnknown, TooManyGames) as error:
            nothing_fits = self.offer.valid_games == 0
            self._refuse(str(error), None if nothing_fits else asked)

    def _check(self, lottery: Lottery, constraints: GameConstraints, file_format: str) -> None:
        """Raise ValueError unless it can be delivered."""
        quantity = self.offer.quantity if self.offer else None
        if quantity is not None:
            demand_quantity(quantity)
            self.checked = check_order(Order(lottery.key, constraints, quantity, file_format))

    def _refuse(self, told: str, name: str | None = "") -> None:
        """Say it at a field: the first that it names unless `name` says where; None: above all."""
        place = Wording(self.fields).first_named(told) if name == "" else name
        self.add_error(place if place in self.fields else None, self.said(told))

    def said(self, told: str) -> str:
        """A refusal, which names constraints, as this form words it."""
        return Wording(self.fields).said(told)


def _drawn(lottery: Lottery, data: dict[str, Any]) -> tuple[int, ...] | None:
    """The numbers of the draw that repeats are counted of."""
    asked = data["reference_draw"]
    if asked is None:
        return None
    if data["min_repeats"] is None and data["max_repeats"] is None:
        raise ValueError(
            "reference_draw goes with min_repeats or max_repeats:"
            " how many of its numbers a game has"
        )
    if isinstance(asked, tuple):
        return asked
    try:
        return reference_draw(lottery, None if asked == LATEST else asked)
    except NoSuchDraw as error:
        raise ValueError(f"reference_draw: {error}") from None


def _past(data: dict[str, Any]) -> int | str | None:
    """From how many numbers shared with a past draw on a game is excluded."""
    how: str = data["exclude_past"]
    least: int | None = data["exclude_past_from"]
    if how != NEAR_PAST and least is not None:
        raise ValueError("exclude_past_from is for games that share numbers: choose that, or leave")
    if how == NEAR_PAST and least is None:
        raise ValueError("exclude_past_from: say how many shared numbers are too many")
    return WHOLE_PAST if how == WHOLE_PAST else least
