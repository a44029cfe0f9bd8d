"""The same work as a request that goes through the queue: stored, claimed by a worker, spread over
its Ray, answered, and read back."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

OWNER = "benchmark"
MOST_SECONDS = 300.0


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked of a service, and `rows` of its answer as an array with a row for each item."""

    service: str
    operation: str
    body: dict[str, Any] = field(repr=False)
    rows: Callable[[dict[str, Any]], Any]

    def __call__(self) -> dict[str, Any]:
        """Submit, wait, and read the answer; its rows as a table of pyarrow."""
        import pyarrow.parquet as pq

        from ray_services import storing
        from ray_services.calculations import calculations_of, outcome_of, submit, wait_for
        from ray_services.operations import operation

        body = operation(self.service, self.operation).body.model_validate(self.body)
        calculation = submit(OWNER, self.service, self.operation, body)
        wait_for(calculation, MOST_SECONDS)
        outcome = outcome_of(calculations_of(OWNER).get(id=calculation.id))
        if outcome.answer is None:
            raise RuntimeError(f"{self.operation} is {outcome.state}: {outcome.error}")
        if outcome.rows is None:
            return outcome.answer
        with storing.open_file(outcome.rows["file"]) as file:
            return {**outcome.answer, outcome.rows["field"]: pq.read_table(file)}


def data_set(kind: str, content: bytes) -> str:
    """Upload a file of ours. Returns its SHA-256."""
    from ray_services import data_sets

    found, _ = data_sets.add(OWNER, kind, "benchmark", content)
    return found.sha256


@contextmanager
def worker_of(address: str) -> Iterator[None]:
    """A worker that runs what is queued on the Ray at this address."""
    from benchmarks.worker import Worker

    os.environ["RAY_ADDRESS"] = address
    with Worker("--executor", "ray"):
        yield
