"""The worker process proper, started by the supervisor: `python -m …worker.child OPTIONS`.

It runs user code (through its executor) and Ray's driver; either may end it at any time.
"""

import gc
import json
import logging
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from django_ray_runtime.bootstrap import set_up
from django_ray_runtime.exceptions import CallLost, ExecutorLost, RayUnavailable, Unusable
from django_ray_runtime.executors.base import Executor
from django_ray_runtime.worker.orphanage import dying_with_parent

# Exit code for what a restart cannot mend (sysexits.h: configuration error).
UNUSABLE = 78

# Exit code for what may come by itself, as a cluster after a reboot (sysexits.h: unavailable). The
# supervisor ends then, with LOST: whoever started it may start it again, a little later.
AWAY = 69

# Exit code for what a restart mends (sysexits.h: temporary failure).
LOST = 75

# Exit code for a restart that was wanted: the code has changed.
CHANGED = 76

# How long the processes that run tasks may take to be there before it is told.
TELLS_AFTER = 20.0
LOOKS_EVERY = 0.5

logger = logging.getLogger("django_ray_runtime.worker")


@dataclass(frozen=True, slots=True)
class Options:
    """What the supervisor tells its child."""

    worker: str
    queues: tuple[str, ...]
    concurrency: int | None
    executor: str  # ray, dask, sequential, or auto: Ray where it can be had
    address: str | None  # None: where Dask's own settings say
    grace: float
    temp_dir: str | None
    weights: tuple[int, ...] = ()  # of the queues, in their order
    max_tasks: int | None = None
    batch: bool = False
    reload: bool = False

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Options":
        values = json.loads(text)
        lists = {name: tuple(values[name]) for name in ("queues", "weights")}
        return cls(**{**values, **lists})


def main(arguments: list[str]) -> int:
    import django

    options = Options.from_json(arguments[0])
    django.setup()
    try:
        return _run(options)
    except ExecutorLost as error:
        logger.error("%s This worker ends; another takes its place.", error)
        return LOST
    except Unusable as error:
        sys.stderr.write(f"run_ray_worker: {error}\n")
        return AWAY if error.may_pass else UNUSABLE


def _run(options: Options) -> int:
    with dying_with_parent(sys.stdin.fileno()):  # from then on the loop looks after that
        executor, disconnect = _connect(options)
    try:
        return _work(options, executor)
    finally:
        # A Ray that is gone would only keep us waiting.
        if not isinstance(sys.exception(), ExecutorLost):
            disconnect()


def _work(options: Options, executor: Executor) -> int:
    from django_ray_runtime.conf import runtime_settings
    from django_ray_runtime.states import WorkerState
    from django_ray_runtime.store import get_liveness, get_store
    from django_ray_runtime.worker.dispatcher import Dispatcher
    from django_ray_runtime.worker.duties import duties_of
    from django_ray_runtime.worker.listener import Listener
    from django_ray_runtime.worker.loop import Loop
    from django_ray_runtime.worker.maintenance import Maintenance
    from django_ray_runtime.worker.reload import watch_code
    from django_ray_runtime.worker.wakeup import Wakeup

    settings = runtime_settings()
    store, liveness = get_store(), get_liveness()
    concurrency = options.concurrency or executor.slots()
    wakeup = Wakeup(parent=sys.stdin.fileno())
    dispatcher = Dispatcher(
        store,
        executor,
        worker=options.worker,
        queues=options.queues,
        concurrency=concurrency,
        weights=dict(zip(options.queues, options.weights, strict=True)) if options.weights else {},
        max_tasks=options.max_tasks,
        wake=wakeup.set,
    )
    listener = Listener(store.alias, lambda notice: loop.ring(notice))
    duties = duties_of(dispatcher, liveness, settings, listener.patience, lambda: loop.ring())
    maintenance = Maintenance(duties)
    loop = Loop(
        dispatcher, maintenance, wakeup, settings,
        grace=options.grace, batch=options.batch, patience=listener.patience,
    )  # fmt: skip
    # After Ray: its start puts a handler of its own into place.
    signal.signal(signal.SIGTERM, lambda *_: loop.stop())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _warm_up(executor, lambda: loop.stop_asked)
    if not liveness.move(
        options.worker, WorkerState.ACTIVE, executor=executor.name, concurrency=concurrency
    ):
        raise ExecutorLost(f"Worker {options.worker} was declared dead before it began.")
    logger.info(
        "Worker %s takes tasks of %s, %d at once, on %s",
        options.worker, ", ".join(options.queues), concurrency, executor.name,
    )  # fmt: skip
    gc.freeze()  # what is loaded now stays: the collector need not look at it
    changed = threading.Event()
    listener.start()
    if options.reload:
        watch_code(lambda: _start_anew(changed, loop.stop))
    loop.run()
    liveness.note_stats(options.worker, dispatcher.books.stats.to_dict())
    liveness.move(options.worker, WorkerState.STOPPED)
    executor.close()
    if loop.wakeup.parent_gone and options.temp_dir:
        # The supervisor would have removed it; Ray's processes end with us.
        shutil.rmtree(options.temp_dir, ignore_errors=True)
    return CHANGED if changed.is_set() else 0


def _start_anew(changed: threading.Event, stop: Callable[[], None]) -> None:
    changed.set()
    stop()


def _connect(options: Options) -> tuple[Executor, Callable[[], None]]:
    """The executor asked for, and what to call at the end."""
    from django_ray_runtime import dask_cluster, ray_cluster
    from django_ray_runtime.executors import BackgroundExecutor

    if options.executor == "sequential":
        return BackgroundExecutor(), _nothing
    if options.executor == "dask":
        dask = dask_cluster.join_or_start_for_tasks(options.address, options.temp_dir)
        return dask.executor(), dask.close
    try:
        cluster = ray_cluster.join_or_start(options.address, temp_dir=options.temp_dir)
    except RayUnavailable as error:
        if options.executor == "ray" or options.address not in {None, "auto", "local"}:
            raise
        logger.warning("%s Running tasks sequentially.", error)
        return BackgroundExecutor(), _nothing
    from django_ray_runtime.executors.ray import RayExecutor

    return RayExecutor(), cluster.close


def _nothing() -> None:
    """Nothing was started."""


def _warm_up(executor: Executor, stop_asked: Callable[[], bool]) -> None:
    """Set Django up in as many processes as will run tasks, before the first one comes. Where a
    cluster has none to spare it says so and waits, until there is or it has to stop."""
    handles = [executor.submit(set_up) for _ in range(min(executor.slots(), 16))]
    tell_at: float | None = time.monotonic() + TELLS_AFTER
    for handle in handles:
        while not executor.wait([handle], timeout=LOOKS_EVERY):
            if stop_asked():
                return
            if tell_at is not None and time.monotonic() > tell_at:
                tell_at = None
                logger.warning(
                    "Nothing has set Django up within %g s. A cluster whose CPUs are all taken, or "
                    "that has none, keeps this worker waiting until a task ends or a node joins.",
                    TELLS_AFTER,
                )
        try:
            executor.outcome(handle)
        except CallLost as error:
            raise ExecutorLost(f"A process ended while it was set up: {error}") from None
        except ExecutorLost:
            raise
        except Exception as error:
            raise Unusable(
                "A process that runs tasks could not set Django up: "
                f"{type(error).__name__}: {error} Is the project's code there, and are the "
                "functions of DJANGO_RAY_RUNTIME['PRELOAD'] in order?"
            ) from error


if __name__ == "__main__":
    exit_code = main(sys.argv[1:])
    logging.shutdown()
    # Not sys.exit: it would wait for a thread in which a task still runs that was given up.
    os._exit(exit_code)
