"""Somebody who can write a row of the queue: what can they make a worker import, call, install?"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from django_ray_runtime.executors import SequentialExecutor
from django_ray_runtime.models import Attempt, QueuedTask
from django_ray_runtime.states import State
from django_ray_runtime.store import Store
from django_ray_runtime.worker.dispatcher import Dispatcher
from django_ray_runtime.worker.entrypoint import Report, pack, read_report, run_task
from tests.support import ROOT, wait_until
from tests.tasks import add  # noqa: F401 - another name of a task, which rows may not use


def ran(store: Store, worker: str, **row: Any) -> Report:
    """What became of a row that an attacker wrote."""
    QueuedTask.objects.create(**row)
    [claim] = store.claim(["default"], 1, worker)
    return read_report(run_task(pack(claim)))


@pytest.mark.parametrize(
    "path",
    [
        "os.system", "builtins.eval", "subprocess.getoutput", "posix.system", "runpy.run_path",
        "django.core.management.call_command", "django.utils.module_loading.import_string",
        "django_ray_runtime.bootstrap.import_string", "project.settings.os.system",
        "tests.tasks.double", "tests.tasks", "tests.tasks.add.func", "generation.tasks.storing",
        "tests.security.test_task_paths.add", "..", "", "tests..tasks.add", "tests.tasks.add ",
    ],
)  # fmt: skip
def test_nothing_is_called_but_a_declared_task(
    path: str, store: Store, worker: str, tmp_path: Path
) -> None:
    report = ran(store, worker, task_path=path, args=[f"touch {tmp_path}/owned"])
    assert report.return_value is None
    assert report.failure is not None
    kind = report.failure.exception_class_path
    assert kind in {"builtins.ImportError", "builtins.TypeError"}
    assert list(tmp_path.iterdir()) == []


def test_a_module_that_is_not_listed_is_not_even_imported(
    store: Store, worker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "planted.py").write_text(
        "from pathlib import Path\nfrom django.tasks import task\n"
        f"Path({str(tmp_path)!r}, 'owned').touch()\n\n@task\ndef go():\n    pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    report = ran(store, worker, task_path="planted.go")
    assert report.failure is not None
    assert "none of the packages whose tasks may run" in report.failure.traceback
    assert "planted" not in sys.modules
    assert not (tmp_path / "owned").exists()


def test_what_is_listed_runs(store: Store, worker: str, settings: Any) -> None:
    settings.DJANGO_RAY_RUNTIME = {"TASK_MODULES": ["tests.tasks"]}
    assert ran(store, worker, task_path="tests.tasks.add", args=[1, 2]).return_value == "3"
    settings.DJANGO_RAY_RUNTIME = {"TASK_MODULES": ["tests.task"]}  # a name, not a beginning
    assert ran(store, worker, task_path="tests.tasks.add", args=[1, 2]).failure is not None


def test_the_project_lists_its_own_applications_alone() -> None:
    """Tests and benchmarks lie beside them, and have tasks that write any file."""
    assert (ROOT / "tests" / "tasks.py").exists()
    told = "from project.settings import DJANGO_RAY_RUNTIME as found; print(*found['TASK_MODULES'])"
    bare = {name: value for name, value in os.environ.items() if name != "TASK_MODULES"}

    def listed(**more: str) -> list[str]:
        run = subprocess.run(
            [sys.executable, "-c", told],
            cwd=ROOT, env=bare | more, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return run.stdout.split()

    ours = ["django_ray_runtime", "generation", "pages", "project", "ray_services", "workflows"]
    assert listed() == ours
    assert listed(TASK_MODULES="shop,orders.tasks") == [*ours, "shop", "orders.tasks"]


def test_a_row_brings_no_environment_of_its_own(store: Store, worker: str, tmp_path: Path) -> None:
    """With pip, working_dir or py_executable any code would come along."""
    brought = {"runtime_env": json.dumps({"working_dir": "https://203.0.113.1/owned.zip"})}
    row = QueuedTask.objects.create(task_path="tests.tasks.add", args=[1, 2], options=brought)
    executor = SequentialExecutor()
    dispatcher = Dispatcher(store, executor, worker=worker, queues=["default"], concurrency=1)

    def ended() -> bool:
        dispatcher.fill()
        dispatcher.start()
        dispatcher.collect()
        dispatcher.flush()
        return QueuedTask.objects.get(id=row.id).finished_at is not None

    wait_until(ended, "it is refused")
    assert QueuedTask.objects.get(id=row.id).state == State.FAILED
    assert "RUNTIME_ENV_FROM_ROWS" in Attempt.objects.get(task_id=row.id).traceback
    executor.close()
