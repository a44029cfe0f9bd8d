"""The commands of those who operate the queue, over both databases."""

import io
import json
import re
from types import SimpleNamespace

import pytest
from django.core.management import CommandError
from rich.console import Console

from django_ray_runtime import control
from django_ray_runtime.management.commands import queue_status
from django_ray_runtime.store import Store
from tests.contracts.steps import enqueue, make_silent, printed
from tests.contracts.test_overview import failed
from tests.support import ROOT


def test_the_status_shows_queues_workers_and_failures(store: Store, worker: str) -> None:
    enqueue(store, 1200)
    control.pause_queue("bulk")
    failed(2, "a.task", "builtins.ValueError")
    lines = printed("queue_status").splitlines()
    assert lines[0].split() == ["queue", "ready", "blocked", "scheduled", "running", "oldest"]
    assert lines[1].split()[:6] == ["bulk", "paused", "0", "0", "0", "0"]
    assert lines[2].split()[:5] == ["default", "1,200", "0", "0", "0"]
    assert any(line.split()[:5] == [worker, "active", "-", "0", "0"] for line in lines)
    assert any(line.split()[:3] == ["a.task", "builtins.ValueError", "2"] for line in lines)
    assert "\x1b" not in "".join(lines)


def test_the_status_says_that_nothing_is_there(store: Store) -> None:
    shown = printed("queue_status")
    assert "No worker is running." in shown
    assert "Nothing failed within the last 1h00m." in shown


def test_a_silent_worker_is_told(worker: str) -> None:
    make_silent(worker)
    assert "silent" in printed("queue_status")


def test_the_status_fits_a_narrow_terminal(store: Store, worker: str) -> None:
    enqueue(store, queue_name="a-queue-with-a-name-of-" + "many-" * 8)
    failed(1, "a.package.of.several.levels.with.a.task", "a.package.of.exceptions.SomethingLong")
    console = Console(width=80, file=io.StringIO(), force_terminal=True, color_system=None)
    console.print(queue_status._picture(queue_status._look(None)))
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert "…" not in console.file.getvalue()


def test_the_status_is_one_json_document(store: Store, worker: str) -> None:
    enqueue(store, 2)
    failed(1, "a.task", "builtins.ValueError")
    document = json.loads(printed("queue_status", "--json"))
    assert document["queues"][1] == {
        "name": "default",
        "paused": False,
        "ready": 2,
        "blocked": 0,
        "scheduled": 0,
        "running": 0,
        "oldest_ready_seconds": pytest.approx(0, abs=30),
    }
    assert document["workers"][0]["id"] == worker
    assert document["workers"][0]["state"] == "ACTIVE"
    assert document["failures"]["kinds"][0]["exception"] == "builtins.ValueError"


def test_the_status_of_one_queue_leaves_the_others_out(store: Store, worker: str) -> None:
    enqueue(store, queue_name="bulk")
    failed(1, "a.task", "builtins.ValueError")
    shown = printed("queue_status", "--queue", "bulk")
    assert "default" not in shown
    assert worker not in shown
    assert "Nothing failed" in shown


def test_an_unknown_queue_is_refused(store: Store) -> None:
    with pytest.raises(CommandError, match=r"no queue 'nope'.*bulk, default"):
        printed("queue_status", "--queue", "nope")


def test_watching_goes_on_until_it_is_interrupted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = []

    def sleep(seconds: float) -> None:
        enqueue(store)
        pauses.append(seconds)
        if len(pauses) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(queue_status, "time", SimpleNamespace(sleep=sleep))
    lines = printed("queue_status", "--watch", "0.5").splitlines()
    ready = [line.split()[1] for line in lines if line.startswith("default")]
    assert ready == ["0", "1", "2", "3"]  # and once more at the end
    assert pauses == [0.5, 0.5, 0.5]


DJANGO_OPTIONS = {
    "--version", "--verbosity", "--settings", "--pythonpath", "--traceback", "--no-color",
    "--force-color", "--skip-checks",
}  # fmt: skip


TAUGHT = ["run_ray_worker", "queue_status", "requeue_tasks", "prune_tasks", "ray_doctor"]


@pytest.mark.parametrize("command", TAUGHT)
def test_help_teaches_by_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    from django.core.management import load_command_class

    load_command_class("django_ray_runtime", command).print_help("manage.py", command)
    shown = capsys.readouterr().out
    assert f"examples:\n  manage.py {command}" in shown
    page = (ROOT / "docs" / "reference" / "commands.md").read_text()
    section = page.partition(f"## `{command}`\n")[2].partition("\n## ")[0]
    own = set(re.findall(r"^  (--[a-z-]+)", shown, re.MULTILINE)) - DJANGO_OPTIONS
    assert own
    assert {option for option in own if f"`{option}" not in section} == set()
    assert "Exit code" in shown


# pause_queues


def test_queues_are_paused_and_resumed(store: Store, worker: str) -> None:
    enqueue(store, 3)
    store.claim(["default"], 1, worker)
    assert printed("pause_queues", "--all") == (
        "bulk is paused; 0 running tasks.\ndefault is paused; 1 running task.\n"
    )
    assert store.claim(["default"], 1, worker) == []
    assert printed("pause_queues", "default") == "default is paused already; 1 running task.\n"
    assert printed("pause_queues", "default", "--resume") == "default is open; 2 ready tasks.\n"
    assert [view.paused for view in control.queues()] == [True, False]
    assert len(store.claim(["default"], 5, worker)) == 2


@pytest.mark.parametrize("arguments", [(), ("bulk", "--all"), ("nobody",)])
def test_what_is_to_be_paused_must_be_said(store: Store, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match=r"Expected (the names|one of: bulk, default)"):
        printed("pause_queues", *arguments)
    assert not any(view.paused for view in control.queues())
