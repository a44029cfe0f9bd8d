"""Every change, through whichever door, leaves one record: who, by which token, from where."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from django_ray_runtime.models import PeriodicTask
from django_ray_runtime.states import State
from project.models import ApiToken, AuditEntry
from tests.unit.test_draws import SAMPLE
from tests.web.jobs import JOBS, add_job, page_of
from tests.web.rows import LIST, QUEUES, add, add_failed
from tests.web.service_pages import SETS, prices_of
from tests.web.test_admin_periodic import NAME, store_row

pytestmark = pytest.mark.django_db

API = "/api/v1"
ORDER = {"lottery": "mega-sena", "quantity": 10}
HOME = "203.0.113.7"
BULK_TASK = {"action": "cancel_selected", "index": "0"}


def json(client: Client, path: str, body: Any) -> Any:
    return client.post(f"{API}{path}", body, content_type="application/json")


def draws() -> dict[str, Any]:
    return {"lottery": "mega-sena", "file": SimpleUploadedFile("d.csv", SAMPLE.read_bytes())}


def a_data_set() -> dict[str, Any]:
    return {"kind": "prices", "file": io.BytesIO(prices_of("A", days=30))}


def own_job(client: Client, state: State, **values: Any) -> Any:
    owner = getattr(client, "acting", None) or User.objects.get(username="boss")
    return add_job(state, owner=owner, **values)


def then(client: Client, first: Any, second: Callable[[Any], Any]) -> Any:
    """A change that needs another one before it, whose record is not looked at."""
    AuditEntry.objects.all().delete()
    return second(first)


def run_of(client: Client) -> str:
    return str(json(client, "/workflows/games", {"quantity": 5}).json()["id"])


def uploaded(client: Client) -> str:
    return str(client.post(f"{API}/services/data-sets", a_data_set()).json()["sha256"])


REST: dict[str, Callable[[Client], Any]] = {
    "cancel task": lambda c: c.post(f"{API}/tasks/{add(State.READY).id}/cancel"),
    "retry task": lambda c: c.post(f"{API}/tasks/{add_failed().id}/retry"),
    "pause queue": lambda c: c.post(f"{API}/queues/bulk/pause"),
    "submit job": lambda c: json(c, "/generation/jobs", ORDER),
    "cancel job": lambda c: c.delete(f"{API}/generation/jobs/{own_job(c, State.READY).id}"),
    "delete job": lambda c: c.delete(f"{API}/generation/jobs/{own_job(c, State.CANCELLED).id}"),
    "import draws": lambda c: c.post(f"{API}/draws/import", draws()),
    "submit flow run": lambda c: json(c, "/workflows/games", {"quantity": 5}),
    "cancel flow run": lambda c: then(c, run_of(c), lambda x: c.delete(f"{API}/workflows/{x}")),
    "upload data set": lambda c: c.post(f"{API}/services/data-sets", a_data_set()),
    "delete data set": lambda c: then(
        c, uploaded(c), lambda x: c.delete(f"{API}/services/data-sets/{x}")
    ),
}
RUNTIME = "/runtime/do"
PAGES: dict[str, Callable[[Client], Any]] = {
    "cancel task": lambda c: c.post(
        f"{RUNTIME}/cancel/", {"of": add(State.READY).id, "confirmed": 1}
    ),
    "retry task": lambda c: c.post(f"{RUNTIME}/retry/", {"of": add_failed().id, "confirmed": 1}),
    "pause queue": lambda c: c.post(f"{RUNTIME}/pause/", {"of": "bulk"}),
    "submit job": lambda c: c.post(f"/games/{own_job(c, State.FAILED).id}/again/"),
    "cancel job": lambda c: c.post(f"/games/{own_job(c, State.READY).id}/cancel/"),
    "share job": lambda c: c.post(f"/games/{own_job(c, State.SUCCESSFUL).id}/share/"),
    "upload data set": lambda c: c.post(SETS, a_data_set()),
    "delete data set": lambda c: then(c, uploaded(c), lambda x: c.post(f"{SETS}{x}/delete/")),
}
ADMIN: dict[str, Callable[[Client], Any]] = {
    "cancel task": lambda c: c.post(f"{LIST}{add(State.READY).id}/cancel/"),
    "retry task": lambda c: c.post(f"{LIST}{add_failed().id}/requeue/"),
    "pause queue": lambda c: c.post(QUEUES, {"pause": "bulk"}),
    "enable schedule": lambda c: c.post(PERIODIC, {"enable": declared().pk}),
    "disable schedule": lambda c: c.post(PERIODIC, {"disable": declared().pk}),
    "run schedule": lambda c: c.post(PERIODIC, {"run": declared().pk}),
    "submit job": lambda c: c.post(f"{JOBS}add/", ORDER | {"file_format": "csv"}),
    "cancel job": lambda c: c.post(f"{JOBS}{add_job(State.READY).pk}/cancel/"),
    "retry job": lambda c: c.post(f"{JOBS}{add_job(State.FAILED).pk}/requeue/"),
    "delete job": lambda c: c.post(page_of(add_job(State.CANCELLED)).replace("change", "delete")),
    "import draws": lambda c: c.post("/admin/generation/draw/import/", draws()),
    "create api_token": lambda c: c.post(
        "/admin/project/apitoken/add/", {"user": User.objects.get().pk, "name": "x"}
    ),
    "create user": lambda c: c.post(
        "/admin/auth/user/add/",
        {"username": "eva", "usable_password": "true", "password1": "a-Long-1", "password2":
         "a-Long-1"},
    ),
    "change user": lambda c: c.post(
        f"/admin/auth/user/{User.objects.get().pk}/password/",
        {"usable_password": "true", "password1": "a-Long-1", "password2": "a-Long-1"},
    ),
    "delete user": lambda c: c.post(
        f"/admin/auth/user/{User.objects.create_user('eva').pk}/delete/", {"post": "yes"}
    ),
    "create group": lambda c: c.post("/admin/auth/group/add/", {"name": "g"}),
    "delete group": lambda c: c.post(
        "/admin/auth/group/",
        {"action": "delete_selected", "post": "yes",
         "_selected_action": [Group.objects.create(name="g").pk]},
    ),
}  # fmt: skip
PERIODIC = "/admin/django_ray_runtime/periodictask/"


def declared() -> PeriodicTask:
    return store_row(NAME)


@pytest.fixture
def schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    """One schedule that this process declares."""
    from tests import tasks
    from tests.web.test_admin_periodic import discover_once, module, periodic

    discover_once()
    monkeypatch.setattr(module, "_declared", {})
    periodic(cron="0 3 * * *", timezone="Europe/Lisbon", args=(1, 2))(tasks.add)


@pytest.fixture
def boss(client: Client) -> Client:
    """A superuser who has logged in."""
    client.force_login(User.objects.create_superuser("boss"))
    client.defaults["REMOTE_ADDR"] = HOME
    return client


def the_record(what: str, answer: Any) -> AuditEntry:
    assert answer.status_code < 400, answer.content
    rows = list(AuditEntry.objects.all())
    assert [f"{row.action} {row.kind}" for row in rows] == [what]
    assert rows[0].address == HOME
    return rows[0]


@pytest.mark.parametrize("what", REST)
def test_over_rest(what: str, staff: Client, staff_user: User) -> None:
    staff.acting = staff_user  # type: ignore[attr-defined]
    staff.defaults["REMOTE_ADDR"] = HOME
    row = the_record(what, REST[what](staff))
    assert (row.user, row.token) == (staff_user, ApiToken.objects.get().hint)


@pytest.mark.parametrize("what", PAGES)
def test_on_pages(what: str, boss: Client) -> None:
    row = the_record(what, PAGES[what](boss))
    assert (row.user, row.token) == (User.objects.get(), "")


@pytest.mark.usefixtures("schedule")
@pytest.mark.parametrize("what", ADMIN)
def test_in_the_admin(what: str, boss: Client) -> None:
    row = the_record(what, ADMIN[what](boss))
    assert (row.user, row.token) == (User.objects.get(username="boss"), "")


def test_many_at_once_leave_one_record_each(boss: Client) -> None:
    rows = [add(State.READY) for _ in range(3)]
    boss.post(LIST, BULK_TASK | {"_selected_action": [row.pk for row in rows]})
    recorded = AuditEntry.objects.filter(action="cancel", kind="task")
    assert {row.object_id for row in recorded} == {str(row.pk) for row in rows}
    assert recorded.count() == 3


def test_to_cancel_again_is_no_change_and_leaves_no_record(boss: Client) -> None:
    job = own_job(boss, State.RUNNING)
    for _ in range(2):
        boss.post(f"/games/{job.id}/cancel/")
    assert AuditEntry.objects.filter(action="cancel").count() == 1


def test_a_record_that_cannot_be_written_undoes_what_the_admin_did(
    boss: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = add(State.READY)

    def refuse(**_: Any) -> None:
        raise RuntimeError("no room for records")

    monkeypatch.setattr(AuditEntry.objects, "create", refuse)
    with pytest.raises(RuntimeError):
        boss.post(f"{LIST}{row.pk}/cancel/")
    row.refresh_from_db()
    assert row.state == State.READY


def test_nobody_changes_the_record_in_the_admin(boss: Client) -> None:
    boss.post(f"{API}/queues/bulk/pause")
    row = AuditEntry.objects.create(action="x", kind="y", object_id="z")
    page = "/admin/project/auditentry/"
    assert boss.get(page).status_code == 200
    for path in (f"{page}add/", f"{page}{row.pk}/change/", f"{page}{row.pk}/delete/"):
        assert boss.post(path, {"post": "yes", "action": "other"}).status_code == 403
    picked = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    boss.post(page, picked)
    row.refresh_from_db()
    assert row.action == "x"
