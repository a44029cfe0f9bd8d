"""The page of `garch-predictor`: how much an asset swings, and how much it is going to."""

import re
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from pages.access import signed_in
from pages.services.asking import QuestionForm, answer_page
from ray_services.garch_predictor.asset_bodies import DAILY, MOST_PRICES

MOST_ASSETS = 6
"""On one page: each has its charts."""
MOST_HORIZONS = 20
OWN = "own prices"
"""What prices that were typed in are called."""
LAGS: dict[str, Any] = {"min_value": 0, "max_value": 4}
QUESTIONS = {
    "predict": "fit-rolling",
    "compare": "compare-orders",
    "risk": "backtest-value-at-risk",
}


class GarchForm(QuestionForm):
    """Whose volatility, by which model, and how far ahead; `ask` is the button that was pressed."""

    service = "garch-predictor"
    kinds = {"own": ("prices", "daily")}
    places = {
        "asset": "assets",
        "horizons": "horizon",
        "data": "own",
        "daily": "own",
        "window": "window_size",
        "distributions": "distribution",
        OWN: "prices",
    }

    ask = forms.ChoiceField(
        required=False, choices=[(name, name) for name in QUESTIONS], widget=forms.HiddenInput
    )
    assets = forms.CharField(
        label=gettext_lazy("Tickers"),
        required=False,
        max_length=200,
        initial="SPY",
        help_text=gettext_lazy("Up to six, such as SPY, QQQ, AAPL; SIM trades around the clock."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
    own = forms.ChoiceField(label=gettext_lazy("Data"), required=False)
    prices = forms.CharField(
        label=gettext_lazy("Prices of your own, oldest first"),
        required=False,
        max_length=200_000,
        help_text=gettext_lazy(
            "Instead of tickers: closing prices, with spaces or lines between them."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    horizon = forms.IntegerField(
        label=gettext_lazy("Days ahead"), initial=22, min_value=1, max_value=120
    )
    last = forms.IntegerField(
        label=gettext_lazy("Latest prices used"), initial=1000, min_value=60, max_value=5000
    )
    window_size = forms.IntegerField(
        label=gettext_lazy("Days a fit looks back"), initial=250, min_value=30, max_value=1000
    )
    p = forms.IntegerField(label=gettext_lazy("p: shocks"), initial=1, **LAGS)
    o = forms.IntegerField(label=gettext_lazy("o: extra for falls"), initial=0, **LAGS)
    q = forms.IntegerField(label=gettext_lazy("q: past variance"), initial=1, **LAGS)
    distribution = forms.ChoiceField(
        label=gettext_lazy("Errors"),
        choices=[("normal", gettext_lazy("normal")), ("t", gettext_lazy("Student's t"))],
    )
    level = forms.DecimalField(
        label=gettext_lazy("Value at risk, %"),
        initial=5, min_value=0.1, max_value=49, max_digits=4,
        help_text=gettext_lazy("The chance of a greater loss in a day."),
    )  # fmt: skip

    def clean_assets(self) -> list[str]:
        """Each once."""
        found = [name for name in re.split(r"[\s,;]+", self.cleaned_data["assets"]) if name]
        if len(found) > MOST_ASSETS:
            told = _("Up to %(most)s tickers fit on one page, got %(n)s.")
            raise forms.ValidationError(told % {"most": MOST_ASSETS, "n": len(found)})
        return list(dict.fromkeys(found))

    def clean_prices(self) -> list[float]:
        words = self.cleaned_data["prices"].replace(";", " ").split()
        if len(words) > MOST_PRICES:
            told = _("Up to %(most)s prices are taken, got %(n)s; upload more as a data set.")
            raise forms.ValidationError(told % {"most": MOST_PRICES, "n": len(words)})
        try:
            return [float(word.rstrip(",")) for word in words]
        except ValueError as error:
            raise forms.ValidationError(
                _("Expected numbers such as 101.25: %(error)s.") % {"error": error}
            ) from None

    def clean(self) -> None:
        if self.errors or self.cleaned_data["prices"] or self.kind_of_data() == DAILY:
            return
        if not self.cleaned_data["assets"]:
            self.add_error("assets", _("Name a ticker, or give prices of your own."))

    def kind_of_data(self) -> str:
        return self.kind_of.get(self.cleaned_data["own"], "")

    def question(self) -> tuple[str, dict[str, Any]]:
        name = QUESTIONS[self.cleaned_data["ask"] or "predict"]
        given = self.cleaned_data
        if name == "fit-rolling":
            return name, self._several() | self._model() | {"horizons": spread(given["horizon"])}
        if name == "compare-orders":
            return name, self._one()
        return name, self._one() | self._model() | {"level": float(given["level"]) / 100}

    def _model(self) -> dict[str, Any]:
        names = ("p", "o", "q", "distribution", "window_size")
        return {name: self.cleaned_data[name] for name in names}

    def _several(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given["prices"]:
            return {"assets": [], "prices": {OWN: given["prices"]}, "last": given["last"]}
        return self._source() | {"assets": self._names(), "last": given["last"]}

    def _one(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given["prices"]:
            return {"prices": given["prices"], "last": given["last"]}
        return self._source() | {"asset": self._names()[0], "last": given["last"]}

    def _names(self) -> list[str]:
        return [DAILY] if self.kind_of_data() == DAILY else self.cleaned_data["assets"]

    def _source(self) -> dict[str, Any]:
        kind = self.kind_of_data()
        return {"daily" if kind == DAILY else "data": self.cleaned_data["own"]} if kind else {}


def spread(horizon: int) -> list[int]:
    """Days ahead, up to the horizon, as many as may be asked for: close together at first."""
    if horizon <= MOST_HORIZONS:
        return list(range(1, horizon + 1))
    steps = MOST_HORIZONS - 1
    return sorted({1 + round((horizon - 1) * (step / steps) ** 1.3) for step in range(steps + 1)})


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def garch(request: HttpRequest) -> HttpResponse:
    """The page."""
    return answer_page(request, GarchForm, "pages/services/garch.html")


urlpatterns = [path("garch/", garch, name="garch")]
