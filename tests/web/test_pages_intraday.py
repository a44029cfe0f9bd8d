"""The pages of the intraday service: a backtest, and the search for parameters."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from django_ray_runtime.testing import run_enqueued
from pages.services.intraday_forms import defaults_of
from pages.services.intraday_search_form import USUAL
from pages.services.intraday_words import (
    metrics_words,
    parameter_words,
    reason_words,
    rule_words,
    strategies_words,
)
from ray_services import own_data
from ray_services.intraday_strategy.metrics import METRICS
from ray_services.intraday_strategy.rules import Rules
from ray_services.intraday_strategy.runs import run
from ray_services.intraday_strategy.strategies import STRATEGIES, make_strategy
from ray_services.intraday_strategy.walking import REASONS
from ray_services.models import Calculation
from tests.web.service_pages import charts_of, checked, form_values, seen, sent, uploaded

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

RUN, SEARCH = "/services/intraday/", "/services/intraday/search/"
FAST = ["momentum", "mean_reversion", "breakout", "volatility"]


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.SERVICES_DIR = tmp_path / "services"


@pytest.fixture
def ana(client: Client, user: Any) -> Client:
    client.force_login(user)
    return client


def asked(client: Client, address: str, strategy: str = "momentum") -> dict[str, Any]:
    """The form as it is shown for a strategy."""
    shown = f"{address}?strategy_name={strategy}"
    return form_values(client, shown) | {"strategy_name": strategy}


@pytest.mark.parametrize("address", [RUN, SEARCH])
def test_only_who_has_logged_in_sees_them(client: Client, user: Any, address: str) -> None:
    assert client.get(address)["Location"].startswith("/login/")
    client.force_login(user)
    seen(client, address)
    seen(client, f"{address}?strategy_name=none")
    assert client.delete(address).status_code == 405


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_strategys_own_parameters_are_asked(ana: Client, strategy: str) -> None:
    given = asked(ana, RUN, strategy)
    defaults = defaults_of(strategy)
    assert {name: float(given[name]) for name in defaults} == defaults
    assert ("daily" in given) == (strategy == "rsi_bollinger")


@pytest.mark.parametrize("strategy", FAST)
def test_a_backtest_is_drawn_as_it_was_computed(ana: Client, strategy: str) -> None:
    shown = sent(ana, RUN, asked(ana, RUN, strategy) | {"cost_bps": "2", "stop_loss": "1.5"})
    assert charts_of(shown) == ["What one unit becomes", "Below the highest so far"]
    market = own_data.market(None, None, with_signal=False)
    found = run(market, make_strategy(strategy), Rules(cost_bps=2, stop_loss=0.015))
    figures = {one.name: one.value for one in shown.context["figures"]}
    assert figures["Sharpe ratio of a year"] == f"{found.metrics.sharpe:.2f}"
    assert shown.context["trades_count"] == found.metrics.trades
    assert len(shown.context["trades"]) == 25
    assert shown.context["trades"][0].net == found.trades.net[0]


@pytest.mark.slow
def test_the_usual_strategy_trades_against_the_days_signal(ana: Client) -> None:
    shown = sent(ana, RUN, form_values(ana, RUN))
    assert shown.context["chosen"] == "rsi_bollinger"
    assert shown.context["trades_count"] > 20
    assert len(charts_of(shown)) == 2


def test_a_period_and_rules_are_kept(ana: Client) -> None:
    wishes = {"start_date": "2022-01-01", "end_date": "2022-03-31", "flat_from": "23:55",
              "side": "long", "holding": "overnight", "fast": "20", "slow": "60"}  # fmt: skip
    shown = sent(ana, RUN, asked(ana, RUN) | wishes)
    assert f"{shown.context['first']} {shown.context['last']}" == "2022-01-03 2022-03-31"
    assert {trade.side for trade in shown.context["trades"]} == {"long"}
    assert [one.value for one in shown.context["parameters"]][:2] == ["20", "60"]
    assert 'value="2022-01-01"' in shown.content.decode()


@pytest.mark.parametrize(
    ("wrong", "field", "told"),
    [
        ({"fast": "60", "slow": "26"}, "fast", "less than “Slow average, bars”"),
        ({"fast": "1"}, "fast", "whole number from 2"),
        ({"cost_bps": "2000"}, "cost_bps", "less than or equal to 1000"),
        ({"start_date": "2030-01-01"}, "start_date", ""),
        ({"start_date": "2022-02-01", "end_date": "2022-01-01"}, "end_date", "or later, not on"),
        ({"bars": "ab" * 32}, "bars", "Select a valid choice"),
        ({"flat_from": "noon"}, "flat_from", "valid time"),
    ],
)
def test_what_cannot_be_run_is_told_at_its_field(
    ana: Client, wrong: dict[str, str], field: str, told: str
) -> None:
    answer = ana.post(RUN, asked(ana, RUN) | wrong)
    assert answer.status_code == 422
    assert told in answer.context["form"].errors[field][0]
    assert f'id="id_{field}_error"' in answer.content.decode()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_search_frames_the_best_of_its_map(ana: Client, strategy: str) -> None:
    given = asked(ana, SEARCH, strategy) | {"ask": "sweep-parameters"}
    shown = sent(ana, SEARCH, given)
    context = shown.context
    x, y = USUAL[strategy]
    assert len(charts_of(shown)) == 1
    assert context["sets"] + context["left_out"] == _values(x) * _values(y)
    assert shown.content.decode().count('stroke-width="3"') == 1
    best, drawn = context["best"][0], context["answer"]["heat_map"]["values"]
    highest = max(value for line in drawn for value in line if value is not None)
    assert best["metrics"][0] == f"{highest:.2f}"
    assert context["luck"]["trials"] == context["sets"]
    assert f"{100 * context['luck']['probability']:.1f}" in shown.content.decode()


def test_shares_are_mapped_as_percent(ana: Client) -> None:
    given = asked(ana, SEARCH, "volatility") | {"metric": "max_drawdown", "x_to": "24"}
    shown = sent(ana, SEARCH, given)
    assert charts_of(shown) == ["Deepest fall (%)"]
    assert shown.context["columns"][0] == "Sharpe ratio of a year"


def test_a_choice_is_tested_on_later_days(ana: Client) -> None:
    given = asked(ana, SEARCH, "volatility") | {"ask": "out-of-sample", "train_share": "60"}
    shown = sent(ana, SEARCH, given)
    fold = shown.context["fold"]
    assert fold["train_days"][1] < fold["test_days"][0]
    assert [one.name for one in fold["parameters"]] == ["Window, bars", "True ranges to turn at"]
    assert len(charts_of(shown)) == 2
    assert [one["name"] for one in shown.context["compared"]] == list(metrics_words().values())


def test_walking_forward_goes_through_the_queue_where_it_takes_long(ana: Client) -> None:
    given = asked(ana, SEARCH, "volatility") | {"ask": "walk-forward", "train_days": "300"}
    small = sent(ana, SEARCH, given | {"x_to": "24", "y_to": "6", "test_days": "200"})
    assert len(small.context["folds"]) == 2
    answer = ana.post(SEARCH, asked(ana, SEARCH) | {"ask": "walk-forward", "test_days": "10"})
    assert answer["Location"] == f"/services/calculations/{Calculation.objects.get().id}/"
    run_enqueued()
    shown = ana.get(answer["Location"])
    checked(shown)
    assert charts_of(shown)[0] == "All tests, one after the other"
    assert len(shown.context["folds"]) > 2


def test_many_choices_are_a_page_of_the_usual_size(ana: Client) -> None:
    given = asked(ana, SEARCH, "volatility") | {
        "ask": "walk-forward", "test_days": "1", "train_days": "600", "x_to": "12", "y_to": "2",
    }  # fmt: skip
    shown = sent(ana, SEARCH, given)
    assert (len(shown.context["folds"]), shown.context["left_out"]) == (60, 7)


def test_the_widest_map_is_a_page_of_the_usual_size(ana: Client) -> None:
    given = asked(ana, SEARCH, "volatility") | {"x_to": "144", "y_to": "24"}
    assert sent(ana, SEARCH, given).context["sets"] == 144


@pytest.mark.parametrize(
    ("wrong", "field", "told"),
    [
        ({"y": "fast"}, "y", "another one than the first"),
        ({"x_step": "1"}, "x_step", "up to 12 values: take a step of at least 7.64"),
        ({"x_step": "0"}, "x_step", "above 0"),
        ({"x_to": "6"}, "x_to", "at least where it begins"),
        ({"x_from": "1"}, "x_from", "whole number from 2"),
        ({"x_step": "12.5"}, "x_from", "whole number"),
        ({"x_from": ""}, "x_from", "required"),
        ({"ask": "everything"}, "ask", "Select a valid choice"),
    ],
)
def test_what_cannot_be_searched_is_told_at_its_field(
    ana: Client, wrong: dict[str, str], field: str, told: str
) -> None:
    answer = ana.post(SEARCH, asked(ana, SEARCH) | wrong)
    assert answer.status_code == 422
    assert told in answer.context["form"].errors[field][0]


def test_bars_of_ones_own_are_run(ana: Client) -> None:
    rows = [
        f"2024-01-0{2 + bar // 100} {bar % 100 // 12 + 9:02}:{bar % 12 * 5:02}:00,"
        f"{price},{price + 1},{price - 1},{price},10"
        for bar, price in ((bar, 100 + (bar * 7919) % 13) for bar in range(300))
    ]
    content = "\n".join(["datetime,open,high,low,close,volume", *rows]).encode()
    uploaded(ana, "bars", content)
    form = ana.get(RUN).context["form"]
    bars = str(form.fields["bars"].choices[-1][0])
    shown = sent(ana, RUN, asked(ana, RUN) | {"bars": bars})
    assert str(shown.context["first"]) == "2024-01-02"
    refused = ana.post(RUN, form_values(ana, RUN) | {"bars": bars})
    assert "upload them" in refused.context["form"].errors["daily"][0]


def test_everything_the_service_knows_has_words() -> None:
    assert list(strategies_words()) == list(STRATEGIES) == list(USUAL)
    assert set(metrics_words()) == set(METRICS)
    names = {name for strategy in STRATEGIES for name in defaults_of(strategy)}
    assert all(parameter_words(name) != name for name in names)
    assert all(rule_words(strategy) for strategy in STRATEGIES)
    assert len({reason_words(reason) for reason in REASONS}) == len(REASONS)


def _values(axis: tuple[str, float, float, float]) -> int:
    return int((axis[2] - axis[1]) / axis[3]) + 1
