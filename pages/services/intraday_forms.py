"""What the intraday service is asked, as people fill it in: a strategy and the rules of a trade."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pages.services.asking import EMPTY, QuestionForm
from pages.services.fields import day_field
from pages.services.intraday_words import parameter_words
from ray_services.intraday_strategy.strategies import STRATEGIES

USUAL = "rsi_bollinger"
RULES = ("cost_bps", "slippage_bps", "side", "holding", "flat_from")
SHARES = ("stop_loss", "take_profit")
"""Rules that people give in percent."""
SIDES = [("both", _("Long and short")), ("long", _("Long only")), ("short", _("Short only"))]
HOLDINGS = [("day", _("Within the day")), ("overnight", _("Overnight, too"))]


def defaults_of(strategy: str) -> dict[str, Any]:
    """A strategy's parameters."""
    return STRATEGIES[strategy]().parameters


def _share(label: Any) -> forms.FloatField:
    return forms.FloatField(required=False, min_value=0, max_value=100, label=label)


class TradesForm(QuestionForm):
    """A strategy, bars, a period, and by which rules trades are made."""

    service = "intraday-strategy"
    kinds = {"bars": ("bars",), "daily": ("daily",)}

    strategy_name = forms.CharField(required=False, widget=forms.HiddenInput)
    bars = forms.ChoiceField(required=False, label=_("Bars of five minutes"))
    daily = forms.ChoiceField(
        required=False,
        label=_("Days of the same asset"),
        help_text=_("Which the daily signal is made from."),
    )
    start_date, end_date = day_field(_("From")), day_field(_("To"))
    cost_bps = forms.FloatField(
        required=False,
        initial=1,
        min_value=0,
        max_value=1000,
        label=_("Cost, basis points"),
        help_text=_("At each entry and each exit."),
    )
    slippage_bps = forms.FloatField(
        required=False, initial=0, min_value=0, max_value=1000, label=_("Slippage, basis points")
    )
    stop_loss, take_profit = _share(_("Stop loss, %")), _share(_("Take profit, %"))
    side = forms.ChoiceField(choices=SIDES, label=_("Sides"))
    holding = forms.ChoiceField(choices=HOLDINGS, label=_("Held"))
    flat_from = forms.TimeField(
        required=False,
        label=_("Nothing is held from"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("A time of the day."),
    )

    def __init__(self, data: Any = None, *, owner: str, **kwargs: Any) -> None:
        super().__init__(data, owner=owner, **kwargs)
        wanted = (data or kwargs.get("initial") or {}).get("strategy_name", USUAL)
        self.strategy = wanted if wanted in STRATEGIES else USUAL
        self.initial["strategy_name"] = self.strategy
        if not STRATEGIES[self.strategy].needs_signal:
            del self.fields["daily"]

    def clean_strategy_name(self) -> str:
        """One that there is."""
        return self.strategy

    def trading(self) -> dict[str, Any]:
        """Of a valid form, as bodies have it; the strategy is not among it."""
        told = self.told()
        rules = {name: told[name] for name in RULES if name in told}
        rules |= {name: told[name] / 100 for name in SHARES if name in told}
        if "flat_from" in rules:
            rules["flat_from"] = f"{rules['flat_from']:%H:%M}"
        period = ("bars", "daily", "start_date", "end_date")
        return {name: told[name] for name in period if name in told} | {"rules": rules}

    def place_of(self, field: str) -> str:
        """Parameters and rules are fields, too: parameters.fast, rules.cost_bps."""
        last = field.rpartition(".")[2]
        return super().place_of(last if last in self.fields else field)


class BacktestForm(TradesForm):
    """One run: the strategy's parameters are fields, too."""

    def __init__(self, data: Any = None, *, owner: str, **kwargs: Any) -> None:
        super().__init__(data, owner=owner, **kwargs)
        self.parameters = defaults_of(self.strategy)
        for name, value in self.parameters.items():
            kind = forms.IntegerField if isinstance(value, int) else forms.FloatField
            self.fields[name] = kind(
                required=False, initial=f"{value:g}", label=parameter_words(name), min_value=0
            )

    def of_strategy(self) -> list[forms.BoundField]:
        """The fields of its parameters."""
        return [self[name] for name in self.parameters]

    def question(self) -> tuple[str, dict[str, Any]]:
        given = {name: self.cleaned_data[name] for name in self.parameters}
        chosen = {name: value for name, value in given.items() if value not in EMPTY}
        body = {"strategy_name": self.strategy, "parameters": chosen}
        return "backtest-strategy", body | self.trading()
