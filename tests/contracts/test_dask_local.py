"""What only a Dask of our own can do: end a call by force, with its process."""

import ctypes
import os
import time
from collections.abc import Iterator
from pathlib import Path

import dask
import psutil
import pytest
from distributed import secede

from django_ray_runtime.dask_cluster import DaskCluster, _started
from django_ray_runtime.exceptions import PerhapsLost
from django_ray_runtime.executors import CallOptions, dask_local
from tests.support import PATIENT_DASK, wait_until

pytestmark = pytest.mark.slow

ONCE = CallOptions(max_retries=0)


@pytest.fixture
def one_process(tmp_path: Path) -> Iterator[DaskCluster]:
    with dask.config.set(PATIENT_DASK):
        cluster = _started(lambda: dask_local.start(1, str(tmp_path)))
        yield cluster
        cluster.close()


def step_aside(mark: Path) -> None:
    """Let another call run in this process, as one does that waits for its own."""
    secede()
    mark.write_text(str(os.getpid()))
    time.sleep(60)


def hold_the_interpreter(mark: Path) -> None:
    mark.write_text(str(os.getpid()))
    ctypes.PyDLL(None).sleep(60)


def test_a_call_in_compiled_code_ends_with_its_process_and_no_neighbour_pays(
    one_process: DaskCluster, tmp_path: Path
) -> None:
    executor = one_process.executor()
    neighbour = executor.submit(step_aside, tmp_path / "aside", options=ONCE)
    wait_until((tmp_path / "aside").exists, "it steps aside")
    holder = executor.submit(hold_the_interpreter, tmp_path / "holder", options=ONCE)
    wait_until((tmp_path / "holder").exists, "the other one runs")
    process = psutil.Process(int((tmp_path / "aside").read_text()))
    executor.cancel(holder)
    process.wait(60)
    executor.wait([neighbour])
    with pytest.raises(PerhapsLost):
        executor.outcome(neighbour)
    after = executor.submit(os.getpid)
    executor.wait([after])
    assert executor.outcome(after) != process.pid
