"""What is said of input that cannot be used."""

from typing import Any

import numpy as np
import pytest

from ray_services.common.errors import BadInput
from ray_services.garch_predictor.losses import garman_klass, realised_variance, scores
from ray_services.garch_predictor.moments import rolling_variance, summaries
from ray_services.garch_predictor.premium import PremiumRule, premium_signal, premium_signals
from ray_services.garch_predictor.rolling import fits_of_many, rolling_fits
from ray_services.garch_predictor.single import Grid, fit, log_likelihood, select_order
from ray_services.garch_predictor.spec import GarchSpec, Rolling
from ray_services.garch_predictor.value_at_risk import coverage_tests, value_at_risk
from ray_services.garch_predictor.volatility import Outlook, volatilities
from tests.services.garch_series import days_from, prices_of, simulated

RETURNS = simulated(1, 260)
PRICES = prices_of(RETURNS)
DAYS = days_from("2020-01-01", 261)


def with_value(values: Any, row: int, value: Any) -> list[Any]:
    """As a list, for collecting the tests compares parameters with texts."""
    changed = [*values]
    changed[row - 1] = value
    return changed


def halted(first: int, last: int) -> list[float]:
    changed = RETURNS.tolist()
    changed[first - 1 : last] = [0.0] * (last - first + 1)
    return changed


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"p": -1}, "p"),
        ({"q": 1.5}, "q"),
        ({"o": True}, "o"),
        ({"q": 13}, "q"),
        ({"p": 0}, "p"),
        ({"mean": "median"}, "mean"),
        ({"distribution": "cauchy"}, "distribution"),
    ],
)
def test_what_is_no_model(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        GarchSpec(**wrong)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"window": 10}, "window"),
        ({"window": "180"}, "window"),
        ({"every": 0}, "every"),
        ({"horizons": ()}, "horizons"),
        ({"horizons": (5, 1)}, "horizons"),
        ({"horizons": (1, 1)}, "horizons"),
        ({"horizons": (0,)}, "horizons"),
        ({"errors": "yes"}, "errors"),
    ],
)
def test_what_is_no_way_to_roll(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        Rolling(**wrong)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("returns", "row", "word"),
    [
        (with_value(RETURNS, 7, np.nan), 7, "finite"),
        (with_value(RETURNS, 260, np.inf), 260, "finite"),
        (RETURNS[:179].tolist(), None, "at least 180"),
        ([0.0] * 200, 1, "no variance"),
        ([0.1 + 1e-14 * one for one in RETURNS[:200]], 1, "no variance"),
        (halted(41, 230), 41, "rows 41 to 220"),
        (["a", "b"], None, "numbers"),
        ([[0.1, 0.2]], None, "one column"),
        (None, None, "one column"),
    ],
)
def test_what_are_no_returns(returns: Any, row: int | None, word: str) -> None:
    with pytest.raises(BadInput, match=word) as caught:
        rolling_fits(returns)
    assert caught.value.field == "returns"
    assert caught.value.row == row


def test_a_window_too_short_for_the_model() -> None:
    with pytest.raises(BadInput, match="at least 50 returns"):
        rolling_fits(RETURNS, GarchSpec(3, 0, 5), Rolling(window=40))


def test_a_complaint_names_the_series() -> None:
    with pytest.raises(BadInput) as caught:
        fits_of_many({"GOOD": RETURNS, "BAD": RETURNS[:30]})
    assert caught.value.field == "BAD"
    with pytest.raises(BadInput, match="at least one series"):
        fits_of_many({})


def test_a_halt_shorter_than_the_window_is_fine() -> None:
    assert len(rolling_fits(halted(41, 200), GarchSpec(1, 0, 1))) == 81


@pytest.mark.parametrize(
    ("days", "prices", "field", "row"),
    [
        ([*DAYS], with_value(PRICES, 3, 0.0), "close", 3),
        ([*DAYS], with_value(PRICES, 3, np.nan), "close", 3),
        ([*DAYS[:-1]], [*PRICES], "date", None),
        ([*DAYS[::-1]], [*PRICES], "date", 2),
        (with_value(DAYS, 10, DAYS[8]), [*PRICES], "date", 10),
        (["x"] * 261, [*PRICES], "date", None),
        ([*DAYS[:100]], [*PRICES[:100]], "close", None),
    ],
)
def test_what_are_no_prices(days: Any, prices: Any, field: str, row: int | None) -> None:
    with pytest.raises(BadInput) as caught:
        premium_signal(days, prices, PremiumRule(variance_window=60, deviation_window=20))
    assert (caught.value.field, caught.value.row) == (field, row)


def test_too_few_prices_from_the_start_on() -> None:
    with pytest.raises(BadInput, match="from 2020-06-01 on"):
        premium_signal(DAYS, PRICES, PremiumRule(start=np.datetime64("2020-06-01")))


def test_prices_that_stand_still() -> None:
    still = prices_of(np.array(halted(41, 230)))
    with pytest.raises(BadInput) as caught:
        premium_signal(DAYS, still)
    assert caught.value.row == 42  # the price that is like the one before it
    with pytest.raises(BadInput) as caught:
        volatilities({"X": still}, Outlook(past=60))
    assert (caught.value.field, caught.value.row) == ("X", 42)


@pytest.mark.parametrize(
    ("what", "wrong"),
    [
        (PremiumRule, {"threshold": 0}),
        (PremiumRule, {"threshold": "high"}),
        (PremiumRule, {"window": 20}),
        (PremiumRule, {"deviation_window": 1}),
        (Outlook, {"past": 3}),
        (Outlook, {"horizons": (22, 1)}),
        (Outlook, {"days_a_year": 0}),
    ],
)
def test_what_are_no_rules(what: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadInput) as caught:
        what(**wrong)
    assert caught.value.field == next(iter(wrong))


def test_other_input_that_cannot_be_used() -> None:
    calls: list[tuple[Any, tuple[Any, ...], str]] = [
        (premium_signals, ({},), "close"),
        (volatilities, ({},), "assets"),
        (volatilities, ({"X": PRICES[:150]},), "X"),
        (rolling_variance, (RETURNS, 1), "window"),
        (summaries, (PRICES, -1), "rows_each"),
        (summaries, ([5.0],), "close"),
        (fit, (RETURNS[:20],), "returns"),
        (select_order, (RETURNS, Grid(q=())), "q"),
        (select_order, (RETURNS, Grid(q=(99,))), "q"),
        (log_likelihood, (RETURNS, GarchSpec(), {"omega": 1.0}), "mu"),
        (scores, ({}, RETURNS**2), "forecasts"),
        (scores, ({"a": [1.0]}, [1.0, 2.0]), "a"),
        (scores, ({"a": [1.0, 0.0]}, [1.0, 2.0]), "a"),
        (scores, ({"a": [1.0, 1.0]}, [1.0, -2.0]), "proxy"),
        (garman_klass, ([1.0], [0.9], [1.0], [1.0]), "high"),
        (realised_variance, (["2020-01-01T10:05", "2020-01-01T10:00"], [1.0, 2.0]), "datetime"),
        (coverage_tests, ([0, 1, 2], 0.05), "violations"),
        (coverage_tests, ([0, 1], 0.7), "level"),
        (value_at_risk, (None, 1.5), "level"),
    ]
    for call, arguments, field in calls:
        with pytest.raises(BadInput) as caught:
            call(*arguments)
        assert caught.value.field == field, call


def test_parameters_that_give_no_variance() -> None:
    wrong = {"mu": 0.0, "omega": -1.0, "alpha[1]": 0.1, "beta[1]": 0.1}
    with pytest.raises(BadInput, match="no positive variances"):
        log_likelihood(RETURNS, GarchSpec(), wrong)


def test_a_halt_within_a_whole_series_is_fine() -> None:
    assert fit(halted(41, 100)).rows == 260
