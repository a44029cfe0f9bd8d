"""How answers of the intraday service are shown."""

from typing import Any

from pages.services.answered import Answered, Result
from pages.services.intraday_drawn import backtest_drawn
from pages.services.intraday_search_drawn import split_drawn, sweep_drawn, walk_drawn
from pages.services.intraday_words import strategies_words


def _of_strategy(answered: Answered) -> str:
    return strategies_words()[answered.answer["strategy"]]


def _result(name: str, drawn: Any) -> Result:
    return Result(_of_strategy, f"pages/services/intraday_{name}.html", drawn)


RESULTS = {
    "backtest-strategy": _result("run", backtest_drawn),
    "sweep-parameters": _result("sweep", sweep_drawn),
    "out-of-sample": _result("split", split_drawn),
    "walk-forward": _result("walk", walk_drawn),
}
