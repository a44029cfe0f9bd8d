"""The page of `portfolio-manager`: which weights, and what they would have earned."""

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
from pages.services.fields import day_field
from pages.services.group_lines import groups_of

MOST_TICKERS = 60
POINTS, SOLVED_POINTS = 40, 12
"""Of the frontier: fewer where each takes the solver."""
GOALS = [
    ("max_sharpe", gettext_lazy("most reward for its risk (Sharpe)")),
    ("min_volatility", gettext_lazy("least volatility")),
    ("risk_tolerance", gettext_lazy("between calm and bold")),
    ("target_return", gettext_lazy("a return, at the least risk")),
    ("target_risk", gettext_lazy("a risk, at the highest return")),
    ("min_cvar", gettext_lazy("least expected shortfall (CVaR)")),
    ("hrp", gettext_lazy("hierarchical risk parity")),
]
OWN_RETURN = {"target_return", "min_cvar"}
"""Goals that take a target return."""


def _percent(label: Any, help_text: Any = "", **more: Any) -> forms.FloatField:
    widget = forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"})
    return forms.FloatField(label=label, help_text=help_text, required=False, widget=widget, **more)


class PortfolioForm(QuestionForm):
    """Which portfolio, of what; `ask` is the button that was pressed. Rates are in per cent."""

    service = "portfolio-manager"
    kinds = {"own": ("prices",)}
    places = {"data": "own", "returns": "start"}

    ask = forms.ChoiceField(
        required=False, choices=[("best", ""), ("backtest", "")], widget=forms.HiddenInput
    )
    tickers = forms.CharField(
        label=gettext_lazy("Tickers"),
        max_length=2_000,
        initial="AAPL, MSFT, NVDA, JNJ, PG, KO, JPM, CVX",
        help_text=gettext_lazy("Two to sixty, with commas or spaces between them."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    own = forms.ChoiceField(label=gettext_lazy("Data"), required=False)
    goal = forms.ChoiceField(label=gettext_lazy("Goal"), choices=GOALS)
    upper = _percent(gettext_lazy("Most of one, %"), initial=35, min_value=-1000, max_value=1000)
    lower = _percent(
        gettext_lazy("Least of one, %"), gettext_lazy("Below 0 sells short."),
        initial=0, min_value=-1000, max_value=1000,
    )  # fmt: skip
    target_return = _percent(
        gettext_lazy("Target return, %"), gettext_lazy("A year; for a return, or CVaR."),
        min_value=-1000, max_value=1000,
    )  # fmt: skip
    target_risk = _percent(
        gettext_lazy("Target volatility, %"), gettext_lazy("A year; for a risk."),
        min_value=0, max_value=1000,
    )  # fmt: skip
    risk_tolerance = _percent(
        gettext_lazy("Calm 0, bold 100"), initial=50, min_value=0, max_value=100
    )
    risk_free = _percent(gettext_lazy("Risk-free rate, %"), initial=0, min_value=-99, max_value=99)
    level = _percent(gettext_lazy("Level of CVaR, %"), initial=95, min_value=50.1, max_value=99.9)
    covariance = forms.ChoiceField(
        label=gettext_lazy("Covariance"),
        choices=[
            ("ledoit_wolf", "Ledoit-Wolf"),
            ("sample", gettext_lazy("sample")),
            ("ewma", gettext_lazy("weighted by age")),
        ],
    )
    start, end = day_field(gettext_lazy("From")), day_field(gettext_lazy("Until"))
    groups = forms.CharField(
        label=gettext_lazy("Limits of groups"),
        required=False,
        max_length=4_000,
        help_text=gettext_lazy("A line for each: technology: AAPL, MSFT, NVDA <= 40"),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    every = forms.ChoiceField(
        label=gettext_lazy("Backtest: weights anew each"),
        choices=[
            ("month", gettext_lazy("month")),
            ("63", gettext_lazy("quarter")),
            ("252", gettext_lazy("year")),
        ],
    )
    window = forms.IntegerField(
        label=gettext_lazy("from the days before"), initial=252, min_value=20, max_value=2_000
    )
    cost = _percent(gettext_lazy("Cost of trading, %"), initial=0.1, min_value=0, max_value=50)

    def clean_tickers(self) -> list[str]:
        """Each once."""
        found = list(
            dict.fromkeys(filter(None, re.split(r"[\s,;]+", self.cleaned_data["tickers"])))
        )
        if not 2 <= len(found) <= MOST_TICKERS:
            told = _("Name two to %(most)s tickers, got %(n)s.")
            raise forms.ValidationError(told % {"most": MOST_TICKERS, "n": len(found)})
        return found

    def clean_groups(self) -> list[dict[str, Any]]:
        return groups_of(self.cleaned_data["groups"])

    def clean(self) -> None:
        given = self.cleaned_data
        goal = given.get("goal")
        for name in ("target_return", "target_risk"):
            if goal == name and given.get(name) is None and name not in self.errors:
                self.add_error(name, _("This goal needs a number here."))
        if not given.get("own") and "tickers" in given:  # ours are in capitals
            given["tickers"] = list(dict.fromkeys(name.upper() for name in given["tickers"]))
            for group in given.get("groups") or ():
                group["tickers"] = [name.upper() for name in group["tickers"]]

    def question(self) -> tuple[str, dict[str, Any]]:
        if self.cleaned_data["ask"] != "backtest":
            solved = self.cleaned_data["groups"] or self.cleaned_data["goal"] == "min_cvar"
            points = SOLVED_POINTS if solved else POINTS
            return "optimize-portfolio", self._wish() | {"points": points}
        every = self.cleaned_data["every"]
        plan = {"every": every if every == "month" else int(every)}
        plan |= {"window": self.cleaned_data["window"]}
        return "backtest-portfolio", self._wish() | plan | self._shares("cost")

    def _wish(self) -> dict[str, Any]:
        given = self.told()
        goal = given["goal"]
        names = ["tickers", "goal", "covariance", "start", "end"]
        shares = ["risk_free"]
        if goal != "hrp":  # it takes no limits
            names.append("groups")
            shares += ["lower", "upper"]
        if goal in OWN_RETURN:
            shares.append("target_return")
        shares += {"target_risk": ["target_risk"], "risk_tolerance": ["risk_tolerance"],
                   "min_cvar": ["level"]}.get(goal, [])  # fmt: skip
        source = {"data": given["own"]} if "own" in given else {}
        wish = {name: given[name] for name in names if name in given}
        return source | wish | self._shares(*shares)

    def _shares(self, *names: str) -> dict[str, float]:
        """Those that were given, as parts of 1."""
        given = self.told()
        return {name: given[name] / 100 for name in names if name in given}


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def portfolio(request: HttpRequest) -> HttpResponse:
    """The page."""
    return answer_page(request, PortfolioForm, "pages/services/portfolio.html")


urlpatterns = [path("portfolio/", portfolio, name="portfolio")]
