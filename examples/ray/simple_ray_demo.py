"""A first program of some size: remote functions, actors that work off a list, and a pipeline.

python simple_ray_demo.py
"""

from collections.abc import Sequence

import cluster
import ray


@ray.remote
def clean(texts: Sequence[str]) -> list[str]:
    return [text.strip().lower() for text in texts]


@ray.remote
def split(texts: Sequence[str]) -> list[str]:
    return [word for text in texts for word in text.split()]


@ray.remote
def count(words: Sequence[str]) -> dict[str, int]:
    return {word: words.count(word) for word in set(words)}


@ray.remote
def merge(*parts: dict[str, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in parts:
        for word, times in part.items():
            found[word] = found.get(word, 0) + times
    return found


def pipeline(texts: Sequence[str], size: int = 10) -> dict[str, int]:
    """How often each word occurs: three steps for each chunk, and one that brings them together.

    Nothing is waited for on the way. A reference that is an argument makes a call wait, on the
    cluster, until it is there: the chunks go through their steps independently.
    """
    counted = []
    for start in range(0, len(texts), size):
        counted.append(count.remote(split.remote(clean.remote(texts[start : start + size]))))
    return ray.get(merge.remote(*counted))


def serial(texts: Sequence[str]) -> dict[str, int]:
    """The same without Ray."""
    words = [word for text in texts for word in text.strip().lower().split()]
    return {word: words.count(word) for word in set(words)}


@ray.remote
class TaskProcessor:
    """Works tasks off; one that fails is reported, and the actor goes on."""

    def __init__(self, name: str) -> None:
        self._name, self._done, self._failed = name, 0, 0

    def process(self, number: int) -> dict[str, object]:
        try:
            result = 100 // number
        except ZeroDivisionError as error:
            self._failed += 1
            return {"id": number, "by": self._name, "error": str(error)}
        self._done += 1
        return {"id": number, "by": self._name, "result": result}

    def counts(self) -> tuple[int, int]:
        return self._done, self._failed


def remote_functions() -> None:
    """A call that takes the result of another."""
    words = split.remote(clean.remote(["  Ray here  ", "RAY there"]))
    cluster.check(
        "references go from call to call", ray.get(words) == ["ray", "here", "ray", "there"]
    )


def task_processors() -> None:
    """Two actors, twenty tasks, one of which fails."""
    actors = [TaskProcessor.remote(name) for name in ("first", "second")]
    found = ray.get([actors[n % 2].process.remote(n) for n in range(20)])
    cluster.check("every id is there once", [one["id"] for one in found] == list(range(20)))
    failed = [one for one in found if "error" in one]
    cluster.check("the one that fails is reported", [one["id"] for one in failed] == [0])
    counts = ray.get([actor.counts.remote() for actor in actors])
    cluster.check("the counts add up", counts == [(9, 1), (10, 0)])
    cluster.check("its actor survived", ray.get(actors[0].process.remote(50))["result"] == 2)


def steps() -> None:
    """Three steps for each chunk, and one for all."""
    for quantity in (0, 1, 9, 10, 11, 95):
        texts = [f" Line {n % 3} of  {n % 7} " for n in range(quantity)]
        cluster.check(f"{quantity} texts: as the loop has it", pipeline(texts) == serial(texts))


if __name__ == "__main__":
    cluster.run(remote_functions, task_processors, steps)
