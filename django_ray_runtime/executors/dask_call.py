"""A call where it runs: in a thread of a Dask worker, which may run others beside it."""

import contextvars
import pickle
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from distributed import get_worker, secede
from distributed.threadpoolexecutor import thread_state
from django.apps import apps
from django.db import connections

from django_ray_runtime.exceptions import CallCancelled
from django_ray_runtime.executors.base import Shared
from django_ray_runtime.executors.interrupting import Interruptible
from django_ray_runtime.executors.parcel import invoke

_calls = Interruptible(remembers=4096)  # those that run in this process, by key
_roots: dict[str, str] = {}  # of each of them, the call from which it comes
_root: contextvars.ContextVar[str | None] = contextvars.ContextVar("root", default=None)
_brought: contextvars.ContextVar[dict[str, bytes]] = contextvars.ContextVar("brought")
_unpacked: dict[str, tuple[Any]] = {}


class Stored[T](Shared[T]):
    """A pickled value that the workers hold. Each process unpacks it once."""

    def __init__(self, key: str, future: Any = None) -> None:
        self.key = key
        self.future = future

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.key,)  # the call brings what the future stands for

    def get(self) -> T:
        kept = _unpacked.get(self.key)
        if kept is None:
            kept = (pickle.loads(_brought.get()[self.key]),)  # noqa: S301  # nosec  # packed by share
            _unpacked.clear()  # one: more would keep large values for ever
            _unpacked[self.key] = kept
        value: T = kept[0]
        return value


def run_call(key: str, root: str, parcel: bytes, shared: dict[str, bytes]) -> Any:
    """Run what `submit` packed; until it is over, `interrupt` reaches it."""
    with _known_as(key, root, shared):
        try:
            return _calls.run(key, _run, parcel)
        except KeyboardInterrupt:
            raise CallCancelled("The call was interrupted.") from None


def interrupt(keys: list[str]) -> None:
    """Interrupt these calls where they run here, and those that come from them."""
    for key in keys:
        _calls.interrupt(key)
    for key, root in list(_roots.items()):
        if root in keys and root != key:
            _calls.interrupt(key)


def is_running(key: str) -> bool:
    """Whether this call runs in this process."""
    return key in _roots


def root_of_here() -> str | None:
    """The call from which the one comes that runs here, if any does."""
    return _root.get()


def give_thread_back() -> None:
    """Let the worker run something else in the place of this task, which waits. For good, as
    `distributed.worker_client` does: to take the place back would mean to wait for it."""
    with suppress(ValueError):  # not in a task
        get_worker()
        if getattr(thread_state, "proceed", False):
            secede()


def _run(parcel: bytes) -> Any:
    return invoke(pickle.loads(parcel))  # noqa: S301  # nosec  # packed by submit


@contextmanager
def _known_as(key: str, root: str, shared: dict[str, bytes]) -> Iterator[None]:
    tokens = _brought.set(shared), _root.set(root)
    _roots[key] = root
    try:
        yield
    finally:
        del _roots[key]
        _brought.reset(tokens[0])
        _root.reset(tokens[1])
        if apps.ready and not getattr(thread_state, "proceed", True):
            connections.close_all()  # a thread that was given back ends with its call
