"""Compile a service's inner loops and make its data, once on a machine.

    python -m ray_services.warming                     all services
    python -m ray_services.warming garch-predictor     one of them

The compiled code is kept beside the source, or in NUMBA_CACHE_DIR; a process that finds it there
loads it in about a second. It is done by answering the examples that the API documents.
"""

import sys
import time
from collections.abc import Iterator
from typing import Any

from ray_services.operations import OPERATIONS, Operation


def warm_up(service: str) -> Iterator[tuple[str, float]]:
    """Answer the example of each of a service's operations: its name, and the seconds it took."""
    for operation in OPERATIONS.values():
        if operation.service == service:
            began = time.perf_counter()
            operation.load()(operation.body.model_validate(example_of(operation)))
            yield operation.name, time.perf_counter() - began


def example_of(operation: Operation) -> Any:
    """The body that the API's documentation shows."""
    extra = operation.body.model_config["json_schema_extra"]
    return extra["example"]  # type: ignore[index]


def main(arguments: list[str]) -> None:
    """Warm up the services named, or all."""
    services = dict.fromkeys(service for service, _ in OPERATIONS)
    for service in arguments or services:
        if service not in services:
            sys.exit(f"Expected one of {', '.join(services)}, got {service!r}.")
        for name, seconds in warm_up(service):
            sys.stdout.write(f"{service} {name}: {seconds:.1f} s\n")


if __name__ == "__main__":
    main(sys.argv[1:])
