"""Tasks brought to their end without a worker process."""

from typing import Any

from django_ray_runtime.records import Failure, Outcome
from django_ray_runtime.states import State
from django_ray_runtime.store import Store


def finish(store: Store, worker: str, state: State, **values: Any) -> str:
    """Claim the next task and end it in `state`. Returns its id."""
    [claim] = store.claim(["default"], 1, worker)
    outcome = Outcome(id=claim.id, attempt=claim.attempt, state=state, **values)
    store.finish_many(worker, [outcome])
    return str(claim.id)


def fail(store: Store, worker: str, **values: Any) -> str:
    """The same with an error of its own."""
    failure = Failure("builtins.ValueError", values.pop("traceback", "no"))
    return finish(store, worker, State.FAILED, failure=failure, blamed=True, **values)
