"""Packs: many short calls given together, on each executor that has lanes for them."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from django_ray_runtime import ray_cluster
from django_ray_runtime.exceptions import CallCancelled, CallLost, CallNotStarted
from django_ray_runtime.executors import Executor
from django_ray_runtime.executors.packs import Packs
from tests.conftest import an_executor
from tests.packed import act
from tests.ray_nodes import CLUSTER, head
from tests.support import ROOT, wait_until

SLOTS = 2


class Given:
    """Packs of one executor, and what became of the calls."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor
        self.told = threading.Event()
        packs = executor.packs(act, self.told.set, SLOTS)
        assert packs is not None
        self.packs: Packs = packs
        self.ended: list[Any] = []
        self.ready()

    def ready(self) -> None:
        """Wait for a lane that is idle."""
        wait_until(lambda: self.collect() and self.packs.room(SLOTS), "a lane that takes packs")

    def collect(self) -> bool:
        self.ended += self.packs.collect()
        return True

    def give(self, *items: list[Any]) -> list[Any]:
        assert self.packs.room(SLOTS)
        return self.packs.give(items)

    def wait(self, *handles: Any) -> list[Any]:
        """The outcomes, or the errors, of these."""
        wait_until(lambda: self.collect() and set(handles) <= set(self.ended), "all have ended")
        return [self.outcome(handle) for handle in handles]

    def outcome(self, handle: Any) -> Any:
        try:
            return self.executor.outcome(handle)
        except Exception as error:
            return type(error)

    def wait_for_file(self, file: Path) -> None:
        wait_until(file.exists, f"{file.name} is there")


@pytest.fixture(params=["background", "ray"])
def given(request: pytest.FixtureRequest) -> Iterator[Given]:
    with an_executor(request, request.param) as executor:
        yield Given(executor)


@pytest.fixture
def on_ray(ray_cluster_here: object, request: pytest.FixtureRequest) -> Iterator[Given]:
    with an_executor(request, "ray") as executor:
        yield Given(executor)


def files(folder: Path) -> tuple[Path, Path]:
    return folder / "started", folder / "release"


def waiting(folder: Path) -> list[Any]:
    started, release = files(folder)
    return ["wait", str(started), str(release)]


def test_each_call_of_a_pack_gives_its_own_value(given: Given) -> None:
    handles = given.give(*(["give", n] for n in range(50)))
    assert given.wait(*handles) == list(range(50))
    assert len(given.ended) == 50
    assert given.packs.busy == 0


def test_what_has_ended_does_not_wait_for_a_slow_neighbour(given: Given, tmp_path: Path) -> None:
    started, release = files(tmp_path)
    first, slow = given.give(["give", 1], waiting(tmp_path))
    assert given.wait(first) == [1]
    assert given.packs.busy == 1
    given.wait_for_file(started)
    assert slow not in given.ended
    release.touch()
    assert given.wait(slow) == ["released"]


def test_what_has_not_begun_can_be_taken_back(given: Given, tmp_path: Path) -> None:
    started, release = files(tmp_path)
    slow, *others = given.give(waiting(tmp_path), ["give", 1], ["give", 2])
    given.wait_for_file(started)
    given.packs.withdraw()
    assert given.wait(*others) == [CallNotStarted] * 2
    assert slow not in given.ended
    release.touch()
    assert given.wait(slow) == ["released"]


def test_a_slow_call_gives_back_what_waits_behind_it_and_its_lane_takes_no_more(
    given: Given, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("ray_lanes", "thread_lane"):
        monkeypatch.setattr(f"django_ray_runtime.executors.{module}.SLOW_SECONDS", 0.0)
    started, release = files(tmp_path)
    slow, other = given.give(waiting(tmp_path), ["give", 1])
    given.wait_for_file(started)
    before = given.packs.open
    given.packs.relieve()
    assert given.wait(other) == [CallNotStarted]
    assert given.packs.open == before - 1
    release.touch()
    assert given.wait(slow) == ["released"]
    assert given.packs.open == before


def test_a_crash_takes_nothing_with_it_but_the_call_that_ran(on_ray: Given) -> None:
    handles = on_ray.give(*(["give", n] for n in range(20)), ["die"], ["give", 21], ["give", 22])
    outcomes = on_ray.wait(*handles)
    assert outcomes[:20] == list(range(20))  # also those that were not sent yet
    assert outcomes[20:] == [CallLost, CallNotStarted, CallNotStarted]
    on_ray.ready()  # another lane
    assert on_ray.wait(*on_ray.give(["give", 5])) == [5]


def test_an_interrupt_ends_the_call_that_runs_and_gives_back_the_rest(
    on_ray: Given, tmp_path: Path
) -> None:
    first, slow, other = on_ray.give(["give", 1], waiting(tmp_path), ["give", 2])
    started, _ = files(tmp_path)
    on_ray.wait_for_file(started)
    on_ray.executor.interrupt(slow)
    assert on_ray.wait(first, slow, other) == [1, CallCancelled, CallNotStarted]
    process = int(started.read_text())
    gone = Path(f"/proc/{process}")
    wait_until(lambda: on_ray.collect() and not gone.exists(), "its process ends")


def test_what_hears_no_interrupt_is_ended_by_force_alone(on_ray: Given, tmp_path: Path) -> None:
    started, _ = files(tmp_path)
    first, stuck, other = on_ray.give(["give", 1], ["stuck", str(started)], ["give", 2])
    on_ray.wait_for_file(started)
    on_ray.executor.interrupt(stuck)
    assert on_ray.wait(first, other) == [1, CallNotStarted]
    on_ray.executor.cancel(stuck)
    assert on_ray.wait(stuck) == [CallLost]


def test_a_packed_call_can_fan_out(given: Given) -> None:
    handles = given.give(["fan out", 1, 2, 3], ["give", 4])
    assert given.wait(*handles) == [[2, 4, 6], 4]


def test_no_journal_stays_behind(on_ray: Given, local_ray: ray_cluster.Cluster) -> None:
    on_ray.wait(*on_ray.give(["give", 1]))
    folder = Path(_session_folder())
    assert list(folder.glob("lane-*"))
    on_ray.executor.close()
    wait_until(lambda: not list(folder.glob("lane-*")), "the journal is removed")


def _session_folder() -> str:
    import ray

    node: Any = ray._private.worker._global_node
    return str(node.get_session_dir_path())


@pytest.mark.ray
def test_all_of_this_holds_through_ray_client() -> None:
    """The same tests in a process that is no part of the cluster."""
    with TemporaryDirectory(prefix="ray-") as folder, head(Path(folder)) as node:
        wait_until(lambda: _answers(node.client_port), "the server of Ray's client answers")
        address = f"ray://127.0.0.1:{node.client_port}"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__,
             "-k", "ray and not client and not journal"],
            cwd=ROOT, env={**os.environ, **CLUSTER, "TEST_RAY_ADDRESS": address},
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 passed" in done.stdout


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def test_a_lane_that_cannot_start_is_not_tried_again_with_each_answer() -> None:
    from django_ray_runtime.executors.ray_lanes import RayLanes  # needs Ray

    lanes = RayLanes(act, lambda: None, lambda: 2)
    lanes._start_at = until = time.monotonic() + 60
    lanes._note([])
    assert lanes._start_at == until
    lanes._opened()
    assert lanes._start_at < time.monotonic()
