"""requeue_tasks: which tasks it takes, and what it says of those it leaves."""

import io
import sys
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from django_ray_runtime import bulk
from django_ray_runtime.models import QueuedTask
from django_ray_runtime.states import State
from django_ray_runtime.store import Store
from tests.contracts.steps import ended, enqueue, printed, states
from tests.contracts.test_overview import failed


def test_failed_tasks_are_requeued(store: Store) -> None:
    failed(3, "a.task", "builtins.ValueError")
    kept = ended(State.CANCELLED)
    assert printed("requeue_tasks", "--failed", "--yes") == "Requeued 3 tasks.\n"
    assert sorted(states().values()) == ["CANCELLED", "READY", "READY", "READY"]
    assert states()[kept.id] == "CANCELLED"


@pytest.mark.parametrize("state", [State.CANCELLED, State.EXPIRED])
def test_other_ends_are_requeued_when_named(store: Store, state: State) -> None:
    row = ended(state)
    failed(1, "a.task", "builtins.ValueError")
    printed("requeue_tasks", f"--{state.value.lower()}", "--yes")
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
    assert printed("requeue_tasks", *options) == "Requeued 1 task.\n"
    assert states()[wanted.id] == "READY"


def test_all_options_must_hold(store: Store) -> None:
    failed(1, "a.task", "builtins.ValueError")
    assert printed("requeue_tasks", "--task", "a.task", "--exception", "KeyError") == (
        "Requeued 0 tasks.\n"
    )


def test_without_a_selection_nothing_is_requeued(store: Store) -> None:
    failed(1, "a.task", "builtins.ValueError")
    for options in ([], ["--yes"], ["--limit", "5"]):
        with pytest.raises(CommandError, match="Expected what to requeue"):
            printed("requeue_tasks", *options)
    assert set(states().values()) == {"FAILED"}


def test_a_dry_run_only_tells(store: Store) -> None:
    failed(3, "a.task", "builtins.ValueError")
    assert printed("requeue_tasks", "--failed", "--dry-run") == "3 tasks would be requeued.\n"
    assert printed("requeue_tasks", "--failed", "--dry-run", "--limit", "2").startswith("2 tasks")
    assert set(states().values()) == {"FAILED"}


def test_a_limit_and_small_batches_hold(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "BATCH", 2)
    failed(7, "a.task", "builtins.ValueError")
    assert printed("requeue_tasks", "--failed", "--limit", "5") == "Requeued 5 tasks.\n"
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
        printed("requeue_tasks", "--failed")
    assert asked == ["Requeue 2 tasks? [y/N] "]
    answer("y")
    assert printed("requeue_tasks", "--failed") == "Requeued 2 tasks.\n"


def test_one_task_is_not_asked_about(store: Store, answer: Any) -> None:
    failed(1, "a.task", "builtins.ValueError")
    asked = answer("n")
    assert printed("requeue_tasks", "--failed") == "Requeued 1 task.\n"
    assert asked == []
