import base64
from typing import Any

import pytest
from django.test import Client

from django_ray_runtime.models import QueuedTask
from project.models import AuditEntry

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.web.site")]

TASKS = "/api/v1/tasks"


@pytest.fixture
def ids() -> list[str]:
    """The identifiers of seven rows, newest first."""
    rows = [QueuedTask(task_path="tests.tasks.add") for _ in range(7)]
    QueuedTask.objects.bulk_create(rows)
    return [str(row.id) for row in reversed(rows)]


def pages(api: Client, path: str, limit: int) -> list[list[Any]]:
    """Every page, as a client walks through them."""
    found, query = [], f"?limit={limit}"
    while True:
        page = api.get(f"{path}{query}").json()
        found.append([item["id"] for item in page["items"]])
        if page["next"] is None:
            return found
        query = f"?limit={limit}&cursor={page['next']}"


def test_pages_come_newest_first_and_meet_without_gap_or_overlap(
    api: Client, ids: list[str]
) -> None:
    assert pages(api, TASKS, 3) == [ids[:3], ids[3:6], ids[6:]]


def test_a_last_page_that_is_full_has_no_next(api: Client, ids: list[str]) -> None:
    assert pages(api, TASKS, 7) == [ids]


def test_an_empty_list_is_one_empty_page(api: Client) -> None:
    assert api.get(TASKS).json() == {"items": [], "next": None}


def test_rows_that_come_meanwhile_shift_nothing(api: Client, ids: list[str]) -> None:
    first = api.get(f"{TASKS}?limit=3").json()
    QueuedTask.objects.create(task_path="tests.tasks.add")
    QueuedTask.objects.filter(id=ids[2]).delete()
    second = api.get(f"{TASKS}?limit=3&cursor={first['next']}").json()
    assert [item["id"] for item in second["items"]] == ids[3:6]


def test_serial_numbers_are_paged_as_well(api: Client) -> None:
    AuditEntry.objects.bulk_create(AuditEntry(action="x", kind="y") for _ in range(12))
    found = [pk for page in pages(api, "/api/v1/entries", 5) for pk in page]
    assert found == sorted(found, reverse=True)
    assert len(found) == 12


def test_fifty_is_the_default_and_two_hundred_the_most(api: Client) -> None:
    QueuedTask.objects.bulk_create(QueuedTask(task_path="x") for _ in range(51))
    assert len(api.get(TASKS).json()["items"]) == 50
    assert api.get(f"{TASKS}?limit=200").status_code == 200
    assert api.get(f"{TASKS}?limit=201").status_code == 422


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "%00", "é", "!!!!", base64.urlsafe_b64encode(b"not a uuid").decode(), "A" * 201],
)
def test_a_cursor_from_elsewhere_is_refused(cursor: str, api: Client) -> None:
    answer = api.get(TASKS, {"cursor": cursor})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert (error["source"], error["field"]) == ("query", "cursor")


def test_a_number_that_no_database_holds_is_no_crash(api: Client) -> None:
    cursor = base64.urlsafe_b64encode(str(10**30).encode()).decode().rstrip("=")
    assert api.get("/api/v1/entries", {"cursor": cursor}).status_code in {200, 422}
