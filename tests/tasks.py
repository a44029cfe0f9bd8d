"""Tasks that the tests enqueue; worker processes import this module too."""

import os
import signal
import time
from contextvars import ContextVar
from pathlib import Path

from django.db import connection, transaction
from django.tasks import task
from django.utils import timezone, translation

from django_ray_runtime.distributed import parallel_map


def double(x, multiplier=2):
    return x * multiplier


@task
def add(a, b):
    return a + b


@task
def nothing():
    return None


@task
async def add_async(a, b):
    return a + b


@task(takes_context=True)
def attempt_number(context):
    return context.attempt


@task
def fail(message):
    raise ValueError(message)


@task
def append_line(path, line):
    """Leave a trace that several processes can write at once. A millisecond long, so that two
    workers that race have time to meet."""
    time.sleep(0.001)
    with open(path, "a") as file:
        file.write(f"{line}\n")
    return line


@task
def wait_for_file(started, release, seconds=60):
    """Say that it has started, then run until the file `release` is there."""
    with open(started, "a") as file:
        file.write(f"{os.getpid()}\n")
    deadline = time.monotonic() + seconds
    while not Path(release).exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{release} never came")
        time.sleep(0.01)
    return "released"


@task
def die_once(marker):
    """Kill the process that runs it, the first time."""
    if not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "survived"


@task
def fan_out(items):
    return parallel_map(double, items, multiplier=10)


@task
def where_it_runs():
    """Where the code is that runs, and whose environment it has."""
    return __file__, os.environ.get("WHOSE")


def square_slowly(x):
    """With the address of the node that it ran on."""
    import ray

    time.sleep(0.4)
    return x * x, ray.util.get_node_ip_address()


@task
def squares_and_nodes(path, quantity):
    """A chunk for each, and a line in `path` when all are there."""
    found = parallel_map.options(chunk_size=1)(square_slowly, range(quantity))
    with open(path, "a") as file:
        file.write("done\n")
    return found


@task
def not_json():
    return object()


@task
def leave():
    raise SystemExit(3)


@task
def fan_out_and_wait(started, release):
    return parallel_map(wait_for_file.func, [started], release=release, num_cpus=0)


@task(concurrency_key=lambda user: f"user:{user}", concurrency_limit=1)
def of_user(user):
    return user


class Flaky(Exception):
    """An error that goes away."""


@task(max_attempts=3, retry_backoff=10, retry_on=(Flaky,))
def flaky(path, fail_times, kind="flaky"):
    """Fail so many times, then say on which run it worked."""
    file = Path(path)
    runs = int(file.read_text()) + 1 if file.exists() else 1
    file.write_text(str(runs))
    if runs <= fail_times:
        raise Flaky("again") if kind == "flaky" else ValueError("other")
    return runs


@task(takes_context=True)
def ask_whether_cancelled(context, started, seconds=60):
    """End by itself when it is cancelled, whatever interrupts it."""
    Path(started).touch()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if context.cancelled:
                return "ended by itself"
            time.sleep(0.05)
        except KeyboardInterrupt:
            continue
    raise TimeoutError("never cancelled")


@task
def ignore_everything(started):
    """What an interrupt does not end."""
    Path(started).write_text(str(os.getpid()))
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            time.sleep(0.05)
        except KeyboardInterrupt:
            continue


@task
def print_and_log(lines=1, fails=False):
    import logging
    import sys

    for n in range(lines):
        print(f"line {n}")
    print("to stderr", file=sys.stderr)
    logging.getLogger("tests.tasks").warning("logged %s", "é")
    if fails:
        raise ValueError("no")


@task
def report_progress(steps):
    from django_ray_runtime.progress import report

    for n in range(1, steps + 1):
        report(n, steps, f"step {n}")


def count_part(item, pause=0.0):
    from django_ray_runtime.progress import report

    report(1)
    time.sleep(pause)
    report(item)
    return item


@task
def report_in_parts(items, pause=0.0):
    from django_ray_runtime.progress import report

    report(0, sum(items), "parts")
    return parallel_map(count_part, items, pause=pause)


@task
def return_value(kind):
    return {
        "nan": float("nan"), "nul": "a\0b", "object": object(), "surrogate": "\ud800",
        "huge": "x" * 2_000, "set": {1}, "fine": {"a": [1, None]},
    }[kind]  # fmt: skip


@task(sensitive=("token",))
def with_secret(user, token):
    return user


@task
def enqueue_another(a, b):
    add.enqueue(a, b)


@task
def enqueue_on_commit(a, b):
    transaction.on_commit(lambda: add.enqueue(a, b))


@task
def break_the_transaction():
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM there_is_no_such_table")


@task(max_attempts=3, retry_backoff=[60, 600])
def fail_often(message):
    raise ValueError(message)


@task(max_attempts=3, takes_context=True)
def succeed_third(context):
    if context.attempt < 3:
        raise OSError("not yet")
    return context.attempt


@task(concurrency_key=lambda who, *_: who, concurrency_limit=1, sensitive=("token",))
def keyed(who, token=None):
    return who


@task
def leave_a_transaction_open():
    transaction.atomic().__enter__()


_TRACE: ContextVar[str] = ContextVar("trace", default="unset")


@task
def leave_traces():
    """Change all that a run can change for the next one in its process."""
    translation.activate("pt-br")
    timezone.activate("America/Sao_Paulo")
    _TRACE.set("set")
    transaction.set_autocommit(False)
    connection.cursor().execute("SELECT 1")


@task
def find_traces():
    manual = not connection.get_autocommit()
    connection.close()  # the thread of a worker without Ray ends with the test
    zone = timezone.get_current_timezone_name()
    return [translation.get_language(), zone, _TRACE.get(), manual]
