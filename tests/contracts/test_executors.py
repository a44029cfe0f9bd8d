"""What every executor must do."""

import os
import threading

import pytest

from django_ray_runtime.exceptions import CallCancelled, CallLost
from django_ray_runtime.executors import BackgroundExecutor, CallOptions, Executor


def divide(a: float, b: float = 1) -> float:
    return a / b


def die() -> None:
    os._exit(7)


def test_a_call_gives_its_value(executor: Executor) -> None:
    handle = executor.submit(divide, 6, b=3)
    assert executor.wait([handle]) == [handle]
    assert executor.outcome(handle) == 2


def test_a_call_gives_its_own_exception(executor: Executor) -> None:
    handle = executor.submit(divide, 1, b=0)
    executor.wait([handle])
    with pytest.raises(ZeroDivisionError, match="division by zero"):
        executor.outcome(handle)


def test_the_callback_comes_once_with_the_handle(executor: Executor) -> None:
    called: list[object] = []
    done = threading.Event()

    def note(handle: object) -> None:
        called.append(handle)
        done.set()

    handle = executor.submit(divide, 1, on_done=note)
    assert done.wait(60)
    assert called == [handle]
    assert executor.outcome(handle) == 1


def test_the_callback_comes_for_a_failed_call_too(executor: Executor) -> None:
    done = threading.Event()
    handle = executor.submit(divide, 1, 0, on_done=lambda _: done.set())
    assert done.wait(60)
    with pytest.raises(ZeroDivisionError):
        executor.outcome(handle)


def test_all_that_is_done_is_reported(executor: Executor) -> None:
    handles = [executor.submit(divide, n) for n in range(5)]
    waiting, done = list(handles), []
    while waiting:
        ready = executor.wait(waiting)
        assert ready
        done += ready
        waiting = [handle for handle in waiting if handle not in ready]
    assert sorted(executor.outcome(handle) for handle in done) == [0, 1, 2, 3, 4]


def test_closures_and_lambdas_can_be_called(executor: Executor) -> None:
    factor = 3
    handle = executor.submit(lambda n: n * factor, 5)
    executor.wait([handle])
    assert executor.outcome(handle) == 15


def test_there_is_at_least_one_slot(executor: Executor) -> None:
    assert executor.slots() >= 1


def test_a_recalled_call_that_has_not_started_is_cancelled() -> None:
    executor = BackgroundExecutor()
    release = threading.Event()
    first = executor.submit(release.wait, 60)
    second = executor.submit(divide, 1)
    executor.recall(second)
    release.set()
    executor.wait([second])
    with pytest.raises(CallCancelled):
        executor.outcome(second)
    executor.wait([first])
    assert executor.outcome(first) is True
    executor.close()


@pytest.mark.usefixtures("ray_cluster_here")
class TestRay:
    @pytest.fixture
    def executor(self) -> Executor:
        from django_ray_runtime.executors.ray import RayExecutor

        return RayExecutor()

    def test_a_call_whose_process_dies_is_lost(self, executor: Executor) -> None:
        handle = executor.submit(die, options=CallOptions(max_retries=0))
        executor.wait([handle])
        with pytest.raises(CallLost):
            executor.outcome(handle)

    def test_a_call_waiting_for_a_cpu_can_be_recalled(
        self, executor: Executor, tmp_path: object
    ) -> None:
        from tests.tasks import wait_for_file

        started, release = f"{tmp_path}/started", f"{tmp_path}/release"
        running = executor.submit(
            wait_for_file.func, started, release, options=CallOptions(num_cpus=2)
        )
        waiting = executor.submit(divide, 1, options=CallOptions(num_cpus=2))
        executor.recall(waiting)
        executor.wait([waiting], timeout=60)
        with pytest.raises(CallCancelled):
            executor.outcome(waiting)
        open(release, "w").close()
        executor.wait([running])
        assert executor.outcome(running) == "released"

    def test_a_running_call_can_be_cancelled(self, executor: Executor, tmp_path: object) -> None:
        from tests.support import wait_until
        from tests.tasks import wait_for_file

        started = f"{tmp_path}/started"
        handle = executor.submit(wait_for_file.func, started, f"{tmp_path}/never")
        wait_until(lambda: os.path.exists(started), "the call starts")
        executor.cancel(handle)
        assert executor.wait([handle], timeout=60) == [handle]
        with pytest.raises((CallCancelled, CallLost)):
            executor.outcome(handle)

    def test_the_remote_traceback_is_told(self, executor: Executor) -> None:
        handle = executor.submit(divide, 1, 0)
        executor.wait([handle])
        with pytest.raises(ZeroDivisionError) as caught:
            executor.outcome(handle)
        assert "in divide" in "".join(caught.value.__notes__)


def what_it_got() -> dict[str, object]:
    import os

    import ray

    return {
        "resources": ray.get_runtime_context().get_assigned_resources(),
        "env": os.environ.get("DRR_TEST"),
    }


def test_a_call_gets_what_it_asks_of_the_cluster(ray_cluster_here: object) -> None:
    from django_ray_runtime.executors.ray import RayExecutor

    executor = RayExecutor()
    options = CallOptions(
        num_cpus=2, memory=50_000_000, runtime_env='{"env_vars": {"DRR_TEST": "here"}}'
    )
    handle = executor.submit(what_it_got, options=options)
    executor.wait([handle])
    got = executor.outcome(handle)
    assert got["env"] == "here"
    assert got["resources"]["CPU"] == 2
    assert got["resources"]["memory"] == 50_000_000
