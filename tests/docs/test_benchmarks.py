"""The page of all figures is that of the results."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

from benchmarks import page
from benchmarks.load import table
from benchmarks.ratio_chart import TIMES, draw
from tests.support import ROOT


def test_the_page_shows_the_results_as_they_are() -> None:
    stale = [
        str(path.relative_to(ROOT))
        for path, text in page.render().items()
        if not path.exists() or path.read_text() != text
    ]
    assert not stale, f"run `.venv/bin/python -m benchmarks.page`; these differ: {stale}"


def test_every_file_of_results_is_on_the_page() -> None:
    kept = {path.stem for path in page.RESULTS.glob("*.json")} - {"queue-earlier"}
    assert kept - set(table.NAMES) == {suite.name for suite in page.SUITES}


def test_the_page_of_the_load_shows_its_results_as_they_are() -> None:
    assert table.PAGE.read_text() == table.rendered()


def test_every_suite_is_measured_again_by_one_command() -> None:
    makefile = (ROOT / "Makefile").read_text()
    target = re.search(r"^bench-full:.*?\n\n", makefile, re.MULTILINE | re.DOTALL)
    assert target
    for suite in page.SUITES:
        assert Path(ROOT / "benchmarks" / f"{suite.module}.py").exists()
        command = f"benchmarks.{suite.module} --json benchmarks/results/{suite.name}.json"
        assert command in target[0].replace("$(results)", "benchmarks/results"), command
    assert "-m benchmarks.page" in target[0]


def test_a_missed_bound_is_told() -> None:
    row = {"figure": "a|b", "value": 1234.5, "unit": "s", "ratio": 0.5, "baseline": "other",
           "bound": ">= 2", "holds": False}  # fmt: skip
    assert page._row(row) == f"| a\\|b | 1,234 s | 0.5 {TIMES} | other | ≥ 2 **missed** |"


def test_a_chart_has_a_bar_for_each_ratio_on_the_side_where_it_belongs() -> None:
    rows = [{"figure": f"<{ratio}>", "ratio": ratio, "baseline": "it"} for ratio in (10, 0.1, None)]
    bars = ElementTree.fromstring(draw(rows)).findall("{*}rect")[1:]  # noqa: S314  (our own)
    better, worse = [(float(bar.get("x", 0)), float(bar.get("width", 0))) for bar in bars]
    assert better[0] == worse[0] + worse[1]
    assert better[1] == worse[1]
    assert draw(rows[2:]) == ""


def test_results_name_their_machine_and_commit() -> None:
    for suite in page.SUITES:
        measured = json.loads((page.RESULTS / f"{suite.name}.json").read_text())
        assert measured["machine"]["cpu"]
        assert measured["commit"]
