"""/generation in the API: jobs once they are accepted."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_ray_runtime.models import QueuedTask
from django_ray_runtime.testing import run_enqueued
from generation.models import GenerationJob
from project.models import AuditEntry
from tests.web.ordering import API, JOBS, WANTED, error_of, post, submit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("results")]

NOBODY = "00000000-0000-4000-8000-000000000000"


class TestFewerThanOrdered:
    """Games of which no two share more than a number: how many there are shows when they are
    made."""

    CONSTRAINTS = {"max_repetition": 1, "allowed_numbers": list(range(1, 20)), "seed": 1}

    def test_more_than_can_be_is_refused_with_the_bound(self, api: Client) -> None:
        body = WANTED | {"constraints": self.CONSTRAINTS, "quantity": 5000}
        field, detail = error_of(post(api, JOBS, body))
        assert field == "quantity"
        assert "5,000" in detail

    def test_what_there_is_is_delivered_and_told(self, api: Client) -> None:
        body = {"constraints": self.CONSTRAINTS, "quantity": 9}
        counted = post(api, f"{API}/generation/count", WANTED | body).json()
        assert counted["exact"] is False
        job = submit(api, **body)
        run_enqueued()
        found = api.get(job["links"]["job"]).json()
        assert (found["state"], found["progress"]) == ("SUCCESSFUL", 1.0)
        assert found["complete"] is (found["games_done"] == 9)
        assert bool(found["reason"]) is not found["complete"]
        page = api.get(found["links"]["games"]).json()
        assert page["total"] == len(page["games"]) == found["games_done"]


class TestStatistics:
    def test_they_are_told_of_a_finished_job(self, api: Client) -> None:
        job = submit(api)
        address = f"{JOBS}/{job['id']}/statistics"
        assert api.get(address).status_code == 409
        run_enqueued()
        found = api.get(address).json()
        assert (found["lottery"], found["games"]) == ("mega-sena", 500)
        assert found["theory"] == "exact"
        assert len(found["numbers"]["values"]) == 60


class TestLooking:
    def test_users_see_their_own_jobs_and_staff_see_all(
        self, api: Client, staff: Client, bearer: Callable[[User], Client]
    ) -> None:
        other = bearer(User.objects.create_user("eve"))
        mine, theirs = submit(api), submit(other)
        assert [one["id"] for one in api.get(JOBS).json()["items"]] == [mine["id"]]
        everybody = [one["id"] for one in staff.get(JOBS).json()["items"]]
        assert everybody == [theirs["id"], mine["id"]]

    @pytest.mark.parametrize("part", ["", "/games", "/statistics", "/download"])
    def test_jobs_of_others_are_not_there(
        self, api: Client, bearer: Callable[[User], Client], part: str
    ) -> None:
        theirs = submit(bearer(User.objects.create_user("eve")))
        run_enqueued()
        for job_id in (theirs["id"], NOBODY):
            answer = api.get(f"{JOBS}/{job_id}{part}")
            assert answer.status_code == 404
            assert answer.json()["detail"] == "There is no job of yours with this id."
        assert api.delete(f"{JOBS}/{theirs['id']}").status_code == 404
        assert GenerationJob.objects.exists()

    def test_the_list_comes_in_pages(self, api: Client) -> None:
        jobs = [submit(api)["id"] for _ in range(5)]
        seen, cursor = [], None
        while True:
            page = api.get(JOBS, {"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
            seen += [one["id"] for one in page["items"]]
            if not (cursor := page["next"]):
                break
        assert seen == jobs[::-1]

    def test_the_list_reads_no_draws_and_shows_every_seed_exactly(self, api: Client) -> None:
        seed = 2**63 - 1
        draws = {"exclude_past": 6, "past_draws": [[1, 2, 3, 4, 5, 6]], "seed": seed}
        for _ in range(3):
            submit(api, constraints=draws)
        with CaptureQueriesContext(connection) as queries:
            items = api.get(JOBS).json()["items"]
        assert [one["seed"] for one in items] == [seed] * 3
        assert [one["links"]["statistics"] for one in items] == [None] * 3
        [read] = [one["sql"] for one in queries if "tally" in one["sql"]]
        assert '"constraints", "generation_generationjob"' not in read

    def test_the_list_is_filtered(self, api: Client) -> None:
        first = submit(api)
        run_enqueued()
        submit(api, lottery="quina", constraints={})

        def ids(**query: str) -> int:
            return len(api.get(JOBS, query).json()["items"])

        assert (ids(state="SUCCESSFUL"), ids(state="READY"), ids(state="FAILED")) == (1, 1, 0)
        assert (ids(lottery="quina"), ids(lottery="lotofacil")) == (1, 0)
        moment = first["created_at"]
        assert (ids(since=moment), ids(until=moment)) == (2, 0)
        assert ids(lottery="quina", state="SUCCESSFUL") == 0

    def test_a_job_that_failed_says_why(self, api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        from generation import results

        def fail(*_: Any, **__: Any) -> None:
            raise OSError("No space left on device")

        monkeypatch.setattr(results, "make_file", fail)
        job = submit(api)
        run_enqueued()
        found = api.get(f"{JOBS}/{job['id']}").json()
        assert (found["state"], found["links"]["download"]) == ("FAILED", None)
        assert found["error"] == "OSError: No space left on device"


class TestEnding:
    def test_a_waiting_job_is_cancelled_then_deleted(self, api: Client) -> None:
        job = submit(api)
        address = f"{JOBS}/{job['id']}"
        first = api.delete(address)
        assert (first.status_code, first.json()["state"]) == (202, "CANCELLED")
        assert api.delete(address).status_code == 204
        assert api.get(address).status_code == 404
        actions = AuditEntry.objects.order_by("id").values_list("action", "kind", "object_id")
        assert list(actions) == [(one, "job", job["id"]) for one in ("submit", "cancel", "delete")]

    def test_a_running_job_is_told_to_stop_once_however_often_one_asks(self, api: Client) -> None:
        address = f"{JOBS}/{submit(api)['id']}"
        QueuedTask.objects.update(state="RUNNING", worker="host:1:a")
        for _ in range(2):
            answer = api.delete(address)
            assert (answer.status_code, answer.json()["state"]) == (202, "RUNNING")
            assert answer.json()["cancel_asked_at"]
        assert AuditEntry.objects.filter(action="cancel").count() == 1

    def test_a_finished_job_goes_with_its_file(
        self, api: Client, results: Path, django_capture_on_commit_callbacks: Any
    ) -> None:
        job = submit(api)
        run_enqueued()
        assert len(list(results.iterdir())) == 1
        with django_capture_on_commit_callbacks(execute=True):
            assert api.delete(f"{JOBS}/{job['id']}").status_code == 204
        assert list(results.iterdir()) == []
        assert not GenerationJob.objects.exists()
