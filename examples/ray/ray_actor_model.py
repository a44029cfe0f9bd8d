"""Actors: objects that live in a process of their own, keep their state, and take calls in turn.

python ray_actor_model.py
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import cluster
import ray


@ray.remote
class Counting:
    """Calls of several callers arrive one after the other: nothing needs a lock."""

    def __init__(self) -> None:
        self._count = 0

    def increment(self) -> int:
        self._count += 1
        return self._count

    def value(self) -> int:
        return self._count


@ray.remote
class StateKeeper:
    """Values by key, for whoever has its handle."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}

    def set(self, key: str, value: Any) -> None:
        self._values[key] = value

    def get(self, key: str) -> Any:
        return self._values[key]  # a key that is missing raises KeyError, at the caller's get

    def delete(self, key: str) -> bool:
        there = key in self._values
        self._values.pop(key, None)
        return there

    def snapshot(self) -> dict[str, Any]:
        return dict(self._values)  # a copy: later changes do not show in it


@ray.remote
class Specialist:
    """Works on insights of one kind, and counts them."""

    def __init__(self, kind: str) -> None:
        self._kind, self._lengths = kind, list[int]()

    def work(self, insight: Mapping[str, str]) -> str:
        self._lengths.append(len(insight["text"]))
        return f"{self._kind}: {insight['text']}"

    def statistics(self) -> dict[str, int]:
        return {"insights": len(self._lengths), "characters": sum(self._lengths)}


KINDS = {"security": ("leak", "password"), "speed": ("slow", "latency"), "other": ()}


def kind_of(insight: Mapping[str, str]) -> str:
    """The first kind of which a word stands in the text."""
    words = insight["text"].lower()
    return next(
        kind for kind, known in KINDS.items() if not known or any(w in words for w in known)
    )


def route(insights: Sequence[Mapping[str, str]]) -> tuple[list[str], dict[str, dict[str, int]]]:
    """Each insight to its specialist: the answers in order, and what each actor counted."""
    actors = {kind: Specialist.remote(kind) for kind in KINDS}
    answers = ray.get([actors[kind_of(one)].work.remote(one) for one in insights])
    counted = {kind: ray.get(actor.statistics.remote()) for kind, actor in actors.items()}
    return answers, counted


def counter() -> None:
    """A hundred increments by four callers."""
    actor = Counting.remote()

    @ray.remote
    def caller(times: int) -> list[int]:
        return ray.get([actor.increment.remote() for _ in range(times)])  # a handle can be sent

    seen = ray.get([caller.remote(25) for _ in range(4)])
    cluster.check("the count is 100", ray.get(actor.value.remote()) == 100)
    cluster.check(
        "no two saw the same",
        sorted(number for one in seen for number in one) == list(range(1, 101)),
    )


def state_keeper() -> None:
    """Set, get, delete, snapshot, and a key that is missing."""
    keeper = StateKeeper.remote()
    # Calls of one caller run in their order: nobody has to wait for the first to send the second.
    keeper.set.remote("city", "Recife")
    keeper.set.remote("year", 2026)
    before = ray.get(keeper.snapshot.remote())
    cluster.check("what was set can be got", ray.get(keeper.get.remote("city")) == "Recife")
    deleted = ray.get([keeper.delete.remote("city"), keeper.delete.remote("city")])
    cluster.check("what is there can be deleted, once", deleted == [True, False])
    cluster.check("a snapshot stays as it was", before == {"city": "Recife", "year": 2026})
    try:
        ray.get(keeper.get.remote("city"))
        missed = False
    except KeyError:  # as which the error of the actor arrives
        missed = True
    cluster.check("a missing key is told", missed)
    cluster.check("and the actor lives on", ray.get(keeper.snapshot.remote()) == {"year": 2026})


def specialists() -> None:
    """Insights, each to the actor that knows about it."""
    texts = ["A password in the log", "Slow on Mondays", "A new logo", "Latency doubled", "A leak"]
    answers, counted = route([{"text": text} for text in texts])
    expected = ["security", "speed", "other", "speed", "security"]
    cluster.check("each went to the right one", [one.split(":")[0] for one in answers] == expected)
    counts = {kind: one["insights"] for kind, one in counted.items()}
    cluster.check("the statistics add up", counts == Counter(expected))
    characters = sum(one["characters"] for one in counted.values())
    cluster.check("nothing was lost on the way", characters == sum(map(len, texts)))


if __name__ == "__main__":
    cluster.run(counter, state_keeper, specialists)
