"""A small file as users write it; mypy --strict checks it, see test_typing.py."""

from datetime import timedelta
from typing import assert_type

from django.tasks import task as djangos_task

from django_ray_runtime.control import cancel, pause_queue
from django_ray_runtime.decorators import task
from django_ray_runtime.distributed import parallel_map
from django_ray_runtime.states import State
from django_ray_runtime.task import RayTask, Unique, arguments
from django_ray_runtime.testing import assert_enqueued, run_enqueued


@task
def plain(x: int) -> int:
    return x


@task(max_attempts=3, retry_on=(OSError,), timeout=timedelta(minutes=1), unique=Unique(period=60))
def fetch(url: str) -> str:
    return url


@task(max_attempts="three")  # type: ignore[call-overload, untyped-decorator]
def wrong_type(url: str) -> str:
    return url


@task(max_retries=3)  # type: ignore[call-overload, untyped-decorator]
def wrong_name(url: str) -> str:
    return url


# The stubs of Django's own decorator know Django's options alone.
@djangos_task(max_attempts=3)  # type: ignore[call-overload, untyped-decorator]
def djangos(x: int) -> int:
    return x


def use() -> None:
    assert_type(plain, RayTask)
    assert_type(fetch.using(expires_in=60), RayTask)
    result = fetch.using(priority=5).enqueue("https://example.com")
    fetch.enqueue_many([("a",), {"url": "b"}, arguments("c")])
    result.refresh()
    assert_type(result.id, str)
    for state in cancel(result.id).values():
        assert_type(state, State)
    assert_type(pause_queue("default"), bool)
    parallel_map(abs, [1, 2])
    assert_enqueued(fetch, args=["a"], count=1)
    run_enqueued(limit=1)
