"""What bench_queue measures on SQLite, in a process of its own, because a process has one project:
`python -m benchmarks.queue_sqlite [--quick]`. Prints the figures as JSON.
"""

import json
import sys

from benchmarks.environment import clean_up_when_terminated, output_of, project
from benchmarks.queue_measures import Sizes, drain, enqueue_in_bulk, enqueue_one_by_one
from benchmarks.queue_measures import median_of as median
from benchmarks.worker import Worker

WARM_UP = 500


def rates_on_sqlite() -> dict[str, float]:
    """Rates by what is measured."""
    command = [sys.executable, "-m", "benchmarks.queue_sqlite"]
    rates: dict[str, float] = json.loads(output_of(command).splitlines()[-1])
    return rates


def measure(sizes: Sizes) -> dict[str, float]:
    """Enqueue, then drain through a worker with each executor."""
    repeat = sizes.repeat
    rates = {
        "one by one": median(enqueue_one_by_one, sizes.one_by_one, repeat=repeat),
        "in bulk": median(enqueue_in_bulk, sizes.bulk, repeat=repeat),
    }
    for executor in ("ray", "sequential"):
        with Worker("--executor", executor, "--address", "local"):
            drain("nothing", WARM_UP)
            rates[executor] = median(drain, "nothing", sizes.nothing // 3, repeat=repeat)
            for task in ("cpu", "asleep"):
                rates[f"{executor} {task}"] = median(drain, task, sizes.ten_ms // 2, repeat=1)
    return rates


if __name__ == "__main__":
    clean_up_when_terminated()
    with project("sqlite"):
        print(json.dumps(measure(Sizes())))
