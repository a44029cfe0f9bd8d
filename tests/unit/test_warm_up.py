"""Before a worker takes tasks its processes set Django up; a cluster may have none to spare."""

import logging
import threading

import pytest

from django_ray_runtime.bootstrap import set_up
from django_ray_runtime.exceptions import Unusable
from django_ray_runtime.executors import BackgroundExecutor
from django_ray_runtime.worker import child


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "LOOKS_EVERY", 0.001)
    monkeypatch.setattr(child, "TELLS_AFTER", 0.0)


def test_what_cannot_begin_is_told_once_and_ends_when_it_is_to_stop(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(child, "set_up", go_on.wait)
    executor = BackgroundExecutor()
    looks = iter([False] * 20 + [True])
    with caplog.at_level(logging.WARNING, "django_ray_runtime.worker"):
        child._warm_up(executor, lambda: next(looks))
    assert next(looks, "asked until it was to stop") == "asked until it was to stop"
    [line] = [record.getMessage() for record in caplog.records]
    assert "keeps this worker waiting until a task ends or a node joins" in line
    go_on.set()
    executor.close()


def test_where_there_is_room_nothing_is_told(caplog: pytest.LogCaptureFixture) -> None:
    executor = BackgroundExecutor()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(child, "TELLS_AFTER", 60.0)
        child._warm_up(executor, lambda: False)
    assert not caplog.records
    assert child.set_up is set_up
    executor.close()


def test_what_cannot_be_set_up_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise LookupError("no such module")

    monkeypatch.setattr(child, "set_up", broken)
    executor = BackgroundExecutor()
    with pytest.raises(Unusable, match="could not set Django up: LookupError: no such module"):
        child._warm_up(executor, lambda: False)
    executor.close()
