"""What the intraday service answers beyond single runs, and what it refuses."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from django_ray_runtime.testing import run_enqueued
from ray_services import own_data
from ray_services.intraday_strategy.grids import make_grid
from ray_services.intraday_strategy.sweeps import sweep

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.any_database]

SERVICES = "/api/v1/services"
ROOT = f"{SERVICES}/intraday-strategy"
PERIOD = {"start_date": "2022-01-01", "end_date": "2022-04-30"}
SEARCH = {
    "strategy": "mean_reversion",
    "grid": {"window": [20, 40], "enter": {"from": 1.5, "to": 2.5, "step": 0.5}},
    "rules": {"cost_bps": 1},
    **PERIOD,
}


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.SERVICES_DIR = tmp_path / "services"


def post(client: Client, name: str, body: Any, status: int = 200, query: str = "") -> Any:
    answer = client.post(f"{ROOT}/{name}{query}", body, content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer.json() if "json" in answer["Content-Type"] else answer.content.decode()


def field_refused(client: Client, name: str, body: Any) -> str:
    return str(post(client, name, body, 422)["errors"][0]["field"])


def upload(client: Client, kind: str, lines: Iterator[str]) -> str:
    file = SimpleUploadedFile("mine.csv", "\n".join(lines).encode())
    answer = client.post(f"{SERVICES}/data-sets", {"kind": kind, "file": file})
    assert answer.status_code == 201, answer.content
    return str(answer.json()["sha256"])


def test_a_sweep_tells_the_best_a_heat_map_and_all_sets(api: Client) -> None:
    body = {**SEARCH, "top": 2, "heat_map": {"x": "window", "y": "enter"}, "rows": True}
    found = post(api, "sweep-parameters", body)
    grid = make_grid("mean_reversion", {"window": [20, 40], "enter": [1.5, 2.0, 2.5]})
    assert found["sets"] == len(grid.sets) == len(found["rows"]) == 6
    first, second = found["best"]
    assert first["metrics"]["sharpe"] >= second["metrics"]["sharpe"]
    assert first["metrics"]["sharpe"] == max(one["sharpe"] for one in found["rows"])
    shown = found["heat_map"]
    assert (shown["x_values"], shown["y_values"]) == ([20, 40], [1.5, 2.0, 2.5])
    assert max(max(row) for row in shown["values"]) == first["metrics"]["sharpe"]
    assert found["luck"]["trials"] == 6
    text = post(api, "sweep-parameters", body, query="?format=csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [float(one["enter"]) for one in rows] == [1.5, 2.0, 2.5] * 2


def test_a_sweep_through_the_queue_is_the_same(api: Client) -> None:
    at_once = post(api, "sweep-parameters", SEARCH)
    waiting = post(api, "sweep-parameters", SEARCH, 202, "?queued=true")
    run_enqueued(raise_errors=True)
    ended = api.get(waiting["address"]).json()["answer"]
    assert {**ended, "processing_time": 0} == {**at_once, "processing_time": 0}


def test_the_order_in_which_a_grid_is_given_is_kept_by_the_queue(api: Client) -> None:
    grid = {"window": [20, 40], "enter": [1.5, 2.0], "leave": [0.25, 0.5]}
    body = {**SEARCH, "grid": grid, "rows": True}
    at_once = post(api, "sweep-parameters", body)["rows"]
    assert [one["enter"] for one in at_once] == [1.5, 1.5, 2.0, 2.0] * 2
    waiting = post(api, "sweep-parameters", body, 202, "?queued=true")
    run_enqueued(raise_errors=True)
    rows = api.get(waiting["address"]).json()["rows"]["address"]
    lines = b"".join(api.get(rows, {"format": "ndjson"}).streaming_content).splitlines()  # type: ignore[attr-defined]
    assert [json.loads(line) for line in lines] == at_once


def test_the_best_of_the_first_days_is_tested_on_the_rest(api: Client) -> None:
    found = post(api, "out-of-sample", {**SEARCH, "test_from": "2022-03-01"})
    fold = found["fold"]
    assert fold["train_days"][1] < "2022-03-01" <= fold["test_days"][0]
    assert found["curve"][0]["day"] == fold["test_days"][0]
    market = own_data.market(with_signal=False)
    grid = make_grid("mean_reversion", {"window": [20, 40], "enter": [1.5, 2.0, 2.5]})
    rules = post(api, "sweep-parameters", {**SEARCH, "end_date": "2022-02-28"})
    assert fold["parameters"] == rules["best"][0]["parameters"]
    assert sweep(market, grid, start="2022-01-01", end="2022-02-28").grid == grid
    assert field_refused(api, "out-of-sample", {**SEARCH, "test_from": "2031-01-01"})


def test_walking_on_joins_the_tests(api: Client) -> None:
    body = {**SEARCH, "train_days": 40, "test_days": 20}
    found = post(api, "walk-forward", body)
    days = [one["day"] for one in found["curve"]]
    assert days == sorted(set(days))
    assert found["folds"][0]["test_days"][0] == days[0]
    assert found["folds"][-1]["test_days"][1] == days[-1]
    total = np.prod([1 + one["daily_return"] for one in found["curve"]]) - 1
    assert found["metrics"]["total_return"] == pytest.approx(total)
    assert field_refused(api, "walk-forward", {**body, "step_days": 5}) == "step_days"
    assert field_refused(api, "walk-forward", {**body, "train_days": 500}) == "train_days"


def test_signals_are_told_with_what_came_of_them(api: Client) -> None:
    body = {"strategies": ["breakout"], "limit": 7, **PERIOD}
    found = post(api, "calculate-intraday-signals", body)
    assert found["sets"][0]["signals"] > len(found["results"]) == 7
    for one in found["results"]:
        assert one["time"][:10] <= PERIOD["end_date"]
        assert one["side"] in {"long", "short"}
        assert one["side"] in one["why"]
    # What comes later changes nothing of what was told before.
    longer = post(
        api,
        "calculate-intraday-signals",
        {**body, "end_date": "2022-05-31", "limit": 10_000},
        query="?queued=false",
    )
    told = {(one["time"], one["position"], one["why"]) for one in longer["results"]}
    assert {(one["time"], one["position"], one["why"]) for one in found["results"]} <= told


def test_all_trades_or_the_days_come_as_rows(api: Client) -> None:
    body = {"strategy_name": "mean_reversion", "parameters": {"enter": 1}}
    short = post(api, "backtest-strategy", body)
    assert len(short["trades"]) == 1_000
    whole = post(api, "backtest-strategy", {**body, "rows": "trades"})
    assert len(whole["trades"]) == whole["metrics"]["trades"] > 1_000
    assert whole["trades"][:1_000] == short["trades"]
    text = post(api, "backtest-strategy", {**body, "rows": "days"}, query="?format=csv")
    assert text.count("\n") == len(short["days"]) + 1


def test_strategies_come_with_parameters_of_their_own(api: Client) -> None:
    strategies = ["breakout", {"strategy": "breakout", "parameters": {"window": 96}}]
    body = {"strategies": strategies, "parameters": {"breakout": {"window": 48}}, **PERIOD}
    found = post(api, "execute-strategies", body)["results"]
    assert [one["parameters"]["window"] for one in found] == [48, 96]
    assert found[0]["metrics"] != found[1]["metrics"]
    assert field_refused(api, "execute-strategies", {**body, "strategies": ["momentum"]})


def test_bars_and_a_signal_of_ones_own(api: Client) -> None:
    begin = datetime(2020, 5, 4, tzinfo=UTC)
    moves = np.random.default_rng(3).normal(0, 0.002, 3_000)
    prices = 50 * np.exp(np.cumsum(moves))

    def lines() -> Iterator[str]:
        yield "datetime,open,low,high,close,volume,"
        for number, price in enumerate(prices):
            time = begin + timedelta(minutes=5 * number)
            yield f"{time:%m/%d/%Y %H:%M},{price},{price * 0.999},{price * 1.001},{price},10,"

    sha256 = upload(api, "bars", lines())
    found = post(api, "backtest-strategy", {"strategy_name": "breakout", "bars": sha256})
    assert (found["data"], found["days"][0]) == (sha256, "2020-05-04")
    wanted = {"strategy_name": "rsi_bollinger", "bars": sha256}
    assert field_refused(api, "backtest-strategy", wanted) == "daily"
    signal = {"days": ["2020-05-05", "2020-05-06"], "signs": [1, -1]}
    with_signs = post(api, "backtest-strategy", {**wanted, "signal": signal})
    assert with_signs["days"] == signal["days"]
    assert field_refused(api, "backtest-strategy", {**wanted, "bars": "0" * 64}) == "bars"


@pytest.mark.parametrize(
    ("name", "changes", "field"),
    [
        ("sweep-parameters", {"grid": {}}, "grid"),
        ("sweep-parameters", {"grid": {"windo": [3]}}, "grid.windo"),
        ("sweep-parameters", {"grid": {"window": []}}, "grid.window"),
        ("sweep-parameters", {"grid": {"window": [20, 20]}}, "grid.window"),
        ("sweep-parameters", {"heat_map": {"x": "window", "y": "window"}}, "heat_map.y"),
        ("sweep-parameters", {"heat_map": {"x": "nothing", "y": "window"}}, "heat_map.x"),
        ("sweep-parameters", {"end_date": "2021-01-01"}, "end_date"),
        ("sweep-parameters", {"symbol": "BTC"}, "symbol"),
        ("sweep-parameters", {"signal": {"threshold": 2}}, "signal"),
        ("sweep-parameters", {"rules": {"cost_bps": -1}}, "rules.cost_bps"),
        ("out-of-sample", {"test_from": "2022-02-01", "train_share": 0.5}, "train_share"),
    ],
)
def test_what_cannot_be_searched_is_refused(
    api: Client, name: str, changes: dict[str, Any], field: str
) -> None:
    assert field_refused(api, name, {**SEARCH, **changes}) == field
