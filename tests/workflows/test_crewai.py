"""Real CrewAI agents in parallel on a real Ray, offline: their language model is a few lines."""

import os
from typing import Any

import pytest

for name in ("CREWAI_DISABLE_TELEMETRY", "CREWAI_DISABLE_TRACKING", "OTEL_SDK_DISABLED"):
    os.environ.setdefault(name, "true")  # before it is imported

crewai = pytest.importorskip(
    "crewai", reason="CrewAI is not installed; `make test-agents` runs this"
)

from django_ray_runtime.distributed import sequentially  # noqa: E402
from workflows.common.agents import execute_agent_task, execute_agents_in_parallel  # noqa: E402
from workflows.common.processors import Failure  # noqa: E402

pytestmark = [pytest.mark.filterwarnings("default"), pytest.mark.slow]


class Counting(crewai.BaseLLM):  # type: ignore[misc]
    """Answers with the number of words of the task, always the same."""

    def __init__(self) -> None:
        super().__init__(model="counting")

    def call(self, messages: Any, *args: Any, **kwargs: Any) -> str:
        asked = messages if isinstance(messages, str) else messages[-1]["content"]
        if "fail" in asked:
            raise RuntimeError("the model is out of order")
        words = asked.split("Current Task:")[-1].split("\n")[0].split()
        return f"Thought: I now can give a great answer\nFinal Answer: {len(words)} words"


def agent(role: str) -> Any:
    return crewai.Agent(role=role, goal="count", backstory="Counts words.", llm=Counting())


def task(text: str) -> Any:
    return crewai.Task(description=text, expected_output="a number of words")


def pairs() -> list[tuple[Any, Any]]:
    texts = ["one two three", "one", "a b c d"]
    return [(agent(f"counter {n}"), task(text)) for n, text in enumerate(texts)]


def test_one_agent_does_its_task() -> None:
    assert execute_agent_task(agent("counter"), task("one two")) == "2 words"


def test_agents_on_ray_answer_as_they_do_one_after_the_other(ray_cluster_here: Any) -> None:
    with sequentially():
        serial = execute_agents_in_parallel(pairs())
    assert serial == ["3 words", "1 words", "4 words"]
    assert execute_agents_in_parallel(pairs(), timeout=60) == serial


def test_a_model_that_fails_fails_alone() -> None:
    with sequentially():
        found = execute_agents_in_parallel([*pairs()[:1], (agent("x"), task("fail"))], retries=0)
    assert found[0] == "3 words"
    assert isinstance(found[1], Failure)
    assert "the model is out of order" in found[1].error
