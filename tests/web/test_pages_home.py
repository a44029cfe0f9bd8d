"""What somebody sees first: their own jobs, whether all is well, and pages that are not there."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from django_ray_runtime.states import State
from tests.web.jobs import add_job
from tests.web.rows import add_worker

pytestmark = pytest.mark.django_db


def test_home_shows_ones_own_jobs_and_nobody_elses(ana: Client, user: User) -> None:
    mine = add_job(State.RUNNING, owner=user)
    other = add_job(State.RUNNING, owner=User.objects.create_user("eve"))
    html = ana.get("/").content.decode()
    assert f"/games/{mine.id}/" in html
    assert f"/games/{other.id}/" not in html


def test_health_is_one_line(ana: Client) -> None:
    assert "No worker is up: jobs wait" in ana.get("/").content.decode()
    add_worker()
    html = ana.get("/").content.decode()
    assert "All is well" in html
    assert "1 worker, 4 at once" in html


def test_what_has_not_changed_is_not_sent_again(ana: Client, user: User) -> None:
    job = add_job(State.RUNNING, owner=user, games_done=10)
    seen = re.search(r'name="seen" value="(\w+)"', ana.get("/").content.decode())
    assert seen is not None
    assert ana.get("/now/", {"seen": seen[1]}).status_code == 204
    type(job).objects.update(games_done=500)
    answer = ana.get("/now/", {"seen": seen[1]})
    assert answer.status_code == 200
    assert "50\u00a0%" in answer.content.decode()


@pytest.mark.parametrize(
    ("path", "told"),
    [("/nonsense/", "There is nothing at this address."),
     ("/games/00000000-0000-0000-0000-000000000000/", "There is no job of yours with this id."),
     ("/shared/x/", "This link has expired or was revoked.")],
)  # fmt: skip
def test_what_is_not_there_is_said_in_words(ana: Client, path: str, told: str) -> None:
    answer = ana.get(path)
    assert answer.status_code == 404
    assert told in answer.content.decode()


def test_staff_see_everybodys_jobs_where_they_ask(
    ana: Client, user: User, staff_user: User
) -> None:
    job = add_job(State.READY, owner=user)
    boss = Client()
    boss.force_login(staff_user)
    found = [f"/games/{job.id}/" in boss.get(path).content.decode()
             for path in ("/games/", "/games/?of=all")]  # fmt: skip
    assert found == [False, True]
    another = add_job(State.READY, owner=staff_user)
    assert f"/games/{another.id}/" not in ana.get("/games/?of=all").content.decode()


def test_older_jobs_come_page_by_page(ana: Client, user: User) -> None:
    made = [add_job(State.READY, owner=user) for _ in range(30)]
    first = ana.get("/games/").content.decode()
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older is not None
    second = ana.get(f"/games/{older[1]}").content.decode()
    shown = [re.findall(r'id="job-([-0-9a-f]+)"', html) for html in (first, second)]
    assert [len(one) for one in shown] == [25, 5]
    assert {*shown[0], *shown[1]} == {str(job.id) for job in made}
    assert ana.get("/games/?before=nonsense").status_code == 200


def test_a_form_without_its_token_is_told_what_to_do(user: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user)
    answer = strict.post("/games/new/", {})
    assert answer.status_code == 403
    assert "Send it again" in answer.content.decode()
