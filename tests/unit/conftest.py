"""Fixtures of the units."""

import pytest

from django_ray_runtime.store import Store
from django_ray_runtime.worker.dispatcher import Dispatcher
from tests.support import HeldExecutor


@pytest.fixture
def held() -> HeldExecutor:
    return HeldExecutor()


@pytest.fixture
def dispatcher(store: Store, held: HeldExecutor, worker: str) -> Dispatcher:
    return Dispatcher(store, held, worker=worker, queues=["default"], concurrency=3)
