"""What a cluster is and does: its nodes, a matrix product in blocks, and what a call costs.

python ray_main.py
"""

import time
from itertools import product

import cluster
import numpy as np
import ray

BLOCK = 200


@ray.remote
def multiply(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return left @ right


@ray.remote
def add(*parts: np.ndarray) -> np.ndarray:
    return sum(parts[1:], start=parts[0].copy())


@ray.remote
def nothing() -> None:
    pass


def matrix_product(left: np.ndarray, right: np.ndarray, block: int = BLOCK) -> np.ndarray:
    """The product, block by block. Raises ValueError for shapes that do not go together.

    Each block is stored once and read by all calls that need it. The last blocks of a row or a
    column are smaller where the shape does not divide.
    """
    if left.shape[1] != right.shape[0]:
        raise ValueError(f"{left.shape} and {right.shape} cannot be multiplied.")
    if 0 in (*left.shape, right.shape[1]):
        return np.zeros((left.shape[0], right.shape[1]))
    rows, inner, columns = (range(0, size, block) for size in (*left.shape, right.shape[1]))
    stored_left = {
        (i, k): ray.put(left[i : i + block, k : k + block]) for i, k in product(rows, inner)
    }
    stored_right = {
        (k, j): ray.put(right[k : k + block, j : j + block]) for k, j in product(inner, columns)
    }
    blocks = {
        (i, j): add.remote(*[multiply.remote(stored_left[i, k], stored_right[k, j]) for k in inner])
        for i, j in product(rows, columns)
    }
    found = np.empty((left.shape[0], right.shape[1]))
    for (i, j), reference in blocks.items():
        found[i : i + block, j : j + block] = ray.get(reference)
    return found


def cluster_status() -> None:
    """Its nodes and what they have."""
    for node in ray.nodes():
        state = "alive" if node["Alive"] else "gone"
        print(f"  {node['NodeManagerAddress']} {state}: {node['Resources'].get('CPU', 0):g} CPUs")
    whole, free = ray.cluster_resources(), ray.available_resources()
    for name in ("CPU", "GPU", "memory", "object_store_memory"):
        if name in whole:
            print(f"  {name}: {free.get(name, 0):,.0f} of {whole[name]:,.0f} are free")
    alive = [node for node in ray.nodes() if node["Alive"]]
    cluster.check("there is a node", len(alive) >= 1)
    cluster.check(
        "the nodes' CPUs are the cluster's",
        sum(node["Resources"].get("CPU", 0) for node in alive) == whole.get("CPU", 0),
    )


def blocks() -> None:
    """Matrices in blocks of 200, also where these do not fit in."""
    dice = np.random.default_rng(1)
    for shape in ((400, 400, 400), (401, 199, 350), (1, 1, 1), (3, 0, 2)):
        left, right = dice.normal(size=shape[:2]), dice.normal(size=shape[1:])
        same = np.allclose(matrix_product(left, right), left @ right, rtol=1e-10, atol=1e-10)
        cluster.check(
            f"{shape[0]} x {shape[1]} times {shape[1]} x {shape[2]}: as numpy has it", same
        )


def performance() -> None:
    """What one call costs, and many at once."""
    ray.get(nothing.remote())  # the first starts a process
    began = time.perf_counter()
    for _ in range(50):
        ray.get(nothing.remote())
    one = (time.perf_counter() - began) / 50
    began = time.perf_counter()
    found = ray.get([nothing.remote() for _ in range(500)])
    many = (time.perf_counter() - began) / 500
    print(f"  one by one {one * 1e3:.2f} ms each, 500 at once {many * 1e3:.2f} ms each")
    print("  so a call should work for longer than that: give it a chunk, not an item")
    cluster.check("all were answered", found == [None] * 500)


if __name__ == "__main__":
    cluster.run(cluster_status, blocks, performance)
