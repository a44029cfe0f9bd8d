"""Fixtures for every tier. Tests that touch a database run on SQLite and on PostgreSQL."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.conf import settings
from django.utils import translation

from django_ray_runtime import ray_cluster
from django_ray_runtime.conf import read
from django_ray_runtime.executors import BackgroundExecutor, Executor, SequentialExecutor
from django_ray_runtime.store import Liveness, Store, get_liveness, get_store
from tests.support import PATIENT_DASK, RAY_PRIORITY, database_url, make_worker

DATABASE_FIXTURES = {"db", "transactional_db", "store", "liveness", "worker"}
# One of each for a whole run, and not one for each process of it.
CLUSTERS = {"ray_cluster_here", "local_ray", "local_dask"}


# pytest-django has read the settings before anything of tests could set the variable.
settings.DJANGO_RAY_RUNTIME["TASK_MODULES"] = os.environ["TASK_MODULES"].split(",")

# Elsewhere than in tests/security, but of the same kind.
SECURITY = {
    "test_api_access", "test_api_masking", "test_auth", "test_bodies", "test_csp",
    "test_generation_api_access", "test_masking", "test_startup", "test_throttling",
}  # fmt: skip


@pytest.fixture(autouse=True)
def the_language_of_the_settings() -> Iterator[None]:
    """A request in another one leaves it behind in its thread, which is that of all tests."""
    yield
    translation.deactivate()


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks for groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what each test needs, so that no test can forget it, and what runs in one process:
    the tests of a file, and those that share a cluster."""
    for item in items:
        if item.path.parent.name == "security" or item.path.stem in SECURITY:
            item.add_marker(pytest.mark.security)
        needs = set(getattr(item, "fixturenames", ()))
        if needs & DATABASE_FIXTURES or item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.database)
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        executors = {"ray", "dask"} & {one for one in parameters.values() if isinstance(one, str)}
        if "ray_cluster_here" in needs or "ray" in executors:
            item.add_marker(pytest.mark.ray)
        if "local_dask" in needs or "dask" in executors:
            item.add_marker(pytest.mark.slow)  # some seconds to start, as a Ray has
        shares = needs & CLUSTERS or executors
        item.add_marker(pytest.mark.xdist_group("clusters" if shares else item.path.name))


@pytest.fixture(scope="session", autouse=True)
def _for_tests() -> None:
    """A key for sessions, and passwords that are hashed in no time: a user with one takes half
    a second otherwise. Not taken back: Django refuses to look at the empty key before it."""
    settings.SECRET_KEY = "of the tests"
    quick = "django.contrib.auth.hashers.MD5PasswordHasher"
    settings.PASSWORD_HASHERS = [quick, *settings.PASSWORD_HASHERS]


@pytest.fixture(scope="session")
def local_ray(django_db_setup: None) -> Iterator[ray_cluster.Cluster]:
    """A real Ray with two CPUs, one for the whole run; or the one at TEST_RAY_ADDRESS. Its
    processes write to the test database: what a test fans out may report its progress."""
    if address := os.environ.get("TEST_RAY_ADDRESS"):
        cluster = ray_cluster.join_or_start(address)
        yield cluster
        cluster.close()
        return
    before = dict(os.environ)
    os.environ.update(RAY_PRIORITY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", database_url())
        cluster = ray_cluster.start(
            read({"RAY_NUM_CPUS": 2, "RAY_OBJECT_STORE_MEMORY": 200_000_000})
        )
    yield cluster
    cluster.close()
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def ray_cluster_here(local_ray: ray_cluster.Cluster) -> ray_cluster.Cluster:
    return local_ray


@pytest.fixture(scope="session")
def local_dask() -> Iterator[Any]:
    """A real Dask with two workers of one thread, one for the whole run: its client."""
    import dask
    from distributed import Client, LocalCluster

    with (
        dask.config.set(PATIENT_DASK),
        TemporaryDirectory(prefix="dask-") as folder,
        LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0",
            local_directory=folder, resources={"seat": 2},
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):  # fmt: skip
        yield client


@contextmanager
def an_executor(request: pytest.FixtureRequest, name: str) -> Iterator[Executor]:
    """One by its name, on the cluster of this run where it needs one."""
    made: Executor
    if name == "ray":
        request.getfixturevalue("ray_cluster_here")
        from django_ray_runtime.executors.ray import RayExecutor

        made = RayExecutor()
    elif name == "dask":
        from django_ray_runtime.executors.dask import DaskExecutor

        made = DaskExecutor(request.getfixturevalue("local_dask"))
    else:
        made = {"sequential": SequentialExecutor, "background": BackgroundExecutor}[name]()
    yield made
    made.close()


@pytest.fixture(params=["sequential", "background", "ray", "dask"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    """Each executor there is."""
    with an_executor(request, request.param) as made:
        yield made


@pytest.fixture
def store(transactional_db: None) -> Store:
    return get_store()


@pytest.fixture
def liveness(transactional_db: None) -> Liveness:
    return get_liveness()


@pytest.fixture
def worker(liveness: Liveness) -> str:
    """A worker that may claim."""
    return make_worker(liveness, "host:1:a")


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """For Ray, whose socket paths must be short."""
    with TemporaryDirectory(prefix="drr-", ignore_cleanup_errors=True) as name:
        yield Path(name)
