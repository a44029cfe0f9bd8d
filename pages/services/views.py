"""The services and what was asked of them."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from pages.access import signed_in
from pages.services.calculations import latest_of
from ray_services.doors.answering import owner_of


@dataclass(frozen=True, slots=True)
class Card:
    """A service on the index; `name` is that of its address."""

    name: str
    title: Any
    told: Any

    @property
    def address(self) -> str | None:
        """None where this project leaves the service out."""
        try:
            return reverse(f"pages:{self.name}")
        except NoReverseMatch:
            return None


CARDS = [
    Card("garch", _("Volatility"), _("GARCH over the days of an asset: how much it swings, and how "
         "much it is going to.")),
    Card("portfolio", _("Portfolio"), _("The best weights for a goal, the efficient frontier, and "
         "what they would have earned.")),
    Card("sentiment", _("Sentiment"), _("How texts about companies feel, word by word, and what "
         "is felt about tickers.")),
    Card("intraday", _("Intraday"), _("Trading rules over bars of five minutes, swept, walked "
         "forward and tested for luck.")),
]  # fmt: skip


@signed_in
@require_safe
def services(request: HttpRequest) -> HttpResponse:
    """All of them, and the reader's latest calculations."""
    context = {
        "here": "services",
        "cards": [card for card in CARDS if card.address],
        "latest": latest_of(owner_of(request)),
    }
    return render(request, "pages/services/index.html", context)
