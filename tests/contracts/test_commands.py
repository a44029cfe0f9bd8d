"""The commands of those who operate the queue, over both databases."""

import io
import json
import re
import sys
import uuid
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from rich.console import Console

from django_ray_runtime import bulk, control
from django_ray_runtime.management.commands import queue_status
from django_ray_runtime.models import QueuedTask
from django_ray_runtime.states import State
from django_ray_runtime.store import Store
from generation.models import GenerationJob
from tests.contracts.test_overview import enqueue, failed, make_silent
from tests.support import ROOT


def run(*command: str, **options: Any) -> str:
    out = io.StringIO()
    call_command(*command, stdout=out, **options)
    return out.getvalue()


def states() -> dict[uuid.UUID, str]:
    return dict(QueuedTask.objects.values_list("id", "state"))


def ended(state: State, days: float = 0, **values: Any) -> QueuedTask:
    finished_at = timezone.now() - timedelta(days=days)
    values = {"task_path": "a.task", **values}
    return QueuedTask.objects.create(state=state, finished_at=finished_at, **values)


# queue_status


def test_the_status_shows_queues_workers_and_failures(store: Store, worker: str) -> None:
    enqueue(store, 1200)
    control.pause_queue("bulk")
    failed(2, "a.task", "builtins.ValueError")
    lines = run("queue_status").splitlines()
    assert lines[0].split() == ["queue", "ready", "blocked", "scheduled", "running", "oldest"]
    assert lines[1].split()[:6] == ["bulk", "paused", "0", "0", "0", "0"]
    assert lines[2].split()[:5] == ["default", "1,200", "0", "0", "0"]
    assert any(line.split()[:5] == [worker, "active", "-", "0", "0"] for line in lines)
    assert any(line.split()[:3] == ["a.task", "builtins.ValueError", "2"] for line in lines)
    assert "\x1b" not in "".join(lines)


def test_the_status_says_that_nothing_is_there(store: Store) -> None:
    shown = run("queue_status")
    assert "No worker is running." in shown
    assert "Nothing failed within the last 1h00m." in shown


def test_a_silent_worker_is_told(worker: str) -> None:
    make_silent(worker)
    assert "silent" in run("queue_status")


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
    document = json.loads(run("queue_status", "--json"))
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
    shown = run("queue_status", "--queue", "bulk")
    assert "default" not in shown
    assert worker not in shown
    assert "Nothing failed" in shown


def test_an_unknown_queue_is_refused(store: Store) -> None:
    with pytest.raises(CommandError, match=r"no queue 'nope'.*bulk, default"):
        run("queue_status", "--queue", "nope")


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
    lines = run("queue_status", "--watch", "0.5").splitlines()
    ready = [line.split()[1] for line in lines if line.startswith("default")]
    assert ready == ["0", "1", "2", "3"]  # and once more at the end
    assert pauses == [0.5, 0.5, 0.5]


# requeue_tasks


def test_failed_tasks_are_requeued(store: Store) -> None:
    failed(3, "a.task", "builtins.ValueError")
    kept = ended(State.CANCELLED)
    assert run("requeue_tasks", "--failed", "--yes") == "Requeued 3 tasks.\n"
    assert sorted(states().values()) == ["CANCELLED", "READY", "READY", "READY"]
    assert states()[kept.id] == "CANCELLED"


@pytest.mark.parametrize("state", [State.CANCELLED, State.EXPIRED])
def test_other_ends_are_requeued_when_named(store: Store, state: State) -> None:
    row = ended(state)
    failed(1, "a.task", "builtins.ValueError")
    run("requeue_tasks", f"--{state.value.lower()}", "--yes")
    assert [task_id for task_id, now in states().items() if now == "READY"] == [row.id]


@pytest.mark.parametrize(
    "options",
    [
        ["--task", "a.task"],
        ["--queue", "bulk"],
        ["--exception", "builtins.ValueError"],
        ["--exception", "ValueError"],
        ["--since", "1h"],
    ],
)
def test_each_option_selects(store: Store, options: list[str]) -> None:
    failed(1, "a.task", "builtins.ValueError")
    wanted = QueuedTask.objects.get()
    QueuedTask.objects.update(queue_name="bulk")
    failed(1, "b.task", "my.OtherValueError", ago=timedelta(hours=2))
    assert run("requeue_tasks", *options) == "Requeued 1 task.\n"
    assert states()[wanted.id] == "READY"


def test_all_options_must_hold(store: Store) -> None:
    failed(1, "a.task", "builtins.ValueError")
    assert run("requeue_tasks", "--task", "a.task", "--exception", "KeyError") == (
        "Requeued 0 tasks.\n"
    )


def test_without_a_selection_nothing_is_requeued(store: Store) -> None:
    failed(1, "a.task", "builtins.ValueError")
    for options in ([], ["--yes"], ["--limit", "5"]):
        with pytest.raises(CommandError, match="Expected what to requeue"):
            run("requeue_tasks", *options)
    assert set(states().values()) == {"FAILED"}


def test_a_dry_run_only_tells(store: Store) -> None:
    failed(3, "a.task", "builtins.ValueError")
    assert run("requeue_tasks", "--failed", "--dry-run") == "3 tasks would be requeued.\n"
    assert run("requeue_tasks", "--failed", "--dry-run", "--limit", "2").startswith("2 tasks")
    assert set(states().values()) == {"FAILED"}


def test_a_limit_and_small_batches_hold(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "BATCH", 2)
    failed(7, "a.task", "builtins.ValueError")
    assert run("requeue_tasks", "--failed", "--limit", "5") == "Requeued 5 tasks.\n"
    assert sorted(states().values()) == ["FAILED"] * 2 + ["READY"] * 5


def test_named_tasks_that_are_left_out_have_a_reason(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    [waiting] = enqueue(store)
    gone, fit = uuid.uuid4(), ended(State.EXPIRED)
    out = io.StringIO()
    with pytest.raises(SystemExit) as exit_info:
        call_command("requeue_tasks", "--id", str(waiting.id), str(gone), str(fit.id), stdout=out)
    assert exit_info.value.code == 1
    assert set(out.getvalue().splitlines()) == {
        "Requeued 1 task.",
        "Left out 1 task: they are READY.",
        "Left out 1 task: unknown.",
    }


def test_a_task_whose_key_is_held_is_left_out(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django_ray_runtime.store import get_uniques

    monkeypatch.setattr(bulk, "BATCH", 1)
    held = ended(State.FAILED, unique_key="k")
    failed(1, "a.task", "builtins.ValueError")
    get_uniques().enqueue([QueuedTask(task_path="a.task", unique_key="k")], None)
    result = bulk.requeue_selected(bulk.Selection(states=(State.FAILED,)))
    assert (result.requeued, dict(result.left_out)) == (1, {bulk.KEY_HELD: 1})
    assert states()[held.id] == "FAILED"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    def set_answer(text: str) -> list[str]:
        asked: list[str] = []
        monkeypatch.setattr(sys, "stdin", Terminal())
        monkeypatch.setattr("builtins.input", lambda prompt: asked.append(prompt) or text)
        return asked

    return set_answer


def test_more_than_one_task_is_asked_about_on_a_terminal(store: Store, answer: Any) -> None:
    failed(2, "a.task", "builtins.ValueError")
    asked = answer("n")
    with pytest.raises(CommandError, match="Nothing was requeued"):
        run("requeue_tasks", "--failed")
    assert asked == ["Requeue 2 tasks? [y/N] "]
    answer("y")
    assert run("requeue_tasks", "--failed") == "Requeued 2 tasks.\n"


def test_one_task_is_not_asked_about(store: Store, answer: Any) -> None:
    failed(1, "a.task", "builtins.ValueError")
    asked = answer("n")
    assert run("requeue_tasks", "--failed") == "Requeued 1 task.\n"
    assert asked == []


# prune_tasks


def test_old_tasks_are_pruned_by_the_settings_ages(store: Store) -> None:
    old, young = ended(State.SUCCESSFUL, days=8), ended(State.SUCCESSFUL, days=6)
    failure = ended(State.FAILED, days=8)
    shown = run("prune_tasks").splitlines()
    assert set(states()) == {young.id, failure.id}
    assert old.id not in states()
    assert [line.split() for line in shown[:4]] == [
        ["cancelled", "older", "than", "7", "days"],
        ["expired", "older", "than", "7", "days"],
        ["failed", "older", "than", "30", "days"],
        ["successful", "older", "than", "7", "days"],
    ]
    assert shown[4] == "Deleted 1 task."


def test_state_and_age_can_be_given(store: Store) -> None:
    ended(State.SUCCESSFUL, days=2)
    kept = ended(State.FAILED, days=0.5), ended(State.CANCELLED, days=2)
    ended(State.FAILED, days=2)
    run("prune_tasks", "--state", "failed", "--state", "successful", "--older-than", "1d")
    assert set(states()) == {row.id for row in kept}


def test_a_dry_run_deletes_nothing(store: Store) -> None:
    ended(State.SUCCESSFUL, days=8)
    assert "1 task would be deleted." in run("prune_tasks", "--dry-run")
    assert len(states()) == 1


def test_what_is_protected_is_left_and_told(store: Store) -> None:
    protected = ended(State.SUCCESSFUL, days=8)
    ended(State.SUCCESSFUL, days=8)
    GenerationJob.objects.create(
        task=protected, lottery="mega-sena", constraints={}, quantity=1, file_format="csv"
    )
    shown = run("prune_tasks")
    assert "Deleted 1 task." in shown
    assert "Left out 1 old task that another model protects." in shown
    assert set(states()) == {protected.id}


def test_batches_have_a_pause_between_them(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_ray_runtime.store.pruning.BATCH", 2)
    for _ in range(5):
        ended(State.SUCCESSFUL, days=8)
    pauses: list[float] = []
    ages = bulk.ages_of((), None)
    assert list(bulk.prune_all(ages, 0.2, pauses.append)) == [2, 2, 1]
    assert pauses == [0.2, 0.2, 0.2]


def test_a_state_that_is_kept_for_ever_is_told(store: Store, settings: Any) -> None:
    settings.DJANGO_RAY_RUNTIME = {"KEEP_FAILED_SECONDS": None}
    ended(State.FAILED, days=400)
    assert "kept for ever (give --older-than)" in run("prune_tasks", "--state", "failed")
    assert len(states()) == 1


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
    assert run("pause_queues", "--all") == (
        "bulk is paused; 0 running tasks.\ndefault is paused; 1 running task.\n"
    )
    assert store.claim(["default"], 1, worker) == []
    assert run("pause_queues", "default") == "default is paused already; 1 running task.\n"
    assert run("pause_queues", "default", "--resume") == "default is open; 2 ready tasks.\n"
    assert [view.paused for view in control.queues()] == [True, False]
    assert len(store.claim(["default"], 5, worker)) == 2


@pytest.mark.parametrize("arguments", [(), ("bulk", "--all"), ("nobody",)])
def test_what_is_to_be_paused_must_be_said(store: Store, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match=r"Expected (the names|one of: bulk, default)"):
        run("pause_queues", *arguments)
    assert not any(view.paused for view in control.queues())
