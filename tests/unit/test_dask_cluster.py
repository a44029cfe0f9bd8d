"""What keeps a worker from Dask is told in one line."""

import sys
from typing import Any

import pytest

from django_ray_runtime import dask_cluster
from django_ray_runtime.exceptions import DaskUnavailable
from django_ray_runtime.management.commands.run_ray_worker import _usual_address


def versions(**changes: str) -> dict[str, Any]:
    return {"packages": {"python": "3.13.0.final.0", "dask": "1", "distributed": "1"} | changes}


class Told:
    """A client that tells these versions."""

    def __init__(self, scheduler: dict[str, Any], workers: dict[str, Any]) -> None:
        self._found = {"client": versions(), "scheduler": scheduler, "workers": workers}

    def get_versions(self) -> dict[str, Any]:
        return self._found


def test_dask_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(DaskUnavailable, match="pip install distributed"):
        dask_cluster.join_or_start_for_tasks("local", None)


@pytest.mark.parametrize("address", ["ray://host:1", "host", "tcp://host", "host:x", "tcp://:1"])
def test_what_is_no_address_of_dask_is_told(address: str) -> None:
    with pytest.raises(DaskUnavailable, match=r"auto, local, HOST:PORT or tcp://HOST:PORT, got"):
        dask_cluster.join_or_start_for_tasks(address, None)


def test_an_address_that_nobody_answers_is_told_at_once() -> None:
    with pytest.raises(DaskUnavailable, match=r"No Dask answers at 127.0.0.1:1: .*refused"):
        dask_cluster.join_or_start_for_tasks("127.0.0.1:1", None)


def test_other_versions_are_told_with_where_they_are() -> None:
    same = Told(versions(python="3.13.9.final.0"), {"tcp://w:1": versions()})
    dask_cluster._demand_same_software(same, "there:1")
    other = Told(versions(), {"tcp://w:1": versions(), "tcp://w:2": versions(distributed="2")})
    with pytest.raises(DaskUnavailable, match=r"distributed 1 as here.*distributed 2 on tcp://w:2"):
        dask_cluster._demand_same_software(other, "there:1")
    with pytest.raises(DaskUnavailable, match=r"python 3.12, .* on the scheduler"):
        dask_cluster._demand_same_software(Told(versions(python="3.12.1"), {}), "there:1")


def test_where_dask_is_is_asked_of_its_own_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", "tcp://there:8786")
    assert _usual_address("dask") == "tcp://there:8786"
    assert _usual_address("ray") == "auto"
    monkeypatch.delenv("DASK_SCHEDULER_ADDRESS")
    assert _usual_address("dask") == "auto"
