"""Prepared queries answer as the queries that they are made of."""

import threading
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Model, QuerySet, UUIDField
from django.db.models.functions import Now, Upper
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse

from django_ray_runtime.models import QueuedTask
from django_ray_runtime.prepared import Given, PreparedQuery
from django_ray_runtime.states import State
from generation.api import shown
from generation.models import GenerationJob
from tests.support import wait_until
from tests.web import jobs

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def add_job(**values: Any) -> GenerationJob:
    return jobs.add_job(State.READY, **values)


def query() -> QuerySet[Any]:
    """Of all that a query has: joined, deferred, with constants and conditions of its own."""
    found = GenerationJob.objects.select_related("task", "owner").exclude(lottery="of nobody")
    return found.annotate(loud=Upper("lottery")).only(
        "lottery", "created_at", "task__state", "owner"
    )


def prepared() -> PreparedQuery[Any]:
    return PreparedQuery(lambda: query().filter(id=Given("id", UUIDField())))


def fields(row: Model) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if name != "_state"}


def test_a_row_is_that_of_the_query_itself() -> None:
    asked = prepared()
    for name in ["one", "other"]:
        job = add_job(owner=User.objects.create(username=name))
        found = asked.first(id=job.id)
        itself = query().get(id=job.id)
        assert fields(found) == fields(itself)
        assert found.get_deferred_fields() == itself.get_deferred_fields() != set()
        assert fields(found.task) == fields(itself.task)
        with CaptureQueriesContext(connection) as queries:
            assert found.owner == job.owner
            assert found.task.state == job.task.state
        assert not queries, "they came with it"


def test_nothing_is_none() -> None:
    asked = prepared()
    assert asked.first(id=uuid.uuid4()) is None
    job = add_job()
    assert asked.first(id=job.id) == job, "nor is that remembered"


def test_it_is_built_once_for_a_connection_and_asked_as_often_as_it_is() -> None:
    built = []

    def build() -> QuerySet[Any]:
        built.append(threading.get_ident())
        return query().filter(id=Given("id", UUIDField()))

    asked = PreparedQuery(build)
    job = add_job()
    with CaptureQueriesContext(connection) as queries:
        assert [asked.first(id=job.id) for _ in range(3)] == 3 * [job]
    assert (len(built), len(queries)) == (1, 3)
    connection.close()
    assert asked.first(id=job.id) == job, "the connection is another, its place the same"
    assert len(built) == 1


def test_threads_do_not_see_each_others_values() -> None:
    asked, all_jobs = prepared(), [add_job() for _ in range(4)]
    wrong: list[Any] = []

    def ask(job: Any) -> None:
        try:
            wrong.extend(row for _ in range(50) if (row := asked.first(id=job.id)) != job)
        except Exception as error:
            wrong.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=[job]) for job in all_jobs]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not wrong


def test_times_and_constants_are_those_of_the_asking() -> None:
    asked = PreparedQuery(
        lambda: QueuedTask.objects.annotate(moment=Now()).filter(id=Given("id", UUIDField()))
    )
    task = add_job().task
    first = asked.first(id=task.id).moment  # type: ignore[union-attr]
    wait_until(lambda: asked.first(id=task.id).moment > first, "a later moment")  # type: ignore[union-attr]


def test_a_value_of_the_wrong_kind_is_refused_as_by_any_query() -> None:
    asked = prepared()
    with pytest.raises(Exception, match="not-one"):
        asked.first(id="not-one")
    with pytest.raises(KeyError, match="id"):
        asked.first(identity=uuid.uuid4())


def test_what_is_told_of_a_job_needs_no_further_query() -> None:
    user = User.objects.create(username="one")
    job = add_job(owner=user)
    path = reverse("api:generation_job", args=[job.id])
    request = RequestFactory().get(path)
    request.user, request.resolver_match = user, resolve(path)
    with CaptureQueriesContext(connection) as queries:
        assert shown.told_job(request, job.id).id == job.id
    assert len(queries) == 1
