"""Charts are well-formed SVG that a page under a strict policy may hold."""

import re
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from generation.charts import charts_of, sheet_of

SVG = "{http://www.w3.org/2000/svg}"


def values(*counts: tuple[Any, int, float | None]) -> dict[str, Any]:
    keys = ("value", "observed", "expected")
    return {"values": [dict(zip(keys, count, strict=True)) for count in counts]}


STATISTICS = {
    "numbers": values(*((number, 100 + number, 110.5) for number in range(1, 61))),
    "odd": values((2, 300, 296.7), (3, 412, 406.2), (4, 271, 297.2)),
    "sum": values(*((total, 10, 9.5) for total in range(120, 423))),
    "overlap": values((0, 500, None), (1, 400, None), (6, 0, None)),
    "neighbours": values((0, 1, None)),
    "score": None,
}


def parsed(name: str) -> ET.Element:
    return ET.fromstring(charts_of(STATISTICS)[name])  # noqa: S314 - our own


def bars(chart: ET.Element) -> list[ET.Element]:
    return [group for group in chart.findall(f"{SVG}g") if group.find(f"{SVG}rect") is not None]


def test_there_is_a_chart_for_each_distribution() -> None:
    assert list(charts_of(STATISTICS)) == ["numbers", "odd", "sum", "overlap"]


@pytest.mark.parametrize("name", ["numbers", "odd", "sum", "overlap"])
def test_a_chart_names_and_describes_itself(name: str) -> None:
    chart = parsed(name)
    assert chart.tag == f"{SVG}svg"
    title, desc = chart.find(f"{SVG}title"), chart.find(f"{SVG}desc")
    assert title is not None
    assert desc is not None
    assert chart.get("role") == "img"
    assert chart.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert title.text
    assert "the tallest is" in (desc.text or "")


def test_a_chart_has_a_bar_and_a_mark_for_each_value() -> None:
    three = bars(parsed("odd"))
    assert [bar.find(f"{SVG}title").text for bar in three] == [  # type: ignore[union-attr]
        "2: 300 games, 296.7 expected",
        "3: 412 games, 406.2 expected",
        "4: 271 games, 297.2 expected",
    ]
    heights = [float(bar.find(f"{SVG}rect").get("height")) for bar in three]  # type: ignore
    assert heights[1] / heights[0] == pytest.approx(412 / 300, rel=1e-3)
    assert all(bar.find(f"{SVG}path") is not None for bar in three)


def test_what_has_no_expectation_has_no_marks() -> None:
    assert all(bar.find(f"{SVG}path") is None for bar in bars(parsed("overlap")))
    assert "expected" not in charts_of(STATISTICS)["overlap"]


def test_many_values_are_joined_to_fewer_bars_that_hold_as_many_games() -> None:
    titles = [bar.find(f"{SVG}title").text for bar in bars(parsed("sum"))]  # type: ignore
    assert len(titles) == 61
    assert titles[0] == "120 to 124: 50 games, 47.5 expected"
    assert titles[-1] == "420 to 422: 30 games, 28.5 expected"


def test_a_bar_of_fewer_values_than_the_others_is_not_lower_for_it() -> None:
    heights = {bar.find(f"{SVG}rect").get("height") for bar in bars(parsed("sum"))}  # type: ignore
    assert len(heights) == 1


def test_digits_are_labelled_by_column() -> None:
    chart = charts_of({"numbers": values(("1:0", 3, None), ("1:1", 4, None))})["numbers"]
    assert ">column:digit<" in chart


def test_labels_below_the_bars_do_not_touch() -> None:
    for name in ("numbers", "sum"):
        labels = [
            (float(text.get("x", 0)), len(text.text or ""))
            for text in parsed(name).findall(f"{SVG}text")
            if text.get("text-anchor") == "middle" and text.get("y") == "250"
        ]
        for (x, length), (after, longer) in pairwise(labels):
            assert after - x > (length + longer) / 2 * 7


def test_nothing_needs_a_style_or_a_script() -> None:
    drawn = sheet_of(STATISTICS)
    assert not re.search(r"\bstyle\b|<script|\bon\w+=|href", drawn)
    assert 'fill="currentColor"' in drawn


def test_equal_statistics_give_equal_charts() -> None:
    assert charts_of(STATISTICS) == charts_of(dict(STATISTICS))


def test_a_sheet_holds_all_charts_one_below_the_other() -> None:
    sheet = ET.fromstring(sheet_of(STATISTICS))  # noqa: S314
    places = [chart.get("y") for chart in sheet.findall(f"{SVG}svg")]
    assert places == ["0", "280", "560", "840"]
    assert sheet.get("height") == "1120"


@pytest.mark.parametrize("none", [values(), values((3, 0, None)), values((3, 0, 0.0))])
def test_charts_of_nothing_are_charts(none: dict[str, Any]) -> None:
    ET.fromstring(charts_of({"odd": none})["odd"])  # noqa: S314


@pytest.mark.parametrize("most", [1, 7, 99, 12_345, 10_000_000])
def test_the_axis_reaches_over_the_tallest_bar_in_few_steps(most: int) -> None:
    chart = ET.fromstring(charts_of({"odd": values((3, most, None))})["odd"])  # noqa: S314
    ticks = [
        int((text.text or "").replace(",", ""))
        for text in chart.findall(f"{SVG}text")
        if text.get("text-anchor") == "end"
    ]
    assert ticks[-2] < most <= ticks[-1]
    assert 2 <= len(ticks) <= 9
