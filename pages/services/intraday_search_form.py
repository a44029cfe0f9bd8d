"""What a search for parameters is asked, as people fill it in."""

from math import ceil, floor
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pages.services.intraday_forms import TradesForm, defaults_of
from pages.services.intraday_words import metrics_words, parameter_words

MOST_VALUES = 12
"""Of one axis: more cells do not show."""
LARGEST, SMALLEST = 1_000_000, 1e-6
"""Of the numbers of an axis, and of its step."""
TOP = 10
SWEEP, SPLIT, WALK = "sweep-parameters", "out-of-sample", "walk-forward"
USUAL: dict[str, tuple[tuple[str, float, float, float], tuple[str, float, float, float]]] = {
    "rsi_bollinger": (("rsi_window", 10, 30, 2), ("rsi_high", 60, 80, 2.5)),
    "momentum": (("fast", 12, 96, 12), ("slow", 60, 300, 30)),
    "mean_reversion": (("window", 24, 288, 24), ("enter", 1, 4, 0.5)),
    "breakout": (("window", 48, 576, 48), ("leave_window", 24, 240, 24)),
    "volatility": (("window", 12, 96, 12), ("multiple", 2, 24, 2)),
}
"""Parameter, first, last and step of both axes, for each strategy."""


def _number(label: Any) -> forms.FloatField:
    return forms.FloatField(label=label, min_value=-LARGEST, max_value=LARGEST)


class SearchForm(TradesForm):
    """Two parameters and their values; what is asked is the button that was pressed."""

    places = {"step_days": "test_days"}  # a fold goes on by as many as it tests

    ask = forms.ChoiceField(choices=[(name, name) for name in (SWEEP, SPLIT, WALK)], required=False)
    x, y = (
        forms.ChoiceField(label=gettext_lazy("First parameter")),
        forms.ChoiceField(label=gettext_lazy("Second parameter")),
    )
    x_from, y_from = _number(gettext_lazy("From")), _number(gettext_lazy("From"))
    x_to, y_to = _number(gettext_lazy("to")), _number(gettext_lazy("to"))
    x_step, y_step = _number(gettext_lazy("in steps of")), _number(gettext_lazy("in steps of"))
    metric = forms.ChoiceField(label=gettext_lazy("Best is the highest"))
    train_share = forms.FloatField(
        required=False,
        initial=70,
        min_value=1,
        max_value=99,
        label=gettext_lazy("Days to choose on, %"),
        help_text=gettext_lazy("The rest tests the choice."),
    )
    train_days = forms.IntegerField(
        required=False, initial=180, min_value=2, label=gettext_lazy("Walking: days to choose on")
    )
    test_days = forms.IntegerField(
        required=False, initial=60, min_value=1, label=gettext_lazy("and then to test on")
    )

    def __init__(self, data: Any = None, *, owner: str, **kwargs: Any) -> None:
        super().__init__(data, owner=owner, **kwargs)
        names = [(name, parameter_words(name)) for name in defaults_of(self.strategy)]
        choices = {"x": names, "y": names, "metric": list(metrics_words().items())}
        for name, known in choices.items():
            cast(forms.ChoiceField, self.fields[name]).choices = known
        for axis, usual in zip("xy", USUAL[self.strategy], strict=True):
            for name, value in zip(("", "_from", "_to", "_step"), usual, strict=True):
                self.initial.setdefault(f"{axis}{name}", value)
        self.initial.setdefault("metric", "sharpe")

    def clean(self) -> None:
        """Whether both axes are there, differ, and fit on a map."""
        values = self.cleaned_data
        for axis in "xy":
            ends = [values.get(f"{axis}_{name}") for name in ("from", "to", "step")]
            known = [value for value in ends if value is not None]
            if len(known) == len(ends):
                self._demand_axis(axis, *known)
        if "x" in values and values["x"] == values.get("y"):
            self.add_error("y", _("Choose another one than the first."))

    def _demand_axis(self, axis: str, first: float, last: float, step: float) -> None:
        if step <= 0:
            self.add_error(f"{axis}_step", _("Expected a step above 0."))
        elif last < first:
            self.add_error(f"{axis}_to", _("Expected at least where it begins."))
        elif step < SMALLEST or floor((last - first) / step + 1e-9) + 1 > MOST_VALUES:
            least = ceil((last - first) / (MOST_VALUES - 1) * 100 - 1e-9) / 100
            told = _("Expected up to %(n)s values: take a step of at least %(step)s.")
            self.add_error(f"{axis}_step", told % {"n": MOST_VALUES, "step": f"{least:g}"})

    def question(self) -> tuple[str, dict[str, Any]]:
        told = self.told()
        asked = told.get("ask", SWEEP)
        body = {"strategy": self.strategy, "grid": self._grid(), "metric": told["metric"]}
        more: dict[str, dict[str, Any]] = {
            SWEEP: {"top": TOP, "heat_map": {"x": told["x"], "y": told["y"]}},
            SPLIT: {"train_share": told.get("train_share", 70) / 100},
            WALK: {name: told[name] for name in ("train_days", "test_days") if name in told},
        }
        return asked, body | self.trading() | more[asked]

    def _grid(self) -> dict[str, Any]:
        """Whole numbers where the parameter is one: 12, not 12.0."""
        values, defaults = self.cleaned_data, defaults_of(self.strategy)
        found = {}
        for axis in "xy":
            ends = {name: values[f"{axis}_{name}"] for name in ("from", "to", "step")}
            if isinstance(defaults[values[axis]], int):
                ends = {k: int(v) if v.is_integer() else v for k, v in ends.items()}
            found[values[axis]] = ends
        return found

    def place_of(self, field: str) -> str:
        """What is wrong with a parameter stands at the axis that has it."""
        for axis in "xy":
            if self.cleaned_data.get(axis) in field.split("."):
                return f"{axis}_from"
        return super().place_of(field)
