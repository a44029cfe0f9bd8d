"""One Ray for an example: the one that RAY_ADDRESS names, or one of our own, which is ended again.

python ray_test.py                             # starts a Ray of two CPUs, and ends it
RAY_ADDRESS=127.0.0.1:6379 python ray_test.py  # joins that one, and leaves it running
"""

import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Ray reads these when it is imported, so the examples import this module first. A Ray of our own
# listens on loopback (on Linux only with this switch) and asks for a token that nobody else has.
if not os.environ.get("RAY_ADDRESS"):
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    os.environ["RAY_AUTH_MODE"] = "token"
    os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")

import ray


@contextmanager
def cluster() -> Iterator[str]:
    """Connect to Ray, and let go of it afterwards. Yields how: "joined" or "started".

    Within another `cluster()` it does neither.
    """
    if ray.is_initialized():
        yield "joined"
        return
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    if address := os.environ.get("RAY_ADDRESS"):
        ray.init(address, **quiet)
        try:
            yield "joined"
        finally:
            ray.shutdown()  # only disconnects: the cluster is not ours
        return
    # A short path, for Ray keeps its sockets there, whose names end at 107 characters.
    with tempfile.TemporaryDirectory(
        prefix="ray-example-", dir="/tmp", ignore_cleanup_errors=True
    ) as folder:
        ray.init(
            "local",
            num_cpus=2,
            object_store_memory=100_000_000,
            include_dashboard=False,
            _node_ip_address="127.0.0.1",
            _temp_dir=folder,
            **quiet,
        )
        try:
            yield "started"
        finally:
            ray.shutdown()  # ends it, for it was started here


def check(what: str, holds: bool) -> None:
    """Say what was checked; end with code 1 where it does not hold."""
    print(f"  {'ok' if holds else 'WRONG'}: {what}")
    if not holds:
        raise SystemExit(1)


def run(*steps: Callable[[], None]) -> None:
    """What each example does when it is run by itself."""
    with cluster() as how:
        print(f"Ray was {how}: {ray.cluster_resources().get('CPU', 0):g} CPUs")
        for step in steps:
            tell(step)
            step()


def tell(step: Callable[[], None]) -> None:
    """The name of a step, and what it says of itself."""
    print(f"{step.__name__}: {(step.__doc__ or '').strip().splitlines()[0]}")
