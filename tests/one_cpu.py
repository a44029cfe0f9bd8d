"""Fan-out on a Ray of one CPU, where what waits could block what it waits for: prints what came
of each way to call it, as JSON. `python -m tests.one_cpu`; it starts and ends its Ray."""

import json
import time
from collections.abc import Callable
from typing import Any

import ray

from django_ray_runtime import ray_cluster
from django_ray_runtime.conf import read
from django_ray_runtime.distributed import parallel_map, parallel_starmap

chunks_of_one = parallel_map.options(chunk_size=1)


def double(x: int) -> int:
    return x * 2


def doubles(x: int) -> list[int]:
    return chunks_of_one(double, range(x))


def tree(depth: int) -> int:
    """The leaves of a binary tree, each node a call."""
    return sum(chunks_of_one(tree, [depth - 1] * 2)) if depth else 1


class Holder:
    def fan_out(self) -> list[int]:
        return chunks_of_one(double, range(3))

    def fan_out_over_one(self) -> list[int]:
        return parallel_map(double, [3])  # runs right there


def outcome(action: Callable[[], Any]) -> Any:
    """Its value or error, and the seconds it took."""
    began = time.monotonic()
    try:
        value = action()
    except Exception as error:
        error = getattr(error, "cause", error)
        value = f"{type(error).__name__}: {error}"
    return value, time.monotonic() - began


def in_actor(num_cpus: int, method: str) -> Any:
    actor = ray.remote(num_cpus=num_cpus)(Holder).options(name="holder").remote()
    try:
        return ray.get(getattr(actor, method).remote(), timeout=60)
    finally:
        ray.kill(actor)


def main() -> None:
    cluster = ray_cluster.start(read({"RAY_NUM_CPUS": 1, "RAY_OBJECT_STORE_MEMORY": 100_000_000}))
    try:
        found = {
            "plain": outcome(lambda: chunks_of_one(double, range(3))),
            "nested": outcome(lambda: chunks_of_one(doubles, [3] * 3)),
            "recursion": outcome(lambda: chunks_of_one(tree, [3])),
            "starmap in map": outcome(
                lambda: chunks_of_one(lambda x: parallel_starmap(max, [(x, 1)] * 2), range(3))
            ),
            "actor with the CPU": outcome(lambda: in_actor(1, "fan_out")),
            "actor with the CPU, one item": outcome(lambda: in_actor(1, "fan_out_over_one")),
            "actor without": outcome(lambda: in_actor(0, "fan_out")),
        }
    finally:
        cluster.close()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
