"""What `@periodic` accepts and what it refuses."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.tasks import Task

from django_ray_runtime import periodic as module
from django_ray_runtime.exceptions import InvalidSchedule
from django_ray_runtime.periodic import declared, discover, periodic
from tests import tasks


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(module, "_declared", {})
    return


def test_the_task_stays_what_it_was_and_is_registered_under_its_path() -> None:
    same = periodic(cron="0 3 * * *", timezone="Europe/Lisbon")(tasks.nothing)
    assert same is tasks.nothing
    assert isinstance(same, Task)
    schedule = declared()["tests.tasks.nothing"]
    assert (schedule.task, schedule.text) == (tasks.nothing, "0 3 * * * Europe/Lisbon")


def test_the_default_time_zone_is_that_of_the_project(settings: Any) -> None:
    settings.TIME_ZONE = "America/Sao_Paulo"
    periodic(cron="0 3 * * *")(tasks.nothing)
    assert declared()["tests.tasks.nothing"].text == "0 3 * * * America/Sao_Paulo"


def test_two_schedules_of_one_task_need_names() -> None:
    periodic(every=60)(tasks.nothing)
    with pytest.raises(InvalidSchedule, match=r"two schedules 'tests\.tasks\.nothing'.*name=…"):
        periodic(every=90)(tasks.nothing)
    periodic(every=90, name="slower")(tasks.nothing)
    assert set(declared()) == {"tests.tasks.nothing", "slower"}


def test_a_module_that_is_loaded_again_may_repeat_its_declaration() -> None:
    for _ in range(2):
        periodic(every=60, args=[1, 2])(tasks.add)
    assert len(declared()) == 1


def test_arguments_given_later_to_the_same_list_do_not_change_the_schedule() -> None:
    given = [1, [2]]
    periodic(every=60, args=given)(tasks.add)
    given[1].append(3)  # type: ignore[attr-defined]
    assert declared()["tests.tasks.add"].args == (1, [2])


def test_the_context_is_not_an_argument_to_give() -> None:
    periodic(every=60)(tasks.attempt_number)
    with pytest.raises(InvalidSchedule, match=r"cannot be called with args=\(1,\)"):
        periodic(every=60, args=(1,), name="other")(tasks.attempt_number)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, r"Expected either cron= or every="),
        ({"cron": "* * * * *", "every": 5}, r"Expected either cron= or every="),
        ({"cron": "0 25 * * *"}, r"the hour \(field 2\) is '25'. Expected 0-23.*\"0 3 \* \* \*\""),
        ({"cron": "60 * * * *"}, r"the minute \(field 1\) is '60'"),
        ({"cron": "0 0 32 * *"}, r"the day of the month \(field 3\) is '32'"),
        ({"cron": "0 0 * FOO *"}, r"the month \(field 4\) is 'FOO'"),
        ({"cron": "0 0 * * 8"}, r"the day of the week \(field 5\) is '8'"),
        ({"cron": "0 3 * *"}, r"Expected five fields"),
        ({"cron": "0 0 3 * * *"}, r"Expected five fields.*every=timedelta"),
        ({"cron": "@daily"}, r"Expected five fields"),
        ({"cron": 5}, r"Expected five fields"),
        ({"cron": "0 0 31 2 *"}, r"a date that no year has"),
        ({"cron": "0 3 * * *", "timezone": "Lisbon"}, r"no time zone 'Lisbon'.*Europe/Lisbon"),
        ({"cron": "0 3 * * *", "timezone": "../UTC"}, r"no time zone"),
        ({"cron": "0 3 * * *", "timezone": ""}, r"no time zone ''"),
        ({"every": 60, "timezone": "UTC"}, r"belongs to cron="),
        ({"every": 0.5}, r"from 1 second"),
        ({"every": -5}, r"from 1 second"),
        ({"every": timedelta(0)}, r"from 1 second"),
        ({"every": 1e300}, r"from 1 second to 3660 days"),
        ({"every": float("nan")}, r"a timedelta or a number of seconds"),
        ({"every": True}, r"a timedelta or a number of seconds"),
        ({"every": "5"}, r"a timedelta or a number of seconds"),
        ({"every": 60, "missed": "all"}, r'"skip" or "once"'),
        ({"every": 60, "name": ""}, r"name of a schedule must be a text"),
        ({"every": 60, "name": "a\0b"}, r"printable"),
        ({"every": 60, "name": "x" * 256}, r"255"),
        ({"every": 60, "args": (object(),)}, r"args of the schedule .* must be JSON"),
        ({"every": 60, "kwargs": {"message": float("nan")}}, r"a value that JSON lacks"),
        ({"every": 60, "args": "text"}, r"args=\(…,\) as a tuple or list"),
        ({"every": 60}, r"missing a required argument: 'message'.*Give @periodic the arguments"),
        ({"every": 60, "args": ("a", "b")}, r"too many positional arguments"),
        ({"every": 60, "kwargs": {"massage": "x"}}, r"tests\.tasks\.fail cannot be called"),
    ],
)
def test_what_cannot_run_is_refused_where_it_is_declared(
    options: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidSchedule, match=words):
        periodic(**options)(tasks.fail)
    assert not declared()


@pytest.mark.parametrize("below", [tasks.double, None, tasks.Path])
def test_what_is_not_a_task_is_refused(below: Any) -> None:
    with pytest.raises(InvalidSchedule, match="Put @periodic above @task"):
        periodic(every=60)(below)


def test_an_application_whose_tasks_cannot_be_imported_does_not_hide_the_others(
    settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    seen = []

    def load(name: str) -> None:
        seen.append(name)
        if name == "generation.tasks":
            raise SyntaxError("no")

    monkeypatch.setattr(module, "import_module", load)
    monkeypatch.setattr(module.logger, "disabled", False)
    discover()
    assert "generation.tasks" in seen
    assert seen[-1] == f"{settings.INSTALLED_APPS[-1]}.tasks"
    assert "generation.tasks cannot be imported" in caplog.text
    assert "django.contrib.auth" not in caplog.text
