"""Items that sleep, on a Ray of several nodes that this machine plays: prints how many times faster
than a loop, and the seconds it took. `python -m benchmarks.fanout_scale CPUS`.

What the machine's own cores limit is Ray and our side of it, which is what is measured here.
"""

import os
import statistics
import sys
import time
from tempfile import TemporaryDirectory

# On loopback only, which Ray rewrites otherwise; among themselves without a token.
os.environ |= {"RAY_AUTH_MODE": "disabled", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}

import ray
from ray.cluster_utils import Cluster

from django_ray_runtime.distributed import parallel_map

SLEEP_SECONDS = 0.05
ITEMS_PER_CPU = 80
CPUS_PER_NODE = 8
STORE_BYTES = 100_000_000


def snooze(x: int) -> int:
    """An item."""
    time.sleep(SLEEP_SECONDS)
    return x


def warm(cpus: int) -> None:
    """Have a process for each CPU."""
    started = [ray.remote(snooze).remote(n) for n in range(cpus * 20)]
    ray.get(started)


def main(cpus: int) -> None:
    """Measure on so many CPUs."""
    with TemporaryDirectory(prefix="ray-") as folder:
        os.environ["RAY_TMPDIR"] = folder
        measure(cpus)


def measure(cpus: int) -> None:
    """The same, with Ray's files in RAY_TMPDIR."""
    cluster = Cluster()
    try:
        for _ in range(cpus // CPUS_PER_NODE):
            cluster.add_node(
                num_cpus=CPUS_PER_NODE, object_store_memory=STORE_BYTES,
                node_ip_address="127.0.0.1", include_dashboard=False,
            )  # fmt: skip
        ray.init(address=cluster.address, log_to_driver=False)
        cluster.wait_for_nodes()
        warm(cpus)
        items = range(cpus * ITEMS_PER_CPU)
        taken = []
        for _ in range(3):
            began = time.perf_counter()
            assert parallel_map(snooze, items) == list(items)
            taken.append(time.perf_counter() - began)
        seconds = statistics.median(taken)
        print(len(items) * SLEEP_SECONDS / seconds, seconds)
    finally:
        ray.shutdown()
        cluster.shutdown()


if __name__ == "__main__":
    main(int(sys.argv[1]))
