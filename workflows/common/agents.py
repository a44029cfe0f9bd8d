"""Agents, each with its task, in parallel: CrewAI's, or any object that has `execute_task`."""

from collections.abc import Iterable
from typing import Any, Protocol

from workflows.common.processors import OnProgress, process_in_parallel


class Agent(Protocol):
    def execute_task(self, task: Any) -> Any: ...


def execute_agent_task(agent: Agent, task: Any) -> Any:
    """What the agent answers to the task. Raises TypeError for what is no agent."""
    execute = getattr(agent, "execute_task", None)
    if not callable(execute):
        raise TypeError(
            f"An agent needs a method execute_task(task); {type(agent).__name__} has none."
        )
    return execute(task)


def execute_agents_in_parallel(
    pairs: Iterable[tuple[Agent, Any]],
    *,
    on_progress: OnProgress | None = None,
    **options: Any,
) -> list[Any]:
    """The answers of (agent, task) pairs in their order, a Failure where one failed.

    Each pair is a call of its own on the cluster, to which agent and task travel pickled.
    `options` are those of `process_in_parallel`; a language model takes its time, so that
    `timeout=None` is as long as the environment says.
    """
    return process_in_parallel(pairs, _execute, on_progress=on_progress, **options)


def _execute(pair: tuple[Agent, Any]) -> Any:
    agent, task = pair
    return execute_agent_task(agent, task)
