"""What the GARCH service answers beyond today's volatility, and what it refuses."""

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from django_ray_runtime.testing import run_enqueued
from ray_services import own_data
from ray_services.garch_predictor import zoo
from ray_services.garch_predictor.inputs import log_returns
from ray_services.garch_predictor.rolling import rolling_fits
from ray_services.garch_predictor.single import Grid, select_order
from ray_services.garch_predictor.spec import GarchSpec, Rolling

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.any_database]

SERVICES = "/api/v1/services"
ROOT = f"{SERVICES}/garch-predictor"


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.SERVICES_DIR = tmp_path / "services"


def post(client: Client, name: str, body: Any, status: int = 200, query: str = "") -> Any:
    answer = client.post(f"{ROOT}/{name}{query}", body, content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer.json() if "json" in answer["Content-Type"] else answer.content.decode()


def spy() -> Any:
    panel = own_data.prices()
    return log_returns(panel.fields["adj_close"][:, panel.columns(["SPY"])[0]])


def prices(count: int = 400) -> list[float]:
    moves = np.random.default_rng(5).normal(0, 0.01, count)
    return [float(one) for one in 80 * np.exp(np.cumsum(moves))]


def test_each_window_is_a_row(api: Client) -> None:
    body = {"assets": ["SPY", "QQQ"], "last": 251, "horizons": [1, 5], "errors": "hessian"}
    found = post(api, "fit-rolling", body)
    rows = [one for one in found["windows"] if one["asset"] == "SPY"]
    assert found["assets"]["SPY"]["windows"] == len(rows) == 71
    ours = rolling_fits(spy()[-250:], GarchSpec(p=1, q=3), Rolling(horizons=(1, 5)))
    assert [one["forecast_5"] for one in rows] == ours.forecasts[:, 1].tolist()
    assert [one["log_likelihood"] for one in rows] == ours.log_likelihood.tolist()
    assert rows[-1]["day"] == str(own_data.prices().dates[-1])
    assert "error_omega" in rows[0]
    table = csv.DictReader(io.StringIO(post(api, "fit-rolling", body, query="?format=csv")))
    assert len(list(table)) == len(found["windows"])


def test_windows_through_the_queue_are_the_same(api: Client) -> None:
    body = {"assets": ["SPY", "AAPL"], "last": 230}
    at_once = post(api, "fit-rolling", body)
    waiting = post(api, "fit-rolling", body, 202, "?queued=true")
    run_enqueued(raise_errors=True)
    ended = api.get(waiting["address"]).json()
    assert ended["answer"]["assets"] == at_once["assets"]
    text = b"".join(api.get(f"{waiting['address']}/rows", {"format": "csv"}).streaming_content)
    assert text.decode() == post(api, "fit-rolling", body, query="?format=csv")


def test_the_premium_signal_was_decided_the_day_before(api: Client) -> None:
    body = {"assets": ["SPY"], "start": "2022-06-01", "every": 5}
    found = post(api, "premium-signal", body)
    rows = found["rows"]
    assert rows[0]["day"] >= "2022-06-01"
    known = [one for one in rows if one["premium"] is not None]
    for one in known:
        expected = (one["prediction"] - one["variance"]) / one["variance"]
        assert one["premium"] == pytest.approx(expected)
    assert found["assets"]["SPY"]["rises"] == sum(one["signal"] == 1 for one in rows)
    own = {"assets": [], "prices": {"mine": prices()}}
    assert post(api, "premium-signal", own)["rows"][0]["day"] is None
    refused = post(api, "premium-signal", {**own, "start": "2022-01-01"}, 422)
    assert refused["errors"][0]["field"] == "start"


def test_the_best_order_comes_first_and_says_why(api: Client) -> None:
    body = {
        "asset": "SPY", "p": [1], "o": [0, 1], "q": [0, 1], "last": 1_001,
        "distributions": ["normal"],
    }  # fmt: skip
    found = post(api, "compare-orders", body)
    grid = Grid(p=[1], o=[0, 1], q=[0, 1], distributions=["normal"])
    fits = select_order(spy()[-1_000:], grid, criterion="bic")
    assert [one["bic"] for one in found["models"]] == [one.bic for one in fits]
    assert found["models"] == sorted(found["models"], key=lambda one: one["bic"])
    assert sum(one["weight"] for one in found["models"]) == pytest.approx(1)
    assert found["models"][0]["why"].startswith("The least BIC")
    assert found["best"]["model"] == found["models"][0]["model"]


def test_the_value_at_risk_is_counted_and_tested(api: Client) -> None:
    body = {"asset": "SPY", "q": 1, "every": 10, "level": 0.05}
    found = post(api, "backtest-value-at-risk", body)
    broken = [one for one in found["rows"] if one["violation"]]
    assert (found["days"], found["violations"]) == (len(found["rows"]), len(broken))
    assert all(-one["return"] > one["value_at_risk"] for one in broken)
    assert found["expected"] == pytest.approx(0.05 * found["days"])
    total = found["coverage"]["statistic"] + found["independence"]["statistic"]
    assert found["conditional"]["statistic"] == pytest.approx(total)
    assert 0 <= found["coverage"]["p"] <= 1


def test_forecasts_are_ranked_beside_a_proxy(api: Client) -> None:
    models = [{"q": 1, "every": 20}, {"o": 1, "q": 1, "every": 20}]
    body = {"asset": "SPY", "models": models, "averages": [22], "proxy": "parkinson"}
    scores = post(api, "score-forecasts", body)["scores"]
    assert [one["rank"] for one in scores] == [1, 2, 3]
    assert scores == sorted(scores, key=lambda one: one["qlike"])
    twice = post(api, "score-forecasts", {**body, "models": [models[0]] * 2}, 422)
    assert twice["errors"][0]["field"] == "models"
    own = {"prices": prices(), "models": models, "proxy": "parkinson"}
    assert post(api, "score-forecasts", own, 422)["errors"][0]["field"] == "proxy"


@pytest.mark.parametrize("kind", ["EGARCH", "TARCH", "HARCH"])
def test_the_zoo_is_fitted_by_arch(api: Client, kind: str) -> None:
    pytest.importorskip("arch")
    body = {"asset": "SPY", "volatility": kind, "last": 501, "horizons": [1, 5], "seed": 3}
    if kind == "HARCH":
        body["p"] = [1, 5, 22]
    found = post(api, "fit-model", body)
    assert found["returns"] == 500
    assert found["method"] == ("analytic" if kind == "HARCH" else "simulation")
    assert all(value > 0 for value in found["forecasts"].values())
    assert post(api, "fit-model", body)["forecasts"] == found["forecasts"]


def test_without_arch_the_zoo_says_what_to_install(
    api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(zoo, "import_module", missing)
    told = post(api, "fit-model", {"asset": "SPY"}, 501)
    assert "pip install arch" in told["detail"]


def test_days_of_ones_own_are_an_asset(api: Client) -> None:
    begin = datetime(2021, 1, 4, tzinfo=UTC)
    lines = ["Date,Adj Close,"]
    for number, price in enumerate(prices()):
        lines.append(f"{begin + timedelta(days=number):%m/%d/%Y},{price!r},")
    file = SimpleUploadedFile("mine.csv", "\n".join(lines).encode())
    upload = api.post(f"{SERVICES}/data-sets", {"kind": "daily", "file": file})
    sha256 = upload.json()["sha256"]
    found = post(api, "predict-volatility", {"daily": sha256, "past": 20})
    given = post(api, "predict-volatility", {"assets": [], "prices": {"x": prices()}, "past": 20})
    assert found["results"]["daily"] == given["results"]["x"]
    assert (found["daily"], found["data"]) == (sha256, None)


def test_both_ways_agree_before_they_are_timed(
    api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Other tests may have a Ray in this process.
    monkeypatch.setattr("django_ray_runtime.distributed.is_ray_available", lambda: False)
    pytest.importorskip("arch")
    found = api.get(f"{ROOT}/performance-test", {"windows": 3}).json()
    assert found["least_gain"] > -0.2
    assert found["speed_up"] == pytest.approx(found["serial_seconds"] / found["seconds"])
    assert found["parallel"] is None
    assert api.get(f"{ROOT}/performance-test", {"windows": 61}).status_code == 422


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [
        ("fit-rolling", {"assets": ["SPX"]}, "assets"),
        ("fit-rolling", {"assets": []}, "assets"),
        ("fit-rolling", {"assets": [], "prices": {"mine": [100.0] * 300}}, "mine"),
        ("fit-rolling", {"assets": [], "prices": {"mine": prices(100)}}, "mine"),
        ("fit-rolling", {"assets": [], "prices": {"mine": [*prices(300), -1]}}, "mine"),
        ("fit-rolling", {"horizons": [5, 1]}, "horizons"),
        ("compare-orders", {"asset": "SPX"}, "asset"),
        ("backtest-value-at-risk", {"asset": "SPY", "prices": prices(), "data": "0" * 64}, ""),
    ],
)
def test_what_cannot_be_fitted_is_refused(api: Client, name: str, body: Any, field: str) -> None:
    assert post(api, name, body, 422)["errors"][0]["field"] == field


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_what_is_no_number_is_refused_before_it_is_queued(api: Client, number: str) -> None:
    body = f'{{"assets": [], "prices": {{"mine": [100, {number}, 101]}}}}'
    answer = api.post(
        f"{ROOT}/predict-volatility?queued=true", body, content_type="application/json"
    )
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert (error["field"], error["detail"]) == (
        "prices.mine.1",
        "Input should be a finite number",
    )
