"""A Ray cluster of two nodes on loopback: `python -m tests.two_nodes STORE_BYTES`.

Prints its address and the second node's processes as JSON, and ends when its input closes. Ray's
own command refuses a second node that listens on loopback only.
"""

import json
import sys

from ray._private import ray_constants

ray_constants.ENABLE_RAY_CLUSTER = False

from ray.cluster_utils import Cluster  # noqa: E402


def main(store_bytes: int) -> None:
    cluster = Cluster()
    common = {
        "num_cpus": 2,
        "object_store_memory": store_bytes,
        "node_ip_address": "127.0.0.1",
        "include_dashboard": False,
    }
    cluster.add_node(**common)
    second = cluster.add_node(**common)
    pids = [one.process.pid for kind in second.all_processes.values() for one in kind]
    sys.stdout.write(json.dumps({"address": cluster.address, "second": pids}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    cluster.shutdown()


if __name__ == "__main__":
    main(int(sys.argv[1]))
