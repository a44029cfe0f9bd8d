"""The process of a lane: a Ray actor that runs the calls of a pack, one after the other.

It reserves no CPU, so that what a call fans out has them all. Outcomes go back as answers of
ordinary calls: those of a pack with its end, and what would have to wait for a slow neighbour
ahead of it, by `take`.
"""

import threading
import time
from collections.abc import Callable, Collection, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import ray

from django_ray_runtime.bootstrap import SetUpFirst
from django_ray_runtime.executors.interrupting import Interruptible
from django_ray_runtime.executors.journal import Journal, read

FLUSH_SECONDS = 0.005
"""How long an outcome waits at most for its neighbours."""

# The outcome of a call: [value], or [None, why there is none].
type Answer = tuple[int, list[Any]]

INTERRUPTED = "interrupted"


class LaneProcess:
    """Runs `func(item)` for the items that it is given, in their order."""

    def __init__(self, _: SetUpFirst | None, func: Callable[[Any], Any]) -> None:
        self._func = func
        node: Any = ray._private.worker._global_node
        self._journal = Journal(Path(node.get_session_dir_path()))
        self._running = Interruptible(remembers=8)
        self._lock = threading.Condition()  # of what follows; notified of the first answer
        self._begun = -1  # the latest number that has begun
        self._withdrawn: set[int] = set()
        self._answers: list[Answer] = []  # that have not been taken
        self._since = 0.0  # when the first of them came

    @ray.method(concurrency_group="mail")
    def where(self) -> tuple[str, str]:
        """The node that this is on, and the folder of its journal."""
        return ray.get_runtime_context().get_node_id(), str(self._journal.folder)

    @ray.method(concurrency_group="run")
    def run(self, first: int, items: Sequence[Any]) -> list[Answer]:
        """Run them; they are numbered from `first`. The answers that were not taken meanwhile."""
        self._journal.turn()
        for number, item in enumerate(items, first):
            if self._begin(number):
                self._end(number, self._outcome(number, item))
        self._journal.write()
        with self._lock:
            return self._taken()

    @ray.method(concurrency_group="mail")
    def take(self) -> list[Answer]:
        """Wait for answers that the pack's end keeps waiting."""
        with self._lock:
            while True:
                self._lock.wait_for(lambda: self._answers)
                left = self._since + FLUSH_SECONDS - time.monotonic()
                if left <= 0:
                    return self._taken()
                self._lock.wait(left)  # the pack may end first, and take them along

    @ray.method(concurrency_group="mail")
    def withdraw(self, numbers: Collection[int], interrupt: int | None = None) -> list[int]:
        """Take calls back; those of them that have not begun, and now never do. Call `interrupt`
        is interrupted if it runs (KeyboardInterrupt)."""
        with self._lock:
            never = [n for n in numbers if n > self._begun and n not in self._withdrawn]
            self._withdrawn.update(never)
        if interrupt is not None and interrupt not in never:
            self._running.interrupt(interrupt)
        return never

    @ray.method(concurrency_group="mail")
    def end(self) -> None:
        """It is needed no longer."""
        self._journal.remove()

    def _begin(self, number: int) -> bool:
        with self._lock:
            if number in self._withdrawn:
                self._withdrawn.remove(number)
                return False
            self._begun = number
        self._journal.began(number)
        return True

    def _outcome(self, number: int, item: Any) -> list[Any]:
        try:
            return [self._running.run(number, self._func, item)]
        except KeyboardInterrupt:
            return [None, INTERRUPTED]
        except BaseException as error:
            return [None, f"{type(error).__name__}: {error}"]

    def _end(self, number: int, outcome: list[Any]) -> None:
        self._journal.ended(number, outcome)
        with self._lock:
            if not self._answers:
                self._since = time.monotonic()
                self._lock.notify()
            self._answers.append((number, outcome))

    def _taken(self) -> list[Answer]:
        answers, self._answers = self._answers, []
        return answers


@cache
def lane_process() -> Any:
    """The actor's class."""
    options: dict[str, Any] = {
        "num_cpus": 0,
        "max_restarts": 0,
        "max_task_retries": 0,
        "scheduling_strategy": "SPREAD",
        "concurrency_groups": {"run": 1, "mail": 2},
    }
    return ray.remote(**options)(LaneProcess)


@cache
def journal_reader() -> Any:
    """What reads the journal of one that has ended, on its node."""
    return ray.remote(num_cpus=0, max_retries=0)(read)
