"""All operations whose answers have a picture, by service and name."""

from typing import Any

from pages.services import (
    garch_results,
    intraday_results,
    portfolio_results,
    sentiment_results,
)
from pages.services.answered import Answered, Result

RESULTS: dict[str, dict[str, Result]] = {
    "garch-predictor": garch_results.RESULTS,
    "portfolio-manager": portfolio_results.RESULTS,
    "sentiment-analyzer": sentiment_results.RESULTS,
    "intraday-strategy": intraday_results.RESULTS,
}


def shown(answered: Answered) -> dict[str, Any]:
    """The context of `pages/services/result.html`."""
    result = RESULTS.get(answered.service, {}).get(answered.operation)
    plain = {"answered": answered, "answer": answered.answer, "body": answered.body}
    if result is None:
        return {**plain, "result_template": "pages/services/plain.html"}
    return {
        **plain,
        "result_title": result.title(answered),
        "result_template": result.template,
        **result.context(answered),
    }
