"""The page of portfolios: what it shows of real answers, and what it refuses."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from pages.services.group_lines import groups_of
from ray_services.models import Calculation
from ray_services.operations import operation
from tests.web.service_pages import SERVICES, asked, told_at

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

PORTFOLIO = f"{SERVICES}portfolio/"
TICKERS = ["AAPL", "MSFT", "NVDA", "JNJ", "PG", "KO", "JPM", "CVX"]


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.SERVICES_DIR = tmp_path / "services"


def answered(name: str, **body: Any) -> dict[str, Any]:
    """What the service itself says."""
    known = operation("portfolio-manager", name)
    return known.load()(known.body.model_validate({"tickers": TICKERS, **body}))


def share(value: float, digits: int = 1) -> str:
    return f"{100 * value:.{digits}f}\u00a0%"


def test_its_defaults_show_frontier_weights_and_figures(ana: Client) -> None:
    html = asked(ana, PORTFOLIO)
    found = answered("optimize-portfolio", goal="max_sharpe", upper=0.35)
    worth = answered("calculate-portfolio-metrics", weights=found["weights"])
    assert html.count("<svg") == 3
    assert html.count('r="6"') == 1  # the chosen one
    assert html.count('r="2.6"') == len(TICKERS)
    for told in (
        share(found["expected_return"]),
        share(found["volatility"]),
        f"{found['sharpe']:.2f}",
        share(worth["cvar"], 2),
        share(worth["max_drawdown"]),
    ):
        assert told in html
    for name, weight in found["weights"].items():
        if weight > 0.001:
            assert re.search(rf'>{name}</th><td class="right">{share(weight)}<', html)


@pytest.mark.parametrize(
    "changes",
    [
        {"goal": "min_volatility", "covariance": "ewma"},
        {"goal": "risk_tolerance", "risk_tolerance": "80"},
        {"goal": "target_return", "target_return": "15"},
        {"goal": "target_risk", "target_risk": "22", "lower": "-10"},
        {"goal": "hrp"},
        {"goal": "max_sharpe", "start": "2020-01-01", "end": "2022-12-31", "risk_free": "1"},
    ],
)
def test_every_goal_has_its_picture(ana: Client, changes: dict[str, Any]) -> None:
    html = asked(ana, PORTFOLIO, **changes)
    assert html.count("<svg") == 3
    assert "CVaR" in html


def test_limits_of_groups_hold(ana: Client) -> None:
    html = asked(ana, PORTFOLIO, tickers="aapl msft jnj pg", groups="tech: aapl, msft <= 30")
    shares = re.findall(r'>(AAPL|MSFT)</th><td class="right">([\d.]+)', html)
    assert sum(float(value) for _, value in shares) <= 30.1


def test_a_backtest_stands_beside_equal_weights_and_the_market(ana: Client) -> None:
    html = asked(ana, PORTFOLIO, ask="backtest")
    found = answered("backtest-portfolio", goal="max_sharpe", upper=0.35, every="month")
    assert html.count("<polyline") == 3
    for metrics in (found["metrics"], found["equal_metrics"]):
        assert share(metrics["annual_return"]) in html
        assert share(metrics["max_drawdown"]) in html
    assert share(found["metrics"]["benchmark_return"], 0) in html
    assert f"{len(found['rebalancings'])} times weights were chosen" in html


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"tickers": "AAPL, TSLAA"}, "tickers", "TSLA"),
        ({"tickers": "AAPL"}, "tickers", "two to 60"),
        ({"goal": "target_return"}, "target_return", "needs a number"),
        ({"goal": "target_return", "target_return": "90"}, "target_return", "highest attainable"),
        ({"goal": "target_risk", "target_risk": "1"}, "target_risk", "least"),
        ({"upper": "5"}, "upper", "add up to 40 %"),
        ({"start": "2023-01-01", "end": "2022-01-01"}, "start", "no prices between"),
        ({"groups": "nonsense"}, "groups", "Line 1"),
        ({"groups": "a: GOOGL <= 20"}, "groups", "GOOGL"),
        ({"ask": "backtest", "window": "2000", "start": "2020-01-01"}, "window", "too few"),
        ({"level": "nan"}, "level", "number"),
    ],
)
def test_what_cannot_be_is_told_at_its_field(
    ana: Client, changes: dict[str, Any], field: str, told: str
) -> None:
    html = asked(ana, PORTFOLIO, 422, **changes)
    assert told in told_at(html, field)
    assert not Calculation.objects.exists()


def test_groups_are_written_in_lines() -> None:
    assert groups_of("tech: AAPL, MSFT <= 40\n\nrest: KO PG >= 10 <= 50 %\n") == [
        {"name": "tech", "tickers": ["AAPL", "MSFT"], "upper": 0.4},
        {"name": "rest", "tickers": ["KO", "PG"], "lower": 0.1, "upper": 0.5},
    ]
