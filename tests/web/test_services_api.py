"""The four services over REST: what they answer, and what they refuse."""

from typing import Any

import pytest
from django.test import Client

from tests.web.documented import documented

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.any_database]

ROOT = "/api/v1/services"
NAMES = {"sentiment-analyzer", "garch-predictor", "portfolio-manager", "intraday-strategy"}


def post(client: Client, path: str, body: Any, status: int = 200) -> Any:
    answer = client.post(f"{ROOT}/{path}", body, content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer.json()


def get(client: Client, path: str, status: int = 200, **query: Any) -> Any:
    answer = client.get(f"{ROOT}/{path}", query)
    assert answer.status_code == status, answer.content
    return answer.json()


def test_nobody_computes_without_credentials(client: Client) -> None:
    post(client, "garch-predictor/predict-volatility", {}, 401)
    get(client, "sentiment-analyzer/available-tickers", 401)


def test_every_operation_is_documented(api: Client) -> None:
    documented(api, NAMES, 36)


def test_texts_are_scored_with_words_of_ones_own(api: Client) -> None:
    path = "sentiment-analyzer/analyze-sentiment"
    texts = ["$TSLA looks great!", "An awful quarter", "A filing", "blorp"]
    found = post(api, path, {"texts": texts})
    assert [one["sentiment"] for one in found["results"]] == [
        "positive", "negative", "neutral", "neutral",
    ]  # fmt: skip
    assert found["summary"]["texts"] == 4
    mine = post(api, path, {"texts": texts, "lexicon": {"blorp": -3}})
    assert mine["results"][3]["sentiment"] == "negative"


def test_figures_of_tickers_and_what_the_data_lacks(api: Client) -> None:
    known = get(api, "sentiment-analyzer/available-tickers")
    assert (len(known["tickers"]), known["records"]) == (85, 27_235)
    found = post(api, "sentiment-analyzer/analyze-tickers", {"tickers": ["tsla", "AAPL"]})
    assert [one["ticker"] for one in found["results"]] == ["TSLA", "AAPL"]
    assert found["data"] == known["data"]
    assert get(api, "sentiment-analyzer/load-sentiment-data")["without_sentiment"] == 4_240
    assert get(api, "sentiment-analyzer/calculate-engagement/TSLA")
    assert get(api, "sentiment-analyzer/select-top-stocks", limit=3)
    told = get(api, "sentiment-analyzer/calculate-engagement/TSLAA", 404)
    assert "TSLA" in told["detail"]


def test_the_engagement_strategy_honours_its_dates(api: Client) -> None:
    path = "sentiment-analyzer/portfolio-performance"
    found = get(api, path, start="2022-03-01", end="2022-06-30")
    assert found["days"][0] >= "2022-03-01"
    assert found["days"][-1] <= "2022-06-30"
    assert len(found["days"]) == len(found["cumulative"]) == len(found["benchmark_cumulative"])


def test_volatility_of_the_data_and_of_prices_of_ones_own(api: Client) -> None:
    path = "garch-predictor/predict-volatility"
    found = post(api, path, {"window_size": 120, "assets": ["SPY", "sim"], "past": 30})
    spy = found["results"]["SPY"]
    assert spy["fit"]["converged"]
    assert list(spy["forecasts"]) == ["1", "5", "10", "22"]
    assert 0.01 < spy["predicted"] < 2
    own = {"assets": [], "prices": {"mine": [100 + (n * 7 % 11) for n in range(200)]}}
    assert post(api, path, own | {"window_size": 120, "past": 30})["results"]["mine"]["rows"] == 200
    flat = {"assets": [], "prices": {"mine": [100.0] * 300}}
    told = post(api, path, flat | {"window_size": 120, "past": 30}, 422)
    assert told["errors"][0]["field"] == "mine"
    assert post(api, path, {"assets": ["SPX"]}, 422)["errors"][0]["field"] == "assets"


def test_statistics_and_variances_of_returns(api: Client) -> None:
    found = post(api, "garch-predictor/load-market-data", {"assets": ["SPY"], "rows_each": 500})
    assert [one["first"] for one in found["results"]["SPY"]][:2] == [2, 502]
    rolled = post(api, "garch-predictor/calculate-rolling-variance", {"asset": "QQQ", "window": 20})
    assert rolled["variance"][18] is None
    assert rolled["variance"][19] > 0
    assert len(rolled["variance"]) == len(rolled["days"])


def test_a_portfolio_is_measured_beside_its_benchmark(api: Client) -> None:
    path = "portfolio-manager/calculate-portfolio-metrics"
    spy = post(api, path, {"tickers": ["SPY"]})
    assert spy["beta"] == pytest.approx(1)
    assert spy["tracking_error"] == pytest.approx(0, abs=1e-9)
    body = {"tickers": ["AAPL", "MSFT"], "weights": {"AAPL": 0.4, "MSFT": 0.6}}
    found = post(api, path, body | {"start": "2020-01-01"})
    assert found["weights"] == body["weights"]
    assert found["cvar_95"] >= found["var_95"] > 0
    wrong = post(api, path, {"tickers": ["AAPL"], "weights": {"MSFT": 1}}, 422)
    assert wrong["errors"][0]["field"] == "weights"
    assert post(api, path, {"tickers": ["AAPL"], "weights": {"AAPL": 0.4}}, 422)["errors"]


def test_a_portfolio_is_optimised_or_refused_with_the_reason(api: Client) -> None:
    path = "portfolio-manager/optimize-portfolio"
    tickers = ["AAPL", "MSFT", "JNJ", "PG", "KO", "NVDA"]
    calm = post(api, path, {"tickers": tickers, "risk_tolerance": 0})
    bold = post(api, path, {"tickers": tickers, "risk_tolerance": 1, "points": 5})
    assert calm["volatility"] <= bold["volatility"]
    assert sum(calm["weights"].values()) == pytest.approx(1)
    assert len(bold["frontier"]) == 5
    assert set(calm["alternatives"]) == {"0.3", "0.5", "0.7"}
    for goal in ("max_sharpe", "min_volatility", "hrp"):
        assert post(api, path, {"tickers": tickers, "goal": goal})["weights"].keys() == set(tickers)
    told = post(api, path, {"tickers": tickers, "target_return": 9}, 422)
    assert "highest attainable" in told["detail"]
    narrow = post(api, path, {"tickers": tickers, "upper": 0.1}, 422)
    assert "upper" in narrow["detail"]


def test_strategies_are_run_and_the_best_is_named(api: Client) -> None:
    found = post(api, "intraday-strategy/execute-strategies", {"rules": {"cost_bps": 5}})
    assert [one["strategy"] for one in found["results"]] == [
        "momentum", "mean_reversion", "breakout", "volatility",
    ]  # fmt: skip
    sharpe = {one["strategy"]: one["metrics"]["sharpe"] for one in found["results"]}
    assert found["best"] == max(sharpe, key=lambda name: sharpe[name])
    held = post(api, "intraday-strategy/generate-signals", {"strategies": ["momentum"]})
    assert held["results"][0]["position"] in {-1, 0, 1}


def test_a_backtest_honours_its_dates_and_parameters(api: Client) -> None:
    path = "intraday-strategy/backtest-strategy"
    body = {"strategy_name": "breakout", "parameters": {"window": 96, "leave_window": 12}}
    found = post(api, path, body | {"start_date": "2022-01-01", "end_date": "2022-02-28"})
    assert found["days"][0] >= "2022-01-01"
    assert found["days"][-1] <= "2022-02-28"
    assert found["parameters"] == {"window": 96, "leave_window": 12}
    assert found["trades"]
    with_signal = post(api, path, {"strategy_name": "rsi_bollinger"})
    assert with_signal["metrics"]["exposure"] < 0.5
    assert post(api, path, body | {"symbol": "BTC"}, 422)["errors"][0]["field"] == "symbol"
    wrong = post(api, path, {"strategy_name": "momentum", "parameters": {"windo": 3}}, 422)
    assert wrong["errors"][0]["field"] == "windo"
