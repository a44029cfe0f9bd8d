"""What the portfolio service answers beyond a single plain request, and what it refuses."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from django_ray_runtime.testing import run_enqueued
from ray_services import own_data
from ray_services.portfolio_manager.estimates import EstimateRules
from ray_services.portfolio_manager.limits import Limits
from ray_services.portfolio_manager.optimise import Wish, optimise
from ray_services.portfolio_manager.tail_risk import historic

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.any_database]

SERVICES = "/api/v1/services"
ROOT = f"{SERVICES}/portfolio-manager"
TICKERS = ["AAPL", "MSFT", "JNJ", "PG", "KO", "NVDA"]
PERIOD = {"tickers": TICKERS, "start": "2020-01-01", "end": "2022-12-31"}
TECHNOLOGY = {"name": "technology", "tickers": ["AAPL", "MSFT", "NVDA"], "upper": 0.4}


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.SERVICES_DIR = tmp_path / "services"


def post(client: Client, name: str, body: Any, status: int = 200, query: str = "") -> Any:
    answer = client.post(f"{ROOT}/{name}{query}", body, content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer.content.decode() if "format" in query else answer.json()


def optimum(client: Client, **body: Any) -> Any:
    return post(client, "optimize-portfolio", {**PERIOD, **body})


def refused(client: Client, name: str, **body: Any) -> tuple[str, str]:
    """Field and message."""
    told = post(client, name, {**PERIOD, **body}, 422)["errors"][0]
    return str(told["field"]), str(told["detail"])


def upload(client: Client, kind: str, lines: Iterator[str]) -> str:
    file = SimpleUploadedFile("mine.csv", "\n".join(lines).encode())
    answer = client.post(f"{SERVICES}/data-sets", {"kind": kind, "file": file})
    assert answer.status_code == 201, answer.content
    return str(answer.json()["sha256"])


def returns() -> Any:
    return own_data.prices().between("2020-01-01", "2022-12-31").returns(TICKERS)


@pytest.mark.parametrize(
    ("body", "goal"),
    [
        ({}, "risk_tolerance"),
        ({"target_return": 0.1}, "target_return"),
        ({"target_risk": 0.25}, "target_risk"),
        ({"goal": "max_sharpe", "covariance": "sample", "upper": 0.5}, "max_sharpe"),
        ({"goal": "min_volatility", "covariance": "ewma", "mean": "geometric"}, "min_volatility"),
        ({"goal": "min_cvar", "level": 0.9, "target_return": 0.05}, "min_cvar"),
        ({"goal": "hrp"}, "hrp"),
    ],
)
def test_every_goal_is_answered_as_the_core_answers_it(
    api: Client, body: dict[str, Any], goal: Any
) -> None:
    found = optimum(api, **body)
    target = {"risk_tolerance": 0.5, "min_cvar": 0.05}.get(goal) or body.get(goal)
    rules = EstimateRules(body.get("mean", "arithmetic"), body.get("covariance", "ledoit_wolf"))
    wish = Wish(
        goal,
        target,
        level=body.get("level", 0.95),
        limits=Limits(upper=body.get("upper", 1.0)),
        estimates=rules,
    )
    assert found["goal"] == goal
    assert list(found["weights"].values()) == optimise(returns(), TICKERS, wish).weights.tolist()
    assert sum(found["weights"].values()) == pytest.approx(1, abs=1e-9)


def test_limits_hold_for_tickers_groups_and_what_is_traded(api: Client) -> None:
    held = dict.fromkeys(TICKERS, 1 / 6)
    found = optimum(
        api,
        goal="max_sharpe",
        lower={"KO": 0.1},
        upper={"NVDA": 0.2},
        groups=[TECHNOLOGY],
        previous=held,
        turnover=0.5,
        points=3,
    )
    portfolios = [found, *found["frontier"], *found["alternatives"].values()]
    assert len(portfolios) == 7
    for one in portfolios:
        weights = one["weights"]
        assert weights["KO"] >= 0.1 - 1e-9
        assert weights["NVDA"] <= 0.2 + 1e-9
        assert sum(weights[name] for name in TECHNOLOGY["tickers"]) <= 0.4 + 1e-9
        assert sum(abs(weights[name] - held[name]) for name in TICKERS) <= 0.5 + 1e-9
    assert found["turnover"] <= 0.5 + 1e-9
    calm = found["frontier"][0]
    assert calm["volatility"] == min(one["volatility"] for one in portfolios)


def test_the_frontier_lies_on_lines_between_its_turning_points(api: Client) -> None:
    found = optimum(api, points=9, turning_points=True)
    turns = found["turning_points"]
    means = [one["expected_return"] for one in turns]
    assert means == sorted(means)
    for point in found["frontier"]:
        after = min(int(np.searchsorted(means, point["expected_return"])), len(turns) - 1)
        low, high = turns[max(after - 1, 0)], turns[after]
        span = high["expected_return"] - low["expected_return"]
        share = (point["expected_return"] - low["expected_return"]) / span if span else 1.0
        for name, weight in point["weights"].items():
            between = low["weights"][name] * (1 - share) + high["weights"][name] * share
            assert weight == pytest.approx(between, abs=1e-9)


def test_what_cannot_be_says_why_and_names_the_field(api: Client) -> None:
    ask = "optimize-portfolio"
    field, why = refused(api, ask, target_return=9)
    assert field == "target_return"
    assert "highest attainable" in why
    assert refused(api, ask, target_risk=0.001)[0] == "target_risk"
    assert refused(api, ask, goal="target_return")[0] == "target_return"
    assert refused(api, ask, goal="hrp", target_return=0.1)[0] == "target_return"
    assert refused(api, ask, goal="max_sharpe", risk_free=0.9)[0] == "risk_free"
    assert refused(api, ask, goal="hrp", upper=0.5)[0] == "goal"
    assert refused(api, ask, upper=0.1)[0] == "upper"
    assert refused(api, ask, lower={"TSLA": 0.1})[0] == "lower"
    field, why = refused(api, ask, groups=[{**TECHNOLOGY, "tickers": ["TSLA"]}])
    assert field == "groups"
    assert "TSLA is not among the assets" in why
    wrong = [{**TECHNOLOGY, "lower": 0.9, "upper": None}, {**TECHNOLOGY, "name": "b"}]
    assert refused(api, ask, groups=wrong)[0]
    assert refused(api, ask, tickers=["AAPL", "AAPL"])[0] == "tickers"
    assert refused(api, ask, start="2022-12-30")[0]


def test_many_portfolios_are_each_what_one_alone_is(api: Client) -> None:
    body = {**PERIOD, "goal": "max_sharpe", "window": 252, "every": 63}
    found = post(api, "optimize-many", body)
    assert found["found"] == len([one for one in found["portfolios"] if not one["refused"]])
    place, one = next(
        (place, one) for place, one in enumerate(found["portfolios"]) if not one["refused"]
    )
    rows = [row for row in found["weights"] if row["portfolio"] == place]
    window = returns()[63 * place : 63 * place + 252]
    alone = optimise(window, TICKERS, Wish("max_sharpe"))
    assert [row["weight"] for row in rows] == alone.weights.tolist()
    assert one["sharpe"] == alone.sharpe
    waiting = post(api, "optimize-many", body, 202, "?queued=true")
    run_enqueued(raise_errors=True)
    told = api.get(waiting["address"]).json()
    assert told["answer"]["portfolios"] == found["portfolios"]
    text = api.get(f"{told['rows']['address']}?format=csv")
    queued = csv.DictReader(io.StringIO(b"".join(text.streaming_content).decode()))
    assert [float(row["weight"]) for row in queued] == [row["weight"] for row in found["weights"]]


def test_one_of_many_that_cannot_be_stops_no_other(api: Client) -> None:
    cuts = [
        {"tickers": TICKERS[::-1]},
        {"tickers": ["KO"], "start": 10, "stop": 400},
        {"tickers": TICKERS},
    ]
    found = post(api, "optimize-many", {**PERIOD, "target_return": 0.3, "cuts": cuts})
    assert ["highest attainable" in (one["refused"] or "") for one in found["portfolios"]] == [
        False,
        True,
        False,
    ]
    assert {row["portfolio"] for row in found["weights"]} == {0, 2}
    ask = "optimize-many"
    assert refused(api, ask, cuts=[{"tickers": ["TSLA"]}])[0] == "cuts.0.tickers"
    assert refused(api, ask, cuts=[{"start": 5, "stop": 6}])[0] == "cuts.0.stop"
    assert refused(api, ask, window=5_000)[0] == "window"


def test_losses_are_the_same_for_the_same_seed_and_near_for_all_methods(api: Client) -> None:
    body = {**PERIOD, "paths": 200_000, "horizon": 5, "seed": 7}
    found = post(api, "simulate-risk", body)
    assert post(api, "simulate-risk", body)["results"] == found["results"]
    waiting = post(api, "simulate-risk", body, 202, "?queued=true")
    run_enqueued(raise_errors=True)
    ended = api.get(waiting["address"]).json()["answer"]
    assert ended["results"] == found["results"]
    by_method = {one["method"]: one for one in found["results"]}
    assert set(by_method) == {"historic", "parametric", "bootstrap", "gaussian"}
    series = returns() @ np.full(6, 1 / 6)
    assert by_method["historic"]["cvar"] == historic(series, 0.95, 5).cvar
    assert by_method["gaussian"]["var"] == pytest.approx(by_method["parametric"]["var"], rel=0.02)
    for one in found["results"]:
        assert one["cvar"] > one["var"] > 0
    assert refused(api, "simulate-risk", horizon=2_000, methods=["historic"])[0] == "horizon"
    assert refused(api, "simulate-risk", weights={"AAPL": 0.5})[0] == "weights"


def test_a_backtest_looks_at_the_past_only_and_is_beside_others(api: Client) -> None:
    body = {**PERIOD, "goal": "min_volatility", "window": 252, "every": "month"}
    found = post(api, "backtest-portfolio", body)
    assert found["benchmark"] == "SPY"
    days = [one["day"] for one in found["rebalancings"]]
    assert days[0] == found["curve"][0]["day"]
    assert [day[:7] for day in days] == sorted({day[:7] for day in days})
    value = np.prod([1 + row["strategy"] for row in found["curve"]])
    assert found["curve"][-1]["strategy_value"] == pytest.approx(value)
    assert found["metrics"]["total_return"] == pytest.approx(value - 1)
    shorter = post(api, "backtest-portfolio", {**body, "end": "2022-06-30"})
    assert found["curve"][: len(shorter["curve"])] == shorter["curve"]
    calm = post(api, "backtest-portfolio", {**body, "turnover": 0.05})
    assert all(one["turnover"] <= 0.05 + 1e-9 for one in calm["rebalancings"][1:])
    lines = post(api, "backtest-portfolio", body, query="?format=ndjson")
    assert len(lines.splitlines()) == len(found["curve"])
    assert refused(api, "backtest-portfolio", window=5_000)[0] == "window"


def test_weights_stay_and_it_is_said_where_the_wish_cannot_be_met(api: Client) -> None:
    found = post(
        api,
        "backtest-portfolio",
        {"tickers": ["AAPL", "KO"], "goal": "target_risk", "target_risk": 0.2, "every": 63},
    )
    assert found["notes"]
    assert all("least attainable" in note for note in found["notes"])


def test_the_cluster_strategy_tells_what_was_held_and_why(api: Client) -> None:
    found = post(
        api, "cluster-strategy", {"universe": 60, "start": "2018-06-01"}, query="?queued=false"
    )
    assert {one["goal"] for one in found["holdings"]} <= {"max_sharpe", "min_volatility", "cash"}
    for one in found["holdings"]:
        assert not {"SPY", "QQQ"} & set(one["weights"])
        assert one["goal"] == "cash" or sum(one["weights"].values()) == pytest.approx(1)
    assert {"strategy", "equal", "benchmark", "benchmark_value"} < set(found["curve"][0])
    factors = own_data.factors()
    months = [str(month) for month in factors["date"]]
    names = ("mkt_rf", "smb", "hml", "rmw", "cma", "rf")
    mine = upload(
        api,
        "factors",
        iter(
            [",".join(("date", *names))]
            + [
                ",".join([month, *(str(factors[name][row]) for name in names)])
                for row, month in enumerate(months)
            ]
        ),
    )
    ask = {"universe": 60, "start": "2018-06-01", "factors": mine}
    again = post(api, "cluster-strategy", ask, query="?queued=false")
    assert again["curve"] == found["curve"]
    assert again["factors"] == mine
    short = {"universe": 60, "start": "2023-01-01"}
    told = post(api, "cluster-strategy", short, 422, "?queued=false")
    assert told["errors"][0]["field"] == "start"


def test_shares_are_whole_and_cost_no_more_than_there_is(api: Client) -> None:
    body = {**PERIOD, "weights": {"AAPL": 0.5, "KO": 0.5}, "amount": 25_000}
    found = post(api, "allocate-shares", body)
    spent = sum(found["prices"][name] * count for name, count in found["shares"].items())
    assert spent + found["leftover"] == pytest.approx(25_000)
    assert 0 <= found["leftover"] < min(found["prices"][name] for name in ("AAPL", "KO"))
    assert found["day"] == "2022-12-30"
    own = post(
        api,
        "allocate-shares",
        {"tickers": ["AAPL"], "amount": 10, "prices": {"AAPL": 3}},
    )
    assert own["shares"] == {"AAPL": 3}
    assert refused(api, "allocate-shares", amount=0.01)[0] == "amount"
    assert refused(api, "allocate-shares", amount=10, prices={"AAPL": 3})[0] == "prices"


def test_prices_of_ones_own_need_no_index(api: Client) -> None:
    rng = np.random.default_rng(4)
    prices = 100 * np.cumprod(1 + rng.normal(0.0005, 0.01, (400, 2)), axis=0)
    days = np.datetime64("2021-01-01") + np.arange(400)
    lines = [
        f"{day},{ticker},{price:.6f}"
        for day, row in zip(days, prices.tolist(), strict=True)
        for ticker, price in zip(("UP", "DOWN"), row, strict=True)
    ]
    mine = upload(api, "prices", iter(["date,ticker,adj_close", *lines]))
    body = {"data": mine, "tickers": ["UP", "DOWN"]}
    found = post(api, "calculate-portfolio-metrics", body)
    assert (found["benchmark"], found["beta"], found["data"]) == (None, None, mine)
    beside = post(api, "calculate-portfolio-metrics", {**body, "benchmark": "UP"})
    assert beside["benchmark"] == "UP"
    told = post(api, "calculate-portfolio-metrics", {**body, "benchmark": "SPY"}, 422)
    assert told["errors"][0]["field"] == "benchmark"


def test_both_ways_find_the_same_portfolios_before_they_are_timed(api: Client) -> None:
    answer = api.get(f"{ROOT}/performance-comparison", {"portfolios": 2, "assets": 12})
    assert answer.status_code == 200, answer.content
    found = answer.json()
    assert found["largest_difference"] < 1e-4
    assert found["speed_up"] == found["serial_seconds"] / found["seconds"]
    assert api.get(f"{ROOT}/performance-comparison", {"portfolios": 1_000}).status_code == 422
