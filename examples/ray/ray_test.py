"""The basics: a function that runs elsewhere, several at once, and data that is sent once.

python ray_test.py
"""

import random
import time
from math import pi

import cluster
import numpy as np
import ray

POINTS = 200_000


# A function with this decorator is not called but sent: f.remote(x) returns at once, with a
# reference to what will be its result. ray.get waits for it.
@ray.remote
def square(number: int) -> int:
    return number * number


# Each call draws from its own seeded generator: the same seed gives the same estimate, on any
# machine of the cluster and in any order.
@ray.remote
def estimate(seed: int, points: int) -> float:
    dice = random.Random(seed)
    inside = sum(dice.random() ** 2 + dice.random() ** 2 <= 1 for _ in range(points))
    return 4 * inside / points


# An argument that is a reference arrives as the value it stands for. (One within a list or a dict
# does not: it arrives as a reference.)
@ray.remote
def total(numbers: np.ndarray, start: int, stop: int) -> float:
    return float(numbers[start:stop].sum())


def squares() -> None:
    """The squares of 1 to 10, in parallel."""
    references = [square.remote(number) for number in range(1, 11)]  # all of them are under way
    found = ray.get(references)  # in the order of the references, whoever was first
    print(f"  {found}")
    cluster.check(
        "they are equal to the loop's, and in order", found == [n * n for n in range(1, 11)]
    )


def pi_by_chance() -> None:
    """π by Monte Carlo: four calls, each with a seed."""
    found = ray.get([estimate.remote(seed, POINTS) for seed in range(4)])
    again = ray.get([estimate.remote(seed, POINTS) for seed in range(4)])
    mean = sum(found) / len(found)
    print(f"  {found}, mean {mean:.5f}")
    cluster.check("the four differ", len(set(found)) == 4)
    cluster.check("their mean is within 0.005 of π", abs(mean - pi) < 0.005)
    cluster.check("the same seeds give the same", found == again)


def object_store() -> None:
    """An array that is stored once and read by four calls."""
    numbers = np.arange(1_000_000, dtype=np.float64)
    # Without put, each call would store a copy of its own of the eight megabytes.
    reference = ray.put(numbers)
    parts = [
        total.remote(reference, start, start + 250_000) for start in range(0, 1_000_000, 250_000)
    ]
    cluster.check("four calls read it", sum(ray.get(parts)) == numbers.sum())
    shared = ray.get(reference)
    cluster.check("who gets it may not write: all see the same memory", not shared.flags.writeable)
    name = reference.hex()
    cluster.check("it is stored as long as somebody refers to it", name in referred_to())
    del reference, shared, parts
    until = time.monotonic() + 10  # the calls that read it say so a little later
    while name in referred_to() and time.monotonic() < until:
        time.sleep(0.01)
    cluster.check("after the last reference it is freed", name not in referred_to())


def referred_to() -> set[str]:
    """What Ray keeps for this process, as its owner. (Ray has no public way to ask.)"""
    counts = ray._private.worker.global_worker.core_worker.get_all_reference_counts()
    return {name.decode() for name in counts}


if __name__ == "__main__":
    cluster.run(squares, pi_by_chance, object_store)
