"""Log lines that know their task."""

import asyncio
import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest

from django_ray_runtime.context import Run, running
from django_ray_runtime.log import (
    EVENTS,
    JSONFormatter,
    PlainFormatter,
    TaskFilter,
    log_event,
)
from django_ray_runtime.records import Claim
from tests.support import ROOT
from tests.unit.test_metrics import claim


def in_run(held: Claim) -> AbstractContextManager[Run]:
    """Within this, the code runs as a worker would run this claim's task."""
    return running(Run(held.id, held.attempt, held.worker_ids[-1], held.task_path))


logger = logging.getLogger("somebody.elses.library")


class Lines:
    """A handler as LOGGING would make it."""

    def __init__(self, formatter: logging.Formatter) -> None:
        self.stream = io.StringIO()
        self.handler = logging.StreamHandler(self.stream)
        self.handler.addFilter(TaskFilter())
        self.handler.setFormatter(formatter)

    def __iter__(self) -> Iterator[str]:
        return iter(self.stream.getvalue().splitlines())


def attached(formatter: logging.Formatter) -> Iterator[Lines]:
    lines = Lines(formatter)
    loggers = [logger, logging.getLogger("django_ray_runtime")]
    before = [one.level for one in loggers]
    for one in loggers:
        one.addHandler(lines.handler)
        one.setLevel(logging.DEBUG)
    yield lines
    for one, level in zip(loggers, before, strict=True):
        one.removeHandler(lines.handler)
        one.setLevel(level)


@pytest.fixture
def plain() -> Iterator[Lines]:
    yield from attached(PlainFormatter("%(levelname)s %(name)s: %(message)s"))


@pytest.fixture
def as_json() -> Iterator[Lines]:
    yield from attached(JSONFormatter())


def test_a_line_names_the_task_only_while_one_runs(plain: Lines) -> None:
    held = claim(attempt=3)
    logger.info("before")
    with in_run(held):
        logger.info("during")
    logger.info("after")
    assert list(plain) == [
        "INFO somebody.elses.library: before",
        f"INFO somebody.elses.library: during task={held.id} attempt=3",
        "INFO somebody.elses.library: after",
    ]


def test_the_task_stands_before_the_traceback(plain: Lines) -> None:
    with in_run(claim()):
        try:
            raise ValueError("no")
        except ValueError:
            logger.exception("failed")
    first, second, *_, last = plain
    assert first.endswith("attempt=1")
    assert second == "Traceback (most recent call last):"
    assert last == "ValueError: no"


def test_a_json_line_holds_all_fields(as_json: Lines) -> None:
    held = claim(attempt=2)
    with in_run(held):
        logger.warning("two\nlines of %s", "é")
    [line] = map(json.loads, as_json)
    when = line.pop("time")
    assert when.endswith("Z")
    assert "T" in when
    assert line == {
        "level": "WARNING",
        "logger": "somebody.elses.library",
        "message": "two\nlines of é",
        "task_id": str(held.id),
        "attempt": 2,
        "worker": "host:1:a",
        "task_path": "tests.tasks.add",
    }


def test_a_json_line_holds_the_exception(as_json: Lines) -> None:
    try:
        raise ValueError("no")
    except ValueError:
        logger.exception("failed")
    [line] = map(json.loads, as_json)
    assert line["exception"]["class"] == "builtins.ValueError"
    assert line["exception"]["message"] == "no"
    assert line["exception"]["traceback"].endswith("ValueError: no")


def test_tasks_that_overlap_in_one_thread_are_told_apart(plain: Lines) -> None:
    one, two = claim(), claim()

    async def run(held: Claim) -> None:
        with in_run(held):
            await asyncio.sleep(0)
            logger.info("x")

    async def both() -> None:
        await asyncio.gather(run(one), run(two))

    asyncio.run(both())
    assert [line.split("task=")[1].split()[0] for line in plain] == [str(one.id), str(two.id)]


def test_an_event_carries_its_task_and_fields(as_json: Lines) -> None:
    held = claim()
    log_event("retried", held, delay=2.5, object=object)
    [line] = map(json.loads, as_json)
    assert (line["event"], line["logger"], line["level"]) == (
        "retried",
        "django_ray_runtime",
        "INFO",
    )
    assert line["fields"]["delay"] == 2.5
    assert line["task_id"] == str(held.id)
    task = f"task={held.id} attempt=1 path=tests.tasks.add"
    assert line["message"].startswith(f"retried {task} delay=2.5")


def test_an_event_names_its_task_once(plain: Lines) -> None:
    held = claim()
    with in_run(held):
        log_event("lost", held)
    task = f"task={held.id} attempt=1 path=tests.tasks.add"
    assert list(plain) == [f"WARNING django_ray_runtime: lost {task}"]


def test_an_event_without_a_task_says_only_its_fields(plain: Lines) -> None:
    log_event("rescued", count=3)
    assert list(plain) == ["WARNING django_ray_runtime: rescued count=3"]


def test_an_unknown_event_is_refused() -> None:
    with pytest.raises(KeyError):
        log_event("exploded")


def test_what_happens_to_every_task_is_told_at_debug_only() -> None:
    assert {EVENTS[name] for name in ("claimed", "started", "succeeded")} == {logging.DEBUG}


CONFIGURED = """
import django; django.setup()
import logging
from tests.unit.test_metrics import claim
from tests.unit.test_log import in_run
with in_run(claim()):
    logging.getLogger("generation").info("hello")
"""


@pytest.mark.parametrize("form", ["plain", "json"])
def test_the_environment_chooses_the_form(form: str) -> None:
    """As in Ray's processes, which set Django up in the same way."""
    environment = {**os.environ, "LOG_FORMAT": form, "DJANGO_SETTINGS_MODULE": "project.settings"}
    run = subprocess.run(
        [sys.executable, "-c", CONFIGURED],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    [line] = run.stderr.splitlines()
    if form == "json":
        assert json.loads(line)["task_path"] == "tests.tasks.add"
    else:
        assert line.endswith("attempt=1")


def test_another_form_is_refused() -> None:
    run = subprocess.run(
        [sys.executable, "-c", "import project.settings"],
        cwd=ROOT, env={**os.environ, "LOG_FORMAT": "xml"}, capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 1
    assert "LOG_FORMAT must be plain or json, got 'xml'." in run.stderr
