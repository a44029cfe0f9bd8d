"""What the strategy by engagement is asked, as people fill it in."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pages.services.asking import QuestionForm
from pages.services.fields import day_field

METRICS = [
    ("comments_per_like", _("Comments for each like")),
    ("comments_per_post", _("Comments for each post")),
    ("likes_per_impression", _("Likes for each impression")),
    ("sentiment", _("Sentiment")),
    ("comments", _("Comments")),
    ("likes", _("Likes")),
    ("posts", _("Posts")),
    ("impressions", _("Impressions")),
]
PERIODS = [("month", _("Month")), ("week", _("Week")), ("quarter", _("Quarter"))]
WEIGHTINGS = [
    ("equal", _("All alike")),
    ("rank", _("By rank")),
    ("metric", _("By the metric")),
]
RETURNS = [
    ("simple", _("Simple: what a portfolio earns")),
    ("log", _("Logarithmic: as it is usually published")),
]


class StrategyForm(QuestionForm):
    """How it chooses and holds, and on what data."""

    service = "sentiment-analyzer"
    kinds = {"records": ("engagement",), "prices": ("prices",)}
    places = {"data": "records"}

    metric = forms.ChoiceField(choices=METRICS, label=_("Rank tickers by"))
    period = forms.ChoiceField(
        choices=PERIODS,
        label=_("Choose anew each"),
        help_text=_("Chosen on the records of one, held over the next."),
    )
    top = forms.IntegerField(initial=5, min_value=1, max_value=100, label=_("Tickers held"))
    weighting = forms.ChoiceField(choices=WEIGHTINGS, label=_("Weights"))
    benchmark = forms.CharField(
        required=False,
        initial="QQQ",
        max_length=20,
        label=_("Benchmark"),
        help_text=_("A ticker of the prices; empty for none."),
    )
    start, end = day_field(_("From")), day_field(_("To"))
    min_likes = forms.FloatField(
        initial=20, min_value=0, label=_("Records count with more likes than")
    )
    min_comments = forms.FloatField(initial=10, min_value=0, label=_("and more comments than"))
    returns = forms.ChoiceField(choices=RETURNS, label=_("Returns"))
    records = forms.ChoiceField(required=False, label=_("Engagement"))
    prices = forms.ChoiceField(required=False, label=_("Prices"))

    def question(self) -> tuple[str, dict[str, Any]]:
        # Without a benchmark is a wish of its own: the service has one by default.
        benchmark = self.cleaned_data["benchmark"] or None
        body = self.told() | {"benchmark": benchmark}
        if "records" in body:
            body["data"] = body.pop("records")
        return "run-engagement-strategy", body
