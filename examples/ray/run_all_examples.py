"""Run the examples, all or some, on one Ray, and show how they went.

    python run_all_examples.py [NAME...] [--address HOST:PORT] [--list]

With an address (or RAY_ADDRESS) it joins that cluster and leaves it running; otherwise it starts a
Ray of two CPUs and ends it. Exits with 1 where an example fails, with 2 for an unknown name.
"""

import argparse
import importlib
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator

EXAMPLES = {
    "basic": ("ray_test", ["squares", "pi_by_chance", "object_store"]),
    "parallel": ("ray_parallel_test", ["serial_and_parallel", "chunks", "priorities"]),
    "actor": ("ray_actor_model", ["counter", "state_keeper", "specialists"]),
    "demo": ("simple_ray_demo", ["remote_functions", "task_processors", "steps"]),
    "main": ("ray_main", ["cluster_status", "blocks", "performance"]),
}


def main(arguments: list[str]) -> int:
    """Returns the code to exit with."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(EXAMPLES))
    parser.add_argument("--address", help="the Ray cluster to join, HOST:PORT or auto")
    parser.add_argument("--list", action="store_true", help="say which there are, and end")
    options = parser.parse_args(arguments)
    if options.list:
        for name, (module, steps) in EXAMPLES.items():
            print(f"{name:9} {module}.py: {', '.join(steps)}")
        return 0
    if unknown := [name for name in options.names if name not in EXAMPLES]:
        print(
            f"There is no example {unknown[0]!r}; there are {', '.join(EXAMPLES)}.", file=sys.stderr
        )
        return 2
    if options.address:
        os.environ["RAY_ADDRESS"] = options.address
    from cluster import cluster  # which reads RAY_ADDRESS

    with cluster() as how:
        print(f"Ray was {how}.")
        told = [
            (f"{name} {step.__name__}", *timed(step))
            for name in options.names or EXAMPLES
            for step in steps_of(name)
        ]
    print(f"\n{'example':30} {'seconds':>8}")
    for what, seconds, passed in told:
        print(f"{what:30} {seconds:8.2f} {'passed' if passed else 'FAILED'}")
    return 0 if all(passed for *_, passed in told) else 1


def steps_of(name: str) -> Iterator[Callable[[], None]]:
    """The functions of an example."""
    from ray import cloudpickle

    module, steps = EXAMPLES[name]
    imported = importlib.import_module(module)
    # Its functions travel whole: another machine of the cluster has not got this folder.
    cloudpickle.register_pickle_by_value(imported)
    yield from (getattr(imported, step) for step in steps)


def timed(step: Callable[[], None]) -> tuple[float, bool]:
    """Run it: its seconds, and whether it passed."""
    from cluster import tell

    print()
    tell(step)
    began = time.perf_counter()
    try:
        step()
        passed = True
    except SystemExit:  # a check did not hold, and said so
        passed = False
    except Exception:
        traceback.print_exc()
        passed = False
    return time.perf_counter() - began, passed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
