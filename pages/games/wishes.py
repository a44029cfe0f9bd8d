"""An order as the page asks for it: sliders that stand at their ends say nothing."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from generation.forms.order import OrderForm
from generation.lotteries import LOTTERIES, Lottery
from pages.games import refusals

USUAL = "mega-sena"


@dataclass(frozen=True, slots=True)
class Shape:
    """What the sliders' ends depend on."""

    lottery: Lottery
    picks: int

    @property
    def text(self) -> str:
        return f"{self.lottery.key}:{self.picks}"


@dataclass(frozen=True, slots=True)
class Slider:
    """A bound, or a lower and an upper one, between `least` and `most`."""

    label: Any
    low: str  # name of its field; "" for none
    high: str
    least: int
    most: int
    help: Any = ""


def shape_of(lottery: Any, picks: Any) -> Shape:
    """Of what came in, whatever that is."""
    known = LOTTERIES.get(str(lottery), LOTTERIES[USUAL])
    text = str(picks)
    size = int(text) if text.isdecimal() and len(text) < 4 else known.min_picks
    return Shape(known, min(max(size, known.min_picks), known.max_picks))


def sliders_of(shape: Shape) -> list[Slider]:
    """Those that mean something for the lottery."""
    lottery, picks = shape.lottery, shape.picks
    least, most = _sums(lottery, picks)
    always = [
        Slider(_("Odd numbers"), "min_odd", "max_odd", 0, picks),
        Slider(_("Sum"), "min_sum", "max_sum", least, most),
    ]
    if lottery.digits:
        return always
    return [
        *always,
        Slider(_("Longest run"), "", "max_run", 1, picks, _("Neighbours such as 7, 8, 9.")),
        Slider(_("Most of a decade"), "", "max_per_decade", 1, min(picks, 10), "1-10, 11-20, …"),
    ]


def without_untouched(data: Any) -> dict[str, str]:
    """What was sent, without the sliders that stand at the ends they had when they were drawn."""
    values = {name: data.get(name, "") for name in data}
    lottery, _colon, picks = str(values.get("shape", "")).partition(":")
    if lottery and lottery != values.get("lottery"):
        # Another was chosen, whose tickets are others: six numbers of one are a luxury of another.
        values |= {"numbers_per_game": "", "second_numbers_per_game": ""}
    for slider in sliders_of(shape_of(lottery, picks)) if lottery else ():
        for name, end in ((slider.low, slider.least), (slider.high, slider.most)):
            if values.get(name) == str(end):
                values[name] = ""
    return values


class WishForm(OrderForm):
    """The order of the page."""

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(None if data is None else without_untouched(data), **kwargs)

    def said(self, told: str) -> str:
        return refusals.said(told) or super().said(told)


def _sums(lottery: Lottery, picks: int) -> tuple[int, int]:
    if lottery.digits:
        return 0, 9 * lottery.digits
    return sum(range(1, picks + 1)), sum(range(lottery.pool - picks + 1, lottery.pool + 1))
