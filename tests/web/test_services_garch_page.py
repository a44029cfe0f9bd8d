"""The page of volatility: what it shows of real answers, and what it refuses."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from ray_services.models import Calculation, DataSet
from ray_services.operations import operation
from tests.web.service_pages import SERVICES, asked, form_values, prices_of, seen, told_at, uploaded

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

GARCH = f"{SERVICES}garch/"


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.SERVICES_DIR = tmp_path / "services"


def answered(name: str, **body: Any) -> dict[str, Any]:
    """What the service itself says."""
    known = operation("garch-predictor", name)
    return known.load()(known.body.model_validate(body))


def test_its_defaults_show_volatility_a_cone_and_a_regime(ana: Client) -> None:
    html = asked(ana, GARCH, ask="predict")
    assert html.count("<svg") == 3  # the brand's, the cone, the past
    assert html.count("<polygon") == 2  # the cone's band, and what is usual
    assert "80\u00a0% of the past" in html
    assert re.search(r'class="state regime (low|normal|high|extreme)"', html)
    expected = answered("predict-volatility", assets=["SPY"], window_size=250, p=1, q=1, past=252)[
        "results"
    ]["SPY"]
    assert f'"state regime {expected["regime"]}"' in html
    assert f"{100 * expected['predicted']:.1f}\u00a0%" in html
    assert f"{100 * expected['current']:.1f}\u00a0%" in html


def test_several_assets_stand_beside_each_other(ana: Client) -> None:
    html = asked(ana, GARCH, assets="spy, QQQ SIM", last="500", horizon="60")
    assert "Volatility of spy, QQQ, SIM" in html
    assert html.count("<svg") == 7


def test_models_are_compared_and_lead_to_a_prediction(ana: Client) -> None:
    html = asked(ana, GARCH, ask="compare")
    best = answered("compare-orders", asset="SPY", last=1000)["best"]["model"]
    assert f"The best: {best}" in html
    use = re.search(r'href="/services/garch/\?([^"]+)"', html)
    assert use
    form = seen(ana, f"{GARCH}?{use[1].replace('&amp;', '&')}")
    assert re.search(r'name="p" value="1"', form)
    assert re.search(r'<option value="t" selected', form)


def test_the_value_at_risk_is_tested(ana: Client) -> None:
    html = asked(ana, GARCH, ask="risk", level="1")
    found = answered(
        "backtest-value-at-risk", asset="SPY", last=1000, window_size=250, p=1, q=1, level=0.01
    )
    assert f"<strong>{found['violations']}</strong>" in html
    assert f"{found['coverage']['p']:.3f}" in html
    assert html.count("<circle") >= found["violations"]


def test_prices_of_ones_own_need_no_days(ana: Client) -> None:
    lines = prices_of("A").decode().splitlines()[1:]
    prices = "\n".join(line.rpartition(",")[2] for line in lines)
    html = asked(ana, GARCH, prices=prices, assets="", window_size="100")
    assert "Volatility of own prices" in html
    assert "Row of the prices" in html
    assert "Models of prices" in asked(ana, GARCH, ask="compare", prices=prices)


@pytest.mark.parametrize("kind", ["prices", "daily"])
def test_uploaded_prices_are_chosen_beside_the_built_in_ones(ana: Client, kind: str) -> None:
    content = prices_of("MINE")
    if kind == "daily":
        rows = [line.split(",") for line in content.decode().splitlines()[1:]]
        content = "\n".join(["Date,Adj Close", *(f"{a},{c}" for a, _, c in rows)]).encode()
    uploaded(ana, kind, content)
    sha256 = DataSet.objects.get().sha256
    changes = {"own": sha256, "assets": "MINE" if kind == "prices" else "", "window_size": "100"}
    name = "MINE" if kind == "prices" else "daily"
    assert f"Volatility of {name}" in asked(ana, GARCH, **changes)
    compared = asked(ana, GARCH, ask="compare", **changes)
    assert f"own={sha256}" in compared


def test_little_past_has_no_band_and_says_so(ana: Client) -> None:
    html = asked(ana, GARCH, last="280", window_size="250")
    assert "there is none" in html
    assert html.count("<polygon") < 2 + 1


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"assets": "SPX"}, "assets", "is not among the tickers of the data"),
        ({"assets": "A B C D E F G"}, "assets", "Up to 6"),
        ({"assets": ""}, "assets", "Name a ticker"),
        ({"prices": "1 2 three"}, "prices", "three"),
        ({"prices": "1 2 3"}, "prices", "At least"),
        ({"prices": "1 " * 70 + "-1"}, "prices", "row 71: A price above 0"),
        ({"horizon": "0"}, "horizon", "greater"),
        ({"window_size": "29"}, "window_size", "30"),
        ({"own": "0" * 64}, "own", "valid choice"),
    ],
)
def test_what_cannot_be_is_told_at_its_field(
    ana: Client, changes: dict[str, Any], field: str, told: str
) -> None:
    html = asked(ana, GARCH, 422, **changes)
    assert told in told_at(html, field)
    assert 'role="alert"' in html
    assert "<title>Error" in html
    assert not Calculation.objects.exists()


def test_too_few_rows_are_refused_above_the_form(ana: Client) -> None:
    html = asked(ana, GARCH, 422, last="100", window_size="250")
    assert "At least 251 prices" in html


def test_a_large_question_goes_through_the_queue(ana: Client) -> None:
    asked_for = {"assets": "SPY QQQ AAPL MSFT", "last": "5000", "window_size": "500"}
    answer = ana.post(GARCH, form_values(ana, GARCH, **asked_for))
    assert answer["Location"] == f"{SERVICES}calculations/{Calculation.objects.get().id}/"
