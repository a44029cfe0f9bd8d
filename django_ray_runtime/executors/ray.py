"""Running functions on Ray."""

import json
import socket
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future
from contextlib import suppress
from functools import lru_cache
from typing import Any, ClassVar

import ray
from django.apps import apps
from ray import exceptions as ray_errors

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.exceptions import CallCancelled, CallLost, ExecutorLost
from django_ray_runtime.executors import room
from django_ray_runtime.executors.base import (
    DEFAULT_OPTIONS,
    CallOptions,
    Executor,
    Handle,
    OnDone,
    Shared,
)
from django_ray_runtime.executors.packs import Packs
from django_ray_runtime.executors.parcel import invoke, pack
from django_ray_runtime.executors.ray_lanes import RayLanes

# What Ray raises when a process, a node or an object is gone, as opposed to what the
# user's function raised.
_LOST = (
    ray_errors.WorkerCrashedError,
    ray_errors.NodeDiedError,
    ray_errors.ObjectLostError,
    ray_errors.OutOfMemoryError,
    ray_errors.LocalRayletDiedError,
    ray_errors.RaySystemError,
)
_OF_A_CPU = 1 / 8  # what a call that reserves nothing counts as
_SLOTS_AGE = 5.0  # seconds for which the size of the cluster is remembered


class _RayCall:
    """One submitted call. Compared by identity."""

    __slots__ = ("future", "ref")

    def __init__(self, ref: Any) -> None:
        self.ref = ref
        self.future: Future[Any] | None = None

    def outcome(self) -> Any:
        try:
            if self.future is not None:
                return self.future.result(timeout=0)
            return ray.get(self.ref)
        except ray_errors.TaskCancelledError:
            raise CallCancelled("The call was taken back or stopped.") from None
        except ray_errors.RayTaskError as error:
            raise _own_exception(error) from None
        except _LOST as error:
            raise CallLost(f"{type(error).__name__}: {_first_line(error)}") from None

    def recall(self) -> None:
        ray.cancel(self.ref, force=False, recursive=False)

    def interrupt(self) -> None:
        ray.cancel(self.ref, force=False, recursive=True)

    def cancel(self) -> None:
        # Without force first would be kinder, but a chunk in compiled code does not see
        # an interrupt: what is cancelled here is pure and may die with its process.
        ray.cancel(self.ref, force=True, recursive=True)


@lru_cache(maxsize=64)
def _remote(options: CallOptions) -> Any:
    """One exported function serves every call: Ray ships only its arguments."""
    asked: dict[str, Any] = {
        "num_cpus": options.num_cpus,
        "num_gpus": options.num_gpus,
        "max_retries": options.max_retries,
        "name": options.name or None,
    }
    if options.memory is not None:
        asked["memory"] = options.memory
    if options.resources:
        asked["resources"] = dict(options.resources)
    if options.runtime_env:
        asked["runtime_env"] = json.loads(options.runtime_env)
    return ray.remote(invoke).options(**asked)


class _Stored[T](Shared[T]):
    """A value in the object store. Each process unpacks it once, however many calls it gets."""

    def __init__(self, ref: Any) -> None:
        self._ref = ref

    def get(self) -> T:
        key = self._ref.binary()
        if key not in _unpacked:
            while len(_unpacked) >= UNPACKED:
                del _unpacked[next(iter(_unpacked))]  # the oldest
            _unpacked[key] = ray.get(self._ref)
        value: T = _unpacked[key]
        return value


UNPACKED = 1  # more would keep large values in the object store
_unpacked: dict[bytes, Any] = {}


class _Tether:
    """A connection to a process of this machine that says nothing, and ends when it does: the
    only sign that the raylet of a cluster which somebody else started is gone."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        with suppress(OSError):  # has_parted says so
            self._socket.connect(path)
        self._socket.setblocking(False)

    @property
    def has_parted(self) -> bool:
        """Whether the other side has ended."""
        try:
            return self._socket.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def close(self) -> None:
        self._socket.close()


class RayExecutor(Executor):
    """Runs each call as a Ray task on the cluster this process is connected to."""

    name: ClassVar[str] = "ray"

    def __init__(self) -> None:
        self._slots = 0
        self._slots_until = 0.0
        self._nodes: list[dict[str, float]] = []
        self._nodes_until = 0.0
        self._lock = threading.Lock()
        self._raylet: _Tether | None = None
        self._lanes: RayLanes | None = None

    def packs(self, func: Callable[[Any], Any], wake: Callable[[], None], most: int) -> Packs:
        self._lanes = RayLanes(func, wake, lambda: min(most, self.slots()))
        return self._lanes

    def submit(
        self,
        func: Callable[..., Any],
        *args: Any,
        options: CallOptions = DEFAULT_OPTIONS,
        on_done: OnDone | None = None,
        **kwargs: Any,
    ) -> Handle:
        call = _RayCall(_remote(options).remote(pack(func, args, kwargs)))
        if on_done is not None:
            call.future = call.ref.future()
            call.future.add_done_callback(lambda _: on_done(call))
        return call

    def wait(self, handles: Collection[Handle], timeout: float | None = None) -> list[Handle]:
        # ray.wait rather than callbacks: a task that blocks here gives its CPUs back, so
        # that its own children can run on a full cluster.
        by_ref = {call.ref: call for call in handles}
        done, rest = ray.wait(list(by_ref), num_returns=1, timeout=timeout)
        if done and rest:  # it reports one; sweep what else is done
            done += ray.wait(rest, num_returns=len(rest), timeout=0)[0]
        ready = set(done)
        return [call for ref, call in by_ref.items() if ref in ready]

    def outcome(self, handle: Handle) -> Any:
        return handle.outcome()

    def recall(self, handle: Handle) -> None:
        handle.recall()

    def interrupt(self, handle: Handle) -> None:
        handle.interrupt()

    def cancel(self, handle: Handle) -> None:
        handle.cancel()

    def slots(self) -> int:
        with self._lock:
            if time.monotonic() >= self._slots_until:
                self._slots = max(1, int(ray.cluster_resources().get("CPU", 1)))
                self._slots_until = time.monotonic() + _SLOTS_AGE
            return self._slots

    def share[T](self, value: T) -> Shared[T]:
        return _Stored(ray.put(value))

    def weight(self, options: CallOptions) -> float:
        return options.num_cpus

    def slots_for(self, options: CallOptions) -> int:
        wanted = _wanted(options) | {"CPU": options.num_cpus or _OF_A_CPU}
        return max(1, sum(room.times(node, wanted) for node in self._node_resources()))

    def demand_room(self, options: CallOptions) -> None:
        wanted = _wanted(options)
        if wanted and not _autoscales():
            room.demand_room(
                self._node_resources(), wanted, "machine of the cluster",
                "Ask for less, or add such a machine; where the cluster grows by itself, set "
                "DJANGO_RAY_RUNTIME['RAY_AUTOSCALES'] = True.",
            )  # fmt: skip

    def demand_way(self, options: CallOptions) -> None:
        context = ray.get_runtime_context()
        worker = getattr(context, "worker", None)
        if worker is None or worker.mode != ray.WORKER_MODE or _autoscales():
            return
        held = dict(context.get_assigned_resources())
        who, remedy = f"call {context.get_task_name()}", "Let the outer call ask for less."
        if context.get_actor_id() is None:
            held.pop("CPU", None)  # a task that waits gives its CPUs back, an actor does not
        else:
            name = f" {context.get_actor_name()!r}" if context.get_actor_name() else ""
            who = f"actor{name} of {context.get_task_name()}"
            remedy = "Give the actor num_cpus=0 (@ray.remote(num_cpus=0)), or call from a task."
        wanted = {"CPU": options.num_cpus} | _wanted(options)
        if held:
            here = context.get_node_id()
            nodes = [(n["Resources"], n["NodeID"] == here) for n in ray.nodes() if n["Alive"]]
            room.demand_room_beside(nodes, held, wanted, who, remedy)

    def _node_resources(self) -> list[dict[str, float]]:
        with self._lock:
            if time.monotonic() >= self._nodes_until:
                self._nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
                self._nodes_until = time.monotonic() + _SLOTS_AGE
            return self._nodes

    def demand_alive(self) -> None:
        # After its raylet died, pending completions never come, and nothing else tells.
        if not ray.is_initialized():
            raise ExecutorLost("This process is no longer connected to Ray.")
        node = getattr(ray._private.worker, "_global_node", None)
        if node is None:  # a client (ray://), whose connection tells by itself
            return
        if dead := node.dead_processes():
            raise ExecutorLost(f"Ray's {dead[0][0]} on this machine has ended.")
        if self._raylet is None:
            self._raylet = _Tether(node.raylet_socket_name)
        if self._raylet.has_parted:
            raise ExecutorLost("The raylet of this machine has ended.")

    def close(self) -> None:
        """Whoever connected to Ray disconnects."""
        if self._lanes is not None:
            self._lanes.close()
        if self._raylet is not None:
            self._raylet.close()


def _autoscales() -> bool:
    return apps.ready and runtime_settings().ray_autoscales  # nobody says so outside of Django


def _wanted(options: CallOptions) -> dict[str, float]:
    """What a call asks for that a machine may lack: one CPU every machine with slots has."""
    wanted = {"GPU": options.num_gpus, "memory": float(options.memory or 0)}
    wanted |= dict(options.resources)
    if options.num_cpus > 1:
        wanted["CPU"] = options.num_cpus
    return {name: value for name, value in wanted.items() if value}


def _own_exception(error: Any) -> BaseException:
    """The exception that the user's function raised, with the remote traceback as a note."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, KeyboardInterrupt):
        return CallCancelled("The call was interrupted.")
    if isinstance(cause, ray_errors.RaySystemError):  # mostly: what it needs cannot be imported
        return RuntimeError(f"A call could not be run on Ray: {_last_line(error)}")
    if not isinstance(cause, Exception):  # SystemExit is not for us
        return RuntimeError(f"A call failed on Ray: {error}")
    cause.add_note(f"On Ray:\n{error}")
    return cause


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0]


def _last_line(error: BaseException) -> str:
    return ([line for line in str(error).splitlines() if line.strip()] or [""])[-1].strip()
