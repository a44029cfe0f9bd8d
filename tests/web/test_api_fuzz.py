"""Whatever comes in, no operation of the queue's API crashes, and every refusal is a problem."""

from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import tasks

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

# Function-scoped fixtures: the rows they make are not changed by what comes in.
anything_goes = settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
values = st.one_of(
    texts,
    st.integers().map(str),
    st.floats().map(str),
    st.uuids().map(str),
    st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat()),
    st.sampled_from(["READY", "FAILED", "ACTIVE", "default", "0", "-1", "null", "%00", "9" * 400]),
)


def look(answer: Any) -> None:
    assert answer.status_code < 500, answer.content
    if answer.status_code >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json"
        document = answer.json()
        assert document["status"] == answer.status_code
        assert document["detail"]
    else:
        answer.json()


def given_query(*names: str) -> Any:
    return given(query=st.dictionaries(st.sampled_from(names), values, max_size=3))


@given_query("state", "queue", "task", "since", "until", "limit", "cursor")
@anything_goes
def test_any_query_of_tasks(staff: Client, query: dict[str, str]) -> None:
    look(staff.get("/api/v1/tasks", query))


@given_query("state", "limit", "cursor")
@anything_goes
def test_any_query_of_workers(staff: Client, query: dict[str, str]) -> None:
    look(staff.get("/api/v1/workers", query))


@given(
    path=st.sampled_from(["tasks/{}", "queues/{}", "workers/{}"]),
    name=values,
)
@anything_goes
def test_any_name_of_one_thing(staff: Client, path: str, name: str) -> None:
    look(staff.get(f"/api/v1/{path.format(quote(name, safe=''))}"))


@given(
    path=st.sampled_from(
        ["tasks/{}/cancel", "tasks/{}/retry", "queues/{}/pause", "queues/{}/resume"]
    ),
    name=values,
    body=st.binary(max_size=40),
)
@anything_goes
def test_any_name_and_body_of_a_change(staff: Client, path: str, name: str, body: bytes) -> None:
    target = f"/api/v1/{path.format(quote(name, safe=''))}"
    look(staff.post(target, body, content_type="application/json"))


@given(
    arguments=st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | texts,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
        max_leaves=12,
    )
)
@anything_goes
def test_any_argument_is_shown_or_masked(staff: Client, arguments: Any) -> None:
    try:
        shown = tasks.with_secret.enqueue(arguments, token=arguments)
    except (TypeError, ValueError):
        return  # refused at the door: NUL in a text
    answer = staff.get(f"/api/v1/tasks/{shown.id}")
    look(answer)
    assert answer.json()["kwargs"] == {"token": "•••"}
