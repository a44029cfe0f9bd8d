"""Steps over many items: order and length kept, failures in place, knobs obeyed."""

import time
from typing import Any

import pytest

from django_ray_runtime.distributed import using_executor
from django_ray_runtime.executors import SequentialExecutor
from workflows.common.agents import execute_agent_task, execute_agents_in_parallel
from workflows.common.knobs import Knobs, knobs
from workflows.common.processors import (
    Failure,
    by_priority,
    level_of,
    process_in_parallel,
    process_insight,
    process_insights_in_parallel,
)

SURE = {"effect": 0.9, "p_value": 1e-9}


def odd_only(number: int, plus: int = 0) -> int:
    if number % 2 == 0:
        raise ValueError(f"{number} is even")
    return number + plus


def sleepy(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


class Echo:
    """An agent."""

    def __init__(self, name: str) -> None:
        self.name = name

    def execute_task(self, task: str) -> str:
        if task == "fail":
            raise RuntimeError("this cannot be done")
        return f"{self.name}: {task}"


@pytest.fixture(params=["sequential", "ray"])
def anywhere(request: pytest.FixtureRequest) -> Any:
    """Without a cluster and with one."""
    if request.param == "ray":
        request.getfixturevalue("ray_cluster_here")
        yield
    else:
        with using_executor(SequentialExecutor()):
            yield


@pytest.mark.usefixtures("anywhere")
@pytest.mark.parametrize("size", [None, 3])
def test_failures_stand_in_their_place(size: int | None) -> None:
    found = process_in_parallel(range(7), odd_only, plus=10, retries=0, batch_size=size)
    even = [Failure("ValueError", f"{n} is even") for n in range(0, 7, 2)]
    assert found == [even[0], 11, even[1], 13, even[2], 15, even[3]]
    assert process_in_parallel([], odd_only, batch_size=size) == []


@pytest.mark.usefixtures("anywhere")
def test_progress_counts_items() -> None:
    told: list[tuple[int, int | None]] = []
    process_in_parallel([1, 3, 5], odd_only, on_progress=lambda *said: told.append(said))
    assert told[-1] == (3, 3)


@pytest.mark.slow
@pytest.mark.usefixtures("ray_cluster_here")
def test_an_item_that_takes_too_long_is_a_failure_and_the_others_are_not() -> None:
    found = process_in_parallel([0.0, 60.0, 0.01], sleepy, timeout=0.5, retries=0)
    assert (found[0], found[2]) == (0.0, 0.01)
    assert found[1].kind == "TimeoutError"
    assert "item 1 took over 0.5 s" in found[1].error


def test_what_raises_is_tried_again_as_often_as_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RAY_TASK_MAX_RETRIES", "2")
    calls: list[int] = []

    def shaky(item: int) -> int:
        calls.append(item)
        if len(calls) < 3:
            raise OSError("not yet")
        return item

    with using_executor(SequentialExecutor()):
        assert process_in_parallel([7], shaky) == [7]
    assert calls == [7, 7, 7]


@pytest.mark.usefixtures("anywhere")
def test_agents_answer_in_order_and_one_that_fails_fails_alone() -> None:
    pairs = [(Echo("a"), "x"), (Echo("b"), "fail"), (object(), "y"), (Echo("c"), "z")]
    found = execute_agents_in_parallel(pairs, retries=0)  # type: ignore[arg-type]
    assert (found[0], found[3]) == ("a: x", "c: z")
    assert found[1] == Failure("RuntimeError", "this cannot be done")
    assert found[2].kind == "TypeError"
    assert execute_agent_task(Echo("d"), "w") == "d: w"


@pytest.mark.parametrize(
    ("effect", "p_value", "priority", "level"),
    [
        (1.0, 0.0, 10, "HIGH"),
        (0.8, 0.001, 8, "HIGH"),
        (0.79, 1e-30, 8, "HIGH"),
        (0.7, 1e-30, 7, "MEDIUM"),
        (0.4, 1e-30, 4, "MEDIUM"),
        (0.3, 1e-30, 3, "LOW"),
        (0.9, 0.05, 4, "MEDIUM"),
        (0.9, 1.0, 0, "LOW"),
        (0.0, 0.0, 0, "LOW"),
    ],
)
def test_priority_is_effect_by_confidence(
    effect: float, p_value: float, priority: int, level: str
) -> None:
    found = process_insight({"effect": effect, "p_value": p_value, "text": "t"})
    assert (found["priority"], found["level"]) == (priority, level)
    assert (found["text"], found["model"]) == ("t", "evidence")


def test_levels_meet_where_they_are_said_to() -> None:
    assert [level_of(n) for n in (0, 3, 4, 7, 8, 10)] == [
        "LOW", "LOW", "MEDIUM", "MEDIUM", "HIGH", "HIGH",
    ]  # fmt: skip


def test_other_models_weigh_otherwise() -> None:
    weak = {"effect": 0.2, "p_value": 0.0}
    assert process_insight(weak, "effect")["priority"] == 2
    assert process_insight(weak, "confidence")["priority"] == 10
    with pytest.raises(ValueError, match="one of evidence, effect, confidence, got 'gpt'"):
        process_insight(SURE, "gpt")
    with pytest.raises(ValueError, match="got 'gpt'"):
        process_insights_in_parallel([SURE], "gpt")


@pytest.mark.usefixtures("anywhere")
def test_insights_without_evidence_are_failures_in_their_place() -> None:
    given = [SURE, {"effect": 0.5}, {"effect": float("nan"), "p_value": 0.1}, SURE]
    found = process_insights_in_parallel(given)
    assert [isinstance(one, Failure) for one in found] == [False, True, True, False]
    assert found[1].error == "An insight needs p_value, a number from 0 to 1; got None."


def test_equal_priorities_keep_their_order() -> None:
    given = [{"name": n, "priority": p} for n, p in [("a", 2), ("b", 9), ("c", 2), ("d", 9)]]
    assert [one["name"] for one in by_priority(given)] == ["b", "d", "a", "c"]


def test_knobs_have_their_defaults_and_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NUM_CPUS", "MAX_RETRIES", "TIMEOUT"):
        monkeypatch.delenv(f"RAY_TASK_{name}", raising=False)
    assert knobs() == Knobs(0.1, 3, 10.0, None, 2, None)
    monkeypatch.setenv("RAY_TASK_TIMEOUT", "0")
    monkeypatch.setenv("RAY_BATCH_SIZE", "5")
    assert (knobs().task_timeout, knobs().batch_size) == (None, 5)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RAY_TASK_NUM_CPUS", "many"),
        ("RAY_TASK_NUM_CPUS", "nan"),
        ("RAY_TASK_TIMEOUT", "-1"),
        ("RAY_BATCH_SIZE", "0"),
        ("RAY_BATCH_SIZE", "1.5"),
        ("RAY_DASHBOARD_PORT", "70000"),
    ],
)
def test_a_knob_that_cannot_be_used_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=f"{name} must be .*got '{value}'"):
        knobs()
