"""Insights into tables: what was planted is found, noise is not taken for something."""

import json
import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy.signal import lfilter

from django_ray_runtime.distributed import sequentially
from ray_services.common.errors import BadInput
from workflows.common.formatters import as_html, as_json, as_markdown, writer_of
from workflows.common.processors import AllFailed
from workflows.insights.findings import findings_of
from workflows.insights.flow import Request, Wanted, find_insights
from workflows.insights.sources import Group, own_data, read_data

DAYS = np.arange("2022-01-01", "2024-01-01", dtype="datetime64[D]")


def table(**columns: Any) -> bytes:
    head = ",".join(columns)
    rows = [",".join(str(value) for value in row) for row in zip(*columns.values(), strict=True)]
    return "\n".join([head, *rows]).encode()


def noise(seed: int = 5) -> Any:
    return np.random.default_rng(seed).normal(size=len(DAYS)).round(6)


def report(content: bytes, **wanted: Any) -> dict[str, Any]:
    asked = Wanted.model_validate(wanted)
    with sequentially():
        return find_insights(read_data(content, "mine", asked.group_by), asked)


def strong(found: dict[str, Any]) -> list[tuple[str, list[str]]]:
    return [(one["kind"], one["columns"]) for one in found["insights"] if one["level"] != "LOW"]


def test_a_trend_is_found() -> None:
    found = report(table(day=DAYS, sales=np.arange(len(DAYS)) * 0.01 + noise(), other=noise(6)))
    assert strong(found) == [("trend", ["sales"])]
    assert "sales rises from 2022-01-01 to 2023-12-31" in found["insights"][0]["text"]


def test_an_outlier_is_found_and_dated() -> None:
    values = noise()
    values[100] = 50
    found = report(table(day=DAYS, sales=values))
    assert strong(found) == [("outlier", ["sales"])]
    assert "sales is 50 on 2022-04-11" in found["insights"][0]["text"]


def test_columns_that_change_together_are_found() -> None:
    one, other = noise().cumsum(), noise(6).cumsum()
    found = report(table(day=DAYS, a=one, b=-one + noise(7) * 0.01, c=other), kinds=["correlation"])
    assert strong(found) == [("correlation", ["a", "b"])]


def test_a_weekly_season_is_found() -> None:
    weekday = (DAYS.astype(int) + 3) % 7
    found = report(table(day=DAYS, sales=noise() + 3.0 * (weekday == 6)))
    [(kind, _)] = strong(found)
    assert (kind, found["insights"][0]["season"]) == ("seasonality", "weekday")
    assert "highest in Sun" in found["insights"][0]["text"]


def test_noise_and_random_walks_give_nothing_of_weight() -> None:
    columns = {f"noise{n}": noise(n) for n in range(4)}
    columns |= {f"walk{n}": noise(10 + n).cumsum() for n in range(4)}
    kinds = ["trend", "correlation", "seasonality"]
    assert strong(report(table(day=DAYS, **columns), kinds=kinds)) == []


def test_each_group_is_looked_at_by_itself() -> None:
    rising, names = np.arange(len(DAYS)) * 0.01, ["up"] * len(DAYS) + ["down"] * len(DAYS)
    content = table(
        day=[*DAYS, *DAYS], who=names, sales=[*(rising + noise(1)), *(noise(2) - rising)]
    )
    found = report(content, kinds=["trend"])
    assert {(one["group"], one["text"].split()[1]) for one in found["insights"]} == {
        ("up", "rises"),
        ("down", "falls"),
    }
    assert (found["facts"]["grouped by"], found["facts"]["groups"]) == ("who", 2)


def test_constant_and_short_columns_say_nothing() -> None:
    short = ["2", "3", "4"] + [""] * (len(DAYS) - 3)
    found = report(table(day=DAYS, same=["1"] * len(DAYS), short=short))
    assert found["insights"] == []
    assert found["failures"] == []


def test_a_straight_line_is_a_trend_and_nothing_else() -> None:
    found = report(table(day=DAYS, line=np.arange(len(DAYS)) * 0.1, other=np.arange(len(DAYS)) * 3))
    assert [(one["kind"], one["priority"]) for one in found["insights"]] == [
        ("trend", 10), ("trend", 10), ("outlier", 0), ("outlier", 0),
    ]  # fmt: skip
    assert found["failures"] == []


def test_more_than_can_be_looked_at_is_refused() -> None:
    rows = {"who": [f"g{n // 20}" for n in range(10_000)]}
    with pytest.raises(BadInput, match=r"500 groups and 20 columns .* 135,000 findings"):
        report(table(**rows, **{f"c{n}": [1] * 10_000 for n in range(20)}))
    names = [f"g{n}" * 100_000 for n in range(2)] + ["x"] * 40  # would take gigabytes as an array
    found = report(table(who=names, sales=range(42)), group_by="who")
    assert found["facts"]["groups"] == 3


def test_values_without_a_time_are_compared_as_they_are() -> None:
    one = noise()
    found = report(table(a=one, b=one * 2))
    assert strong(found) == [("correlation", ["a", "b"])]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a,b\nx,y\n", "has 0 columns of numbers"),
        (b"a,b\n1,2\n3\n", "has 1 values where its header has 2"),
        (b"a,b\n1,2\nx,4\n", "row 2, a: expected a finite number, or nothing, got 'x'."),
        (b"a,a\n1,2\n", "two columns of this name"),
        (b"\xff\xfe", "is no CSV in UTF-8"),
        (b"", ""),
    ],
)
def test_a_table_that_cannot_be_used_is_told(content: bytes, told: str) -> None:
    with pytest.raises(BadInput) as refused:
        report(content)
    assert told in str(refused.value)


def test_a_column_to_group_by_must_be_of_texts() -> None:
    with pytest.raises(
        BadInput, match="group_by: expected a column of texts \\(who\\), got 'sales'"
    ):
        report(table(who=["a", "b"], sales=[1, 2]), group_by="sales")


def test_one_source_is_asked_for() -> None:
    for given in ({}, {"dataset": "daily", "csv": "a\n1"}):
        with pytest.raises(ValueError, match="Expected one of dataset and csv"):
            Request.model_validate(given)


@pytest.mark.slow
def test_the_report_is_the_same_on_ray_and_without(ray_cluster_here: Any) -> None:
    data, wanted = own_data("sentiment"), Wanted()
    told: list[int] = []
    there = find_insights(data, wanted, lambda done, _: told.append(done))
    with sequentially():
        here = find_insights(data, wanted)
    assert as_json(there) == as_json(here)
    assert told[-1] == len(data.groups) == 85
    assert len(here["insights"]) == 20
    assert here["facts"]["findings"] > 2000
    priorities = [one["priority"] for one in here["insights"]]
    assert priorities == sorted(priorities, reverse=True)


def test_a_report_has_all_formats_and_runs_no_markup() -> None:
    names = ["<script>alert(1)</script>", "*b*"] * (len(DAYS) // 2)
    found = report(
        table(day=DAYS, who=names, sales=np.arange(len(DAYS)) + noise()), kinds=["trend"]
    )
    assert json.loads(as_json(found)) == found
    page = as_html(found)
    assert "<script>" not in page
    assert page.count("<svg") == 2
    for part in page.split("<svg")[1:]:
        ElementTree.fromstring("<svg" + part.split("</svg>")[0] + "</svg>")  # noqa: S314  (ours)
    text = as_markdown(found)
    assert "\\*b\\*" in text
    assert "\\<script\\>" in text
    with pytest.raises(
        ValueError, match="output_format must be one of json, markdown, html, got 'pdf'"
    ):
        writer_of("pdf")


@pytest.mark.parametrize("persistence", [0.0, 0.8, 1.0])
def test_of_series_without_a_trend_few_are_taken_for_one(persistence: float) -> None:
    """At the 5 % level: independent rows, autocorrelated ones, and random walks."""
    found = 0
    for seed in range(100):
        values = lfilter([1], [1, -persistence], np.random.default_rng(seed).normal(size=len(DAYS)))
        [trend] = [
            one for one in findings_of(Group("all", DAYS, {"x": values})) if one["kind"] == "trend"
        ]
        found += trend["p_value"] < 0.05
    assert found <= 12  # of 100, where 5 are to be expected; more come once in a thousand times


def test_rows_of_one_moment_have_no_order() -> None:
    day = ["2024-01-01"] * 40
    walks = {name: noise(seed)[:40].cumsum() for name, seed in (("a", 1), ("b", 2))}
    found = report(table(day=day, x=range(40), y=range(40), **walks))
    assert {one["kind"] for one in found["insights"]} <= {"correlation", "outlier"}
    [first] = [one for one in found["insights"] if one["columns"] == ["x", "y"]]
    assert first["text"].startswith("x and y go together")


def test_nothing_is_read_out_of_rounding() -> None:
    steps = np.arange(len(DAYS)) * 0.1
    found = report(table(day=DAYS, a=5_000_000 + steps, b=6_000_000 + steps))
    assert "correlation" not in {one["kind"] for one in found["insights"]}
    almost = [0.3] * 99 + [0.30000000000000004]
    assert report(table(x=almost))["insights"] == []


def test_flags_have_no_outliers() -> None:
    flags = [1 if n % 8 == 0 else 0 for n in range(len(DAYS))]
    assert report(table(day=DAYS, flag=flags), kinds=["outlier"])["insights"] == []


def test_the_months_of_one_year_are_no_season() -> None:
    values = noise()[:120] + 5.0 * (np.arange(120) > 30)
    found = report(table(day=DAYS[:120], x=values), kinds=["seasonality"])
    assert "month" not in {one["season"] for one in found["insights"]}


def test_a_column_that_rises_without_exception_is_a_trend() -> None:
    found = report(table(day=DAYS[:60], x=[2**n for n in range(60)]), kinds=["trend"])
    assert [one["priority"] for one in found["insights"]] == [10]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a\n1\n1_000", "row 2, a: expected a finite number"),
        (b"a\n1.7e308\n-1.7e308", "row 1, a: expected numbers from -1e+100 to 1e+100"),
        (b"x" * 100 + b"\n1", "a name of 100 characters; up to 80"),
        (b"PAR1xxxx\4\0\0\0PAR1", "begins as Parquet but is not"),
    ],
)
def test_what_would_break_later_is_told_at_once(content: bytes, told: str) -> None:
    with pytest.raises(BadInput, match=re.escape(told)):
        report(content)


@pytest.mark.parametrize("text", ["PAR1xxxx", "a,b\n1,2\0"])
def test_text_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="csv: expected text"):
        Request(csv=text).data()


def test_where_every_group_fails_there_is_no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Group) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr("workflows.insights.flow.findings_of", fail)
    monkeypatch.setenv("RAY_TASK_MAX_RETRIES", "0")
    with pytest.raises(AllFailed, match="OSError: the disk is gone"):
        report(table(a=range(30)))
