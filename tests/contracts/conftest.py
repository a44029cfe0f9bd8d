"""Fixtures of the contracts."""

from collections.abc import Iterator

import pytest
from django.test import override_settings

from django_ray_runtime.distributed import using_executor
from django_ray_runtime.executors import Executor, SequentialExecutor
from django_ray_runtime.store import Store
from django_ray_runtime.worker.dispatcher import Dispatcher
from tests.conftest import an_executor
from tests.contracts.steps import QUEUES


@pytest.fixture
def two_backends() -> Iterator[None]:
    """`default` and `second`, each with the queues `default` and `bulk`."""
    entry = {
        "BACKEND": "django_ray_runtime.backend.RayTaskBackend",
        "QUEUES": ["default", "bulk"],
    }
    with override_settings(TASKS={"default": entry, "second": entry}):
        yield


@pytest.fixture
def dispatcher(store: Store, worker: str) -> Dispatcher:
    return Dispatcher(store, SequentialExecutor(), worker=worker, queues=QUEUES, concurrency=4)


@pytest.fixture(params=["ray", "dask"])
def cluster(request: pytest.FixtureRequest) -> Iterator[Executor]:
    """Each that runs calls elsewhere; fan-out goes over it."""
    with an_executor(request, request.param) as made, using_executor(made):
        yield made
