"""A job's page: progress, outcome, hits, and links that show it to others."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from django_ray_runtime.models import QueuedTask
from django_ray_runtime.states import State
from django_ray_runtime.testing import run_enqueued
from generation.constraints import GameConstraints
from generation.jobs import submit_job
from generation.models import GenerationJob
from generation.orders import Order
from pages.models import MOST, ShareLink
from project.models import AuditEntry
from tests.web.jobs import add_job

pytestmark = pytest.mark.django_db

ORDER = Order("mega-sena", GameConstraints(fixed_numbers=[7], min_odd=2, max_odd=4, seed=5), 500)


@pytest.fixture
def other() -> Client:
    client = Client()
    client.force_login(User.objects.create_user("eve"))
    return client


@pytest.fixture
def made(user: User, settings: Any, tmp_path: Path) -> GenerationJob:
    """A job whose games were really made."""
    settings.GENERATION_RESULTS_DIR = tmp_path
    job = submit_job(ORDER, owner=user)
    run_enqueued()
    job.refresh_from_db()
    assert job.file_name
    return job


def page(client: Client, job: GenerationJob, part: str = "") -> str:
    answer = client.get(f"/games/{job.id}/{part}")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(
    ("state", "word"),
    [(State.READY, "Waiting"), (State.RUNNING, "Running"), (State.SUCCESSFUL, "Successful"),
     (State.FAILED, "Failed"), (State.CANCELLED, "Cancelled"), (State.EXPIRED, "Expired")],
)  # fmt: skip
def test_each_state_has_its_word(ana: Client, user: User, state: State, word: str) -> None:
    assert word in page(ana, add_job(state, owner=user))


def test_what_goes_on_is_followed_and_can_be_cancelled(ana: Client, user: User) -> None:
    job = add_job(State.RUNNING, owner=user, games_done=250)
    html = page(ana, job)
    assert f'data-live="/games/{job.id}/events/"' in html
    assert "250" in html
    assert "25\u00a0%" in html
    assert "data-ended" not in page(ana, job, "progress/")
    assert ana.post(f"/games/{job.id}/cancel/").status_code == 302
    job.task.refresh_from_db()
    assert job.task.cancel_asked_at is not None
    assert "told to stop" in page(ana, job, "progress/")
    assert AuditEntry.objects.get().action == "cancel"


def test_what_has_ended_cannot_be_cancelled_and_says_so(ana: Client, user: User) -> None:
    job = add_job(State.SUCCESSFUL, owner=user)
    answer = ana.post(f"/games/{job.id}/cancel/", follow=True)
    assert "It had ended already." in answer.content.decode()
    assert "data-ended" in page(ana, job, "progress/")
    assert not AuditEntry.objects.exists()


def test_a_failed_job_tells_its_error(ana: Client, user: User) -> None:
    assert "it broke" in page(ana, add_job(State.FAILED, owner=user))


@pytest.mark.parametrize("part", ["", "progress/"])
def test_nobody_sees_jobs_of_others_but_staff(
    ana: Client, other: Client, staff_user: User, user: User, part: str
) -> None:
    job = add_job(State.RUNNING, owner=user)
    assert other.get(f"/games/{job.id}/{part}").status_code == 404
    other.force_login(staff_user)
    assert other.get(f"/games/{job.id}/{part}").status_code == 200


@pytest.mark.parametrize("act", ["cancel/", "again/", "hits/", "share/"])
def test_nobody_acts_on_jobs_of_others(other: Client, user: User, act: str) -> None:
    job = add_job(State.SUCCESSFUL, owner=user)
    assert other.post(f"/games/{job.id}/{act}").status_code == 404
    assert Client().post(f"/games/{job.id}/{act}").status_code == 302
    assert GenerationJob.objects.count() == 1
    assert not ShareLink.objects.exists()


def test_games_are_shown_as_tickets_that_hold_their_numbers(
    ana: Client, made: GenerationJob
) -> None:
    html = page(ana, made)
    tickets = re.findall(r'<span class="number">([\d ]+)</span>', html)
    lines = made.path.read_text().splitlines()[1:13]
    assert tickets == [" ".join(f"{int(n):02}" for n in line.split(",")) for line in lines]
    first = html.index('<use href="#grid"')
    marks = re.findall(r'cx="(\d*)5" cy="(\d*)5"', html[first : html.index("</li>", first)])
    numbers = [int(row or 0) * 10 + int(column or 0) + 1 for column, row in marks]
    assert numbers == [int(n) for n in lines[0].split(",")]


def test_charts_and_heat_map_are_there(ana: Client, made: GenerationJob) -> None:
    html = page(ana, made)
    for name in ("numbers", "odd", "sum", "overlap"):
        assert f"chart-{name}-title" in html
    assert "07: in 500 games" in html
    assert html.count('class="c3" x=') == 60
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", html)
    assert len(html.encode()) < 70_000


def test_hits_against_a_draw_are_counted(ana: Client, made: GenerationJob) -> None:
    draw = {"draw": "7 8 15 16 23 42"}
    answer = ana.post(f"/games/{made.id}/hits/", draw, headers={"hx-request": "true"})
    waits = re.search(r'hx-get="(/games/[^"]+/hits/[^"]+)"', answer.content.decode())
    assert waits is not None
    run_enqueued()
    html = ana.get(waits[1]).content.decode()
    found = {int(a): int(b) for a, b in re.findall(r'row">(\d)</th><td class="right">(\d+)', html)}
    drawn = {7, 8, 15, 16, 23, 42}
    games = [set(map(int, line.split(","))) for line in made.path.read_text().splitlines()[1:]]
    assert sorted(found) == list(range(7))  # also those that no game hits
    for hit in range(7):
        assert found[hit] == sum(len(game & drawn) == hit for game in games)
    assert found[1] > 0


def test_hits_are_counted_without_a_script_too(ana: Client, made: GenerationJob) -> None:
    html = ana.post(f"/games/{made.id}/hits/", {"draw": "1 2 3 4 5 6"}).content.decode()
    assert "<h1>" in html
    again = re.search(r'<a href="(/games/[^"]+/hits/[^"]+)"', html)
    assert again is not None
    run_enqueued()
    assert "<table>" in ana.get(again[1]).content.decode()


def test_spreadsheets_that_take_too_long_are_not_offered(ana: Client, user: User) -> None:
    few = page(ana, add_job(State.SUCCESSFUL, owner=user, games_done=1000))
    many = page(ana, add_job(State.SUCCESSFUL, owner=user, games_done=3_000_000))
    assert ["format=xlsx" in html for html in (few, many)] == [True, False]
    assert "format=parquet" in many


def test_an_answer_belongs_to_its_job(ana: Client, user: User, made: GenerationJob) -> None:
    ana.post(f"/games/{made.id}/hits/", {"draw": "1 2 3 4 5 6"})
    task = QueuedTask.objects.get(task_path="generation.tasks.hits_of")
    another = add_job(State.SUCCESSFUL, owner=user)
    assert ana.get(f"/games/{another.id}/hits/{task.id}/").status_code == 404
    assert ana.get(f"/games/{made.id}/hits/{made.task_id}/").status_code == 404
    assert ana.get(f"/games/{made.id}/hits/{another.id}/").status_code == 404


@pytest.mark.parametrize(
    ("draw", "told"),
    [("", "Write the numbers drawn"), ("1 2 3", "Write 6 different numbers"),
     ("1 2 3 4 5 99", "1 to 60"), ("latest", "No such draw"), ("draw 9999", "No such draw"),
     ("concurso 9", "No such draw"), ("Último", "No such draw"),
     ("1;DROP", "Write the numbers drawn")],
)  # fmt: skip
def test_what_is_no_draw_is_refused_in_place(
    ana: Client, made: GenerationJob, draw: str, told: str
) -> None:
    html = ana.post(f"/games/{made.id}/hits/", {"draw": draw}).content.decode()
    assert 'role="alert"' in html
    assert told in html
    assert not QueuedTask.objects.filter(task_path="generation.tasks.hits_of").exists()


def test_checks_are_limited(ana: Client, made: GenerationJob, monkeypatch: Any) -> None:
    monkeypatch.setattr("pages.games.hits.ALLOWED", (1, 10**9))
    sent = [ana.post(f"/games/{made.id}/hits/", {"draw": "x"}) for _ in range(2)]
    assert ["Too many" in one.content.decode() for one in sent] == [False, True]


def test_again_is_the_same_order_with_another_seed(
    ana: Client, user: User, made: GenerationJob
) -> None:
    answer = ana.post(f"/games/{made.id}/again/")
    new = GenerationJob.objects.exclude(id=made.id).get()
    assert answer.headers["Location"] == f"/games/{new.id}/"
    assert new.constraints["seed"] != made.constraints["seed"]
    without = [{**one.constraints, "seed": None} for one in (made, new)]
    assert without[0] == without[1]
    assert (new.owner, new.quantity) == (user, made.quantity)


class TestLinks:
    def link(self, client: Client, job: GenerationJob) -> str:
        """A new one, as its owner copies it."""
        html = client.post(f"/games/{job.id}/share/", follow=True).content.decode()
        return re.search(r'value="http://testserver(/shared/[^"]+)"', html)[1]  # type: ignore[index]

    def test_whoever_has_it_sees_the_page_and_the_file(
        self, ana: Client, made: GenerationJob
    ) -> None:
        path, anybody = self.link(ana, made), Client()
        answer = anybody.get(path)
        html = answer.content.decode()
        assert "The first games" in html
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert not re.search("<form(?![^>]*language)", html)  # nothing to act upon
        file = anybody.get(f"{path}file/")
        assert b"".join(file.streaming_content) == made.path.read_bytes()

    def test_it_opens_nothing_else(self, ana: Client, made: GenerationJob) -> None:
        anybody = Client()
        anybody.get(self.link(ana, made))
        assert anybody.get(f"/games/{made.id}/").status_code == 302

    def test_it_ends_when_it_is_revoked(self, ana: Client, made: GenerationJob) -> None:
        path = self.link(ana, made)
        one = ShareLink.objects.get()
        assert ana.post(f"/games/{made.id}/share/{one.id}/revoke/").status_code == 302
        assert [Client().get(p).status_code for p in (path, f"{path}file/")] == [404, 404]
        assert "/shared/" not in page(ana, made)
        assert [*AuditEntry.objects.order_by("id").values_list("action", flat=True)] == [
            "share", "revoke"
        ]  # fmt: skip

    def test_it_ends_when_it_expires(self, ana: Client, made: GenerationJob) -> None:
        path = self.link(ana, made)
        ShareLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert Client().get(path).status_code == 404

    def test_it_ends_with_its_owners_account(
        self, ana: Client, made: GenerationJob, user: User
    ) -> None:
        path = self.link(ana, made)
        User.objects.filter(pk=user.pk).update(is_active=False)
        assert Client().get(path).status_code == 404

    def test_a_failed_jobs_error_is_not_for_everybody(self, ana: Client, user: User) -> None:
        job = add_job(State.FAILED, owner=user)
        html = Client().get(self.link(ana, job)).content.decode()
        assert "it broke" in page(ana, job)
        assert "it broke" not in html

    def test_staff_revoke_one_in_the_admin(self, ana: Client, made: GenerationJob) -> None:
        path = self.link(ana, made)
        boss = Client()
        boss.force_login(User.objects.create_superuser("boss"))
        picked = {"action": "revoke", "_selected_action": [str(ShareLink.objects.get().pk)]}
        assert boss.post("/admin/pages/sharelink/", picked).status_code == 302
        assert Client().get(path).status_code == 404
        assert boss.get("/admin/pages/sharelink/add/").status_code == 403

    def test_nobody_else_makes_or_revokes_one(
        self, ana: Client, other: Client, staff_user: User, made: GenerationJob
    ) -> None:
        path = self.link(ana, made)
        one = ShareLink.objects.get()
        for user in (User.objects.get(username="eve"), staff_user):
            other.force_login(user)
            assert other.post(f"/games/{made.id}/share/").status_code == 404
            assert other.post(f"/games/{made.id}/share/{one.id}/revoke/").status_code == 404
        assert Client().get(path).status_code == 200
        assert ShareLink.objects.count() == 1

    @pytest.mark.parametrize("change", [str.upper, lambda token: token[:-2] + "xx"])
    def test_a_forged_one_leads_nowhere(
        self, ana: Client, made: GenerationJob, change: Any, settings: Any
    ) -> None:
        token = self.link(ana, made).split("/")[2]
        assert Client().get(f"/shared/{change(token)}/").status_code == 404
        assert Client().get("/shared/anything/").status_code == 404
        settings.SECRET_KEY = "another"
        assert Client().get(f"/shared/{token}/").status_code == 404

    def test_a_job_has_a_few_and_no_more(self, ana: Client, made: GenerationJob) -> None:
        for _ in range(MOST + 1):
            answer = ana.post(f"/games/{made.id}/share/", follow=True)
        assert ShareLink.objects.count() == MOST
        assert "revoke one" in answer.content.decode()

    def test_it_goes_with_its_job(self, ana: Client, made: GenerationJob) -> None:
        path = self.link(ana, made)
        assert ana.delete(f"/api/v1/generation/jobs/{made.id}").status_code == 204
        assert Client().get(path).status_code == 404
