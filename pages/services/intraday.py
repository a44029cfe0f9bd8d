"""Strategies over five-minute bars: one run, and the search for what would have done best."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_http_methods

from pages.access import signed_in
from pages.services.asking import QuestionForm, answer_page
from pages.services.intraday_forms import USUAL, BacktestForm
from pages.services.intraday_search_form import SearchForm
from pages.services.intraday_words import rule_words, strategies_words

ASKS = require_http_methods(["GET", "HEAD", "POST"])


@signed_in
@ASKS
def intraday(request: HttpRequest) -> HttpResponse:
    """A backtest."""
    return _page(request, BacktestForm, "pages/services/intraday.html", "backtest")


@signed_in
@ASKS
def search(request: HttpRequest) -> HttpResponse:
    """Many sets of parameters."""
    return _page(request, SearchForm, "pages/services/intraday_search.html", "search")


def _page(
    request: HttpRequest, form_class: type[QuestionForm], template: str, tab: str
) -> HttpResponse:
    strategies = strategies_words()
    sent = request.POST if request.method == "POST" else request.GET
    chosen = sent.get("strategy_name", USUAL)
    chosen = chosen if chosen in strategies else USUAL
    more = {"tab": tab, "strategies": strategies, "chosen": chosen, "rule": rule_words(chosen)}
    return answer_page(request, form_class, template, **more)


urlpatterns = [
    path("intraday/", intraday, name="intraday"),
    path("intraday/search/", search, name="intraday_search"),
]
