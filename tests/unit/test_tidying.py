"""What the web part leaves behind is deleted by the clock, and what is kept on purpose is not."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from django_ray_runtime import periodic
from django_ray_runtime.testing import run_enqueued
from generation.constraints import GameConstraints
from generation.jobs import submit_job
from generation.orders import Order
from pages.models import ShareLink
from pages.tasks import tidy_links
from project import rates
from project.models import AuditEntry, RateWindow
from project.tasks import tidy_records

pytestmark = pytest.mark.django_db

LONG_AGO = timedelta(days=400)


def run(task: Any) -> Any:
    task.enqueue()
    [result] = run_enqueued()
    return result.return_value


def test_sessions_that_have_expired_go(settings: Any) -> None:
    for name in ("old", "new"):
        Client().force_login(User.objects.create_user(name))
    first = Session.objects.order_by("expire_date").first()
    Session.objects.filter(pk=first.pk).update(expire_date=timezone.now() - timedelta(seconds=1))
    settings.SECRET_KEY = ""  # workers have none
    run(tidy_records)
    assert Session.objects.exclude(pk=first.pk).count() == Session.objects.count() == 1


def changes(user: User) -> None:
    AuditEntry.objects.create(user=user, action="cancel", kind="task", object_id="1")
    LogEntry.objects.create(user=user, object_repr="x", action_flag=CHANGE)


def test_the_record_of_changes_is_kept_for_a_year_unless_told_otherwise(settings: Any) -> None:
    user = User.objects.create_user("ana")
    changes(user)
    AuditEntry.objects.update(at=timezone.now() - LONG_AGO)
    LogEntry.objects.update(action_time=timezone.now() - LONG_AGO)
    changes(user)
    assert settings.KEEP_AUDIT_DAYS == 365
    settings.KEEP_AUDIT_DAYS = 0
    assert run(tidy_records)["audit"] == 0
    settings.KEEP_AUDIT_DAYS = 365
    assert run(tidy_records)["audit"] == 2
    assert AuditEntry.objects.count() == LogEntry.objects.count() == 1


def test_counts_of_past_periods_go_and_those_of_this_one_stay() -> None:
    now = time.time()
    for seconds in rates.PERIODS:
        rates.count("address:192.0.2.1", seconds, now - 2 * seconds)
        rates.count("calls:7", seconds, now)
    assert rates.forget_periods(now) == len(rates.PERIODS)
    assert RateWindow.objects.filter(key__startswith="calls:").count() == len(rates.PERIODS)


def test_links_that_ended_a_month_ago_go_and_others_stay() -> None:
    job = submit_job(Order("mega-sena", GameConstraints(seed=5), 10))
    now = timezone.now()
    living = ShareLink.objects.create(job=job, expires_at=now + timedelta(days=3))
    expired = ShareLink.objects.create(job=job, expires_at=now - timedelta(days=3))
    for ends in ({"expires_at": now - LONG_AGO}, {"revoked_at": now - LONG_AGO}):
        ShareLink.objects.create(job=job, **{"expires_at": now, **ends})
    tidy_links.enqueue()
    [_, result] = run_enqueued()  # the job's own task is first
    assert result.return_value == 2
    assert set(ShareLink.objects.all()) == {living, expired}


def test_the_clock_knows_them_all() -> None:
    assert {"tidy files", "tidy rows", "tidy records", "tidy links"} <= set(periodic.discover())


# What bounds each table is told in docs/howto/retention.md. A new model belongs here, and there.
BOUNDED = {
    "QueuedTask", "Attempt", "TaskProgress", "UniqueKey", "LimitKey", "Worker",  # by the workers
    "Queue", "PeriodicTask",  # by what the code names
    "GenerationJob", "Draw", "Calculation", "DataSet", "FlowRun", "ShareLink",
    "ApiToken", "AuditEntry", "RateWindow", "Session", "LogEntry",
    "User", "Group", "Permission", "ContentType",  # by people and code
}  # fmt: skip


def test_the_page_about_retention_names_every_table() -> None:
    from tests.support import ROOT

    page = (ROOT / "docs" / "howto" / "retention.md").read_text()
    models = {model.__name__ for model in apps.get_models()}
    assert models == BOUNDED, "say in docs/howto/retention.md what bounds a new table"
    assert {name for name in models if f"`{name}`" not in page} == set()
