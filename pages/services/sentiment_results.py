"""How answers of the sentiment service are shown."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pages.services.answered import Answered, Result
from pages.services.sentiment_drawn import explanation_drawn, scores_drawn
from pages.services.sentiment_strategy_drawn import strategy_drawn
from pages.templatetags.shown import grouped


def _of_texts(answered: Answered) -> str:
    count = answered.answer["summary"]["texts"]
    return ngettext("%(n)s text", "%(n)s texts", count) % {"n": grouped(count)}


RESULTS = {
    "analyze-sentiment": Result(_of_texts, "pages/services/sentiment_scores.html", scores_drawn),
    "explain-sentiment": Result(
        lambda _answered: _("Word by word"),
        "pages/services/sentiment_explained.html",
        explanation_drawn,
    ),
    "run-engagement-strategy": Result(
        lambda _answered: _("What it would have returned"),
        "pages/services/sentiment_returns.html",
        strategy_drawn,
    ),
}
