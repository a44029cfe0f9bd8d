"""Sentiment: texts, single texts word by word, and a strategy by what people engage with."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_http_methods

from pages.access import signed_in
from pages.services.asking import answer_page
from pages.services.sentiment_forms import ExplainForm, TextsForm
from pages.services.sentiment_strategy_form import StrategyForm

ASKS = require_http_methods(["GET", "HEAD", "POST"])


@signed_in
@ASKS
def sentiment(request: HttpRequest) -> HttpResponse:
    """How texts feel."""
    return answer_page(request, TextsForm, "pages/services/sentiment.html", tab="texts")


@signed_in
@ASKS
def explain(request: HttpRequest) -> HttpResponse:
    """How the score of one comes about."""
    return answer_page(request, ExplainForm, "pages/services/sentiment_words.html", tab="words")


@signed_in
@ASKS
def strategy(request: HttpRequest) -> HttpResponse:
    """What holding the most engaging tickers would have returned."""
    template = "pages/services/sentiment_strategy.html"
    return answer_page(request, StrategyForm, template, tab="strategy")


urlpatterns = [
    path("sentiment/", sentiment, name="sentiment"),
    path("sentiment/words/", explain, name="sentiment_words"),
    path("sentiment/strategy/", strategy, name="sentiment_strategy"),
]
