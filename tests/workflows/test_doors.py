"""One flow, several doors: the same input gives the same report."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from django_ray_runtime.control import tasks
from django_ray_runtime.distributed import sequentially
from django_ray_runtime.testing import run_enqueued
from tests.support import ROOT, environment
from workflows import runs
from workflows.games.flow import Wanted as GamesWanted
from workflows.games.flow import make_games
from workflows.insights.flow import Request, find_insights

INSIGHTS = {"dataset": "daily", "top": 5}
GAMES = {"quantity": 2000, "constraints": {"seed": 7, "min_odd": 2, "max_odd": 4}}


def script(flow: str, *arguments: str, **extra: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", f"workflows.{flow}", *arguments],
        cwd=ROOT, env=environment(RAY_ADDRESS="local", **extra),
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def queued(flow: str, request: Any) -> Any:
    run = runs.submit(User.objects.create_user(flow), flow, request)
    run_enqueued()
    task = tasks().get(id=run.task_id)
    assert task.state == "SUCCESSFUL", task.attempts.last()
    return task.return_value


@pytest.mark.django_db
@pytest.mark.any_database
@pytest.mark.slow
@pytest.mark.ray
def test_insights_are_the_same_through_each_door() -> None:
    request = Request.model_validate(INSIGHTS)
    with sequentially():
        direct = find_insights(request.data(), request)
    assert direct["insights"]
    assert queued("insights", request) == direct
    ran = script("insights", "dataset=daily", "top=5", "output_format=json")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == direct


@pytest.mark.django_db
@pytest.mark.any_database
@pytest.mark.slow
@pytest.mark.ray
def test_games_are_the_same_through_each_door() -> None:
    wanted = GamesWanted.model_validate(GAMES)
    direct = make_games(wanted)
    assert direct["facts"]["games"] == 2000
    assert queued("games", wanted) == direct
    given = ["quantity=2000", "seed=7", "min_odd=2", "max_odd=4"]
    ran = script("games", *given, "output_format=json")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == direct


@pytest.mark.django_db
@pytest.mark.any_database
@pytest.mark.slow
def test_a_script_writes_a_file_and_says_what_it_does_not_understand(tmp_path: Path) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text("a,b\n" + "\n".join(f"{n},{n * n}" for n in range(50)))
    page = tmp_path / "page.html"
    nowhere = {"KODOSUMI_ENVIRONMENT": "true"}  # no Ray is needed, and none is started
    ran = script("insights", f"dataset={mine}", "output_format=html", f"output={page}", **nowhere)
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stderr
    assert page.read_text().startswith("<!doctype html>")
    for arguments, told in {
        ("dataset=weather",): "dataset must be one of sentiment, daily, market, factors, or a CSV",
        ("dataset=daily", "top=x"): "top: Input should be a valid integer",
        ("dataset=daily", "output_format=pdf"): "one of json, markdown, html, got 'pdf'",
        ("dataset=daily", "colour=red"): "colour: Extra inputs are not permitted",
        ("daily",): "Expected NAME=VALUE, got 'daily'",
    }.items():
        ran = script("insights", *arguments, **nowhere)
        assert (ran.returncode, ran.stdout) == (2, "")
        assert told in ran.stderr
        assert "Traceback" not in ran.stderr


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    for flow in ("insights", "games"):
        ran = subprocess.run(
            [sys.executable, "-m", f"workflows.{flow}", "--help"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert f"python -m workflows.{flow}" in ran.stdout
