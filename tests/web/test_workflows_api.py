"""Flows over REST: queued, followed, their reports; each caller sees their own."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from django_ray_runtime.testing import run_enqueued
from workflows.models import FlowRun

pytestmark = [pytest.mark.django_db]

ROOT = "/api/v1/workflows"
ROWS = "day,who,sales\n" + "\n".join(
    f"2024-{1 + n // 28:02d}-{1 + n % 28:02d},{'<b>me</b>' if n % 2 else 'you'},{n}"
    for n in range(100)
)


def post(client: Client, flow: str, body: Any, status: int = 202) -> Any:
    answer = client.post(f"{ROOT}/{flow}", body, content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer


def test_a_run_is_queued_followed_and_reported(api: Client) -> None:
    answer = post(api, "insights", {"csv": ROWS, "top": 3})
    shown = answer.json()
    assert answer["Location"] == shown["address"]
    assert (shown["state"], shown["flow"], shown["report"]) == ("READY", "insights", None)
    assert api.get(f"{shown['address']}/report").status_code == 409
    run_enqueued()
    done = api.get(shown["address"], {"wait": 1}).json()
    assert (done["state"], done["error"]) == ("SUCCESSFUL", "")
    assert done["report"]["facts"]["rows"] == 100
    assert len(done["report"]["insights"]) == 3
    assert done["progress"]["message"] == "looking at groups"
    [listed] = api.get(ROOT).json()["items"]
    assert (listed["id"], listed["report"]) == (shown["id"], None)


def test_a_report_comes_as_a_page_that_runs_nothing(api: Client) -> None:
    address = post(api, "insights", {"csv": ROWS, "group_by": "who"}).json()["address"]
    run_enqueued()
    page = api.get(f"{address}/report")
    assert page["Content-Type"] == "text/html; charset=utf-8"
    assert page["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert "<b>me</b>" not in page.content.decode()
    assert "<svg" in page.content.decode()
    text = api.get(f"{address}/report", {"format": "markdown"})
    assert text.content.decode().startswith("# Insights into csv")


def test_games_are_made_and_told(api: Client) -> None:
    body = {"quantity": 500, "constraints": {"seed": 3, "numbers_per_game": 6}}
    address = post(api, "games", body).json()["address"]
    run_enqueued()
    report = api.get(address).json()["report"]
    assert (report["facts"]["games"], report["facts"]["seed"]) == (500, 3)
    assert len(report["facts"]["SHA-256"]) == 64
    assert report["charts"][0]["title"] == "Games that hold each number"


def test_games_without_a_seed_get_one_before_they_are_queued(api: Client) -> None:
    """Else another attempt of the task would make others."""
    body = {"quantity": 5, "constraints": {"numbers_per_game": 6}}
    post(api, "games", body)
    [run] = FlowRun.objects.select_related("task")
    [asked] = run.task.args
    assert isinstance(json.loads(asked)["constraints"]["seed"], int)


def test_runs_are_their_owners(api: Client, bearer: Callable[[User], Client]) -> None:
    address = post(api, "insights", {"csv": ROWS}).json()["address"]
    stranger = bearer(User.objects.create_user("eve"))
    assert stranger.get(address).status_code == 404
    assert stranger.get(f"{address}/report").status_code == 404
    assert stranger.delete(address).status_code == 404
    assert stranger.get(ROOT).json()["items"] == []
    assert Client().get(address).status_code == 401
    assert Client().post(f"{ROOT}/insights", {}, content_type="application/json").status_code == 401


def test_what_waits_is_cancelled_and_what_ended_is_not(api: Client) -> None:
    address = post(api, "insights", {"csv": ROWS}).json()["address"]
    cancelled = api.delete(address)
    assert (cancelled.status_code, cancelled.json()["state"]) == (202, "CANCELLED")
    again = api.delete(address)
    assert again.status_code == 409
    assert "It is CANCELLED already" in again.json()["detail"]


@pytest.mark.parametrize(
    ("flow", "body", "told"),
    [
        ("insights", {}, "Expected one of dataset and csv"),
        ("insights", {"csv": "a,b\n1,2\n1"}, "body.csv: "),
        ("insights", {"csv": "a,b\n1,2\nx,2"}, "row 2, a: expected a finite number"),
        ("insights", {"csv": ROWS, "group_by": "sales"}, "body.group_by: "),
        ("insights", {"dataset": "/etc/passwd"}, "dataset"),
        ("insights", {"csv": ROWS, "top": 0}, "top"),
        ("games", {"quantity": 0}, "quantity"),
        ("games", {"quantity": 10, "lottery": "moon"}, "moon"),
        ("games", {"quantity": 10, "constraints": {"min_odd": 5, "max_odd": 1}}, "min_odd"),
    ],
)
def test_what_cannot_be_used_is_refused_before_it_is_queued(
    api: Client, flow: str, body: dict[str, Any], told: str
) -> None:
    answer = post(api, flow, body, 422)
    assert told in answer.content.decode()
    assert not FlowRun.objects.exists()


def test_an_owner_has_only_so_many_at_once(api: Client, settings: Any) -> None:
    settings.WORKFLOWS_MAX_ACTIVE = 1
    post(api, "insights", {"csv": ROWS})
    refused = post(api, "insights", {"csv": ROWS}, 429)
    assert "WORKFLOWS_MAX_ACTIVE" in refused.json()["detail"]
    assert refused["Retry-After"] == "5"
    assert FlowRun.objects.count() == 1


def test_what_the_queue_cannot_hold_is_refused(api: Client, settings: Any) -> None:
    settings.DJANGO_RAY_RUNTIME = {**settings.DJANGO_RAY_RUNTIME, "MAX_ARGUMENT_BYTES": 1000}
    refused = post(api, "insights", {"csv": ROWS}, 413)
    assert "over MAX_ARGUMENT_BYTES (1,000)" in refused.json()["detail"]
    assert not FlowRun.objects.exists()
