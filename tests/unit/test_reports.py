"""Statistics as a file: by its ending JSON, a page or charts; asked for at the command line."""

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from generation.reports import summary

GAMES = ["500", "--odd", "2-4", "--seed", "5"]


def report(tmp_path: Path, name: str) -> str:
    path = tmp_path / name
    output = tmp_path / "games.csv"
    call_command("generate_games", *GAMES, "--output", str(output), "--statistics", str(path))
    return path.read_text(encoding="utf-8")


@pytest.fixture
def found(tmp_path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(report(tmp_path, "games.json"))
    return loaded


def test_json_holds_the_statistics_of_the_files_games(
    found: dict[str, Any], tmp_path: Path
) -> None:
    lines = (tmp_path / "games.csv").read_text().splitlines()[1:]
    held = sum("7" in line.split(",") for line in lines)
    assert found["games"] == len(lines) == 500
    assert found["numbers"]["values"][6]["observed"] == held


def test_a_page_holds_the_summary_and_every_chart(tmp_path: Path) -> None:
    page = report(tmp_path, "games.html")
    assert "<h1>Statistics of 500 games of Mega-Sena</h1>" in page
    assert "<dd>40,325,950 valid games</dd>" in page
    assert page.count("<svg") == page.count("</svg>") == 4
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids)) == 8


def test_charts_alone_are_one_drawing(tmp_path: Path) -> None:
    assert len(ET.fromstring(report(tmp_path, "games.SVG"))) == 4  # noqa: S314 - our own


def test_the_command_tells_the_summary(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report(tmp_path, "games.json")
    told = capsys.readouterr().out
    assert re.search(r"largest deviation +\d\.\d\d standard deviations, at ", told)
    assert re.search(r"statistics +.*games\.json\n", told)


def test_another_ending_is_refused_before_any_game_is_made(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"games\.png does not end in \.json or \.html or \.svg"):
        report(tmp_path, "games.png")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told_before_any_game_is_made(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="there is no folder"):
        report(tmp_path, "missing/games.json")
    assert list(tmp_path.iterdir()) == []


def test_a_summary_says_what_is_unusual_or_not_in_the_theory(found: dict[str, Any]) -> None:
    odd = {**found["score"], "usual": False}
    assert "more than chance explains" in summary({**found, "score": odd})["largest deviation"]
    other = summary({**found, "theory": "without exclude_past", "score": None})
    assert other["expectations"] == "those of games without exclude_past"
    assert "largest deviation" not in other
    assert summary({**found, "valid_games": None})["drawn from"] == "more than can be counted"
