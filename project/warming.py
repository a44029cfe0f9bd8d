"""What a web process has at hand before it is asked for anything."""

import gc
import logging
import time

from django.urls import get_resolver

logger = logging.getLogger(__name__)


def warm_up(*, services: bool) -> None:
    """Import all pages and, with `services`, load what their calculations have compiled (compile it
    where nobody has yet). To be called before processes are forked, which then share it."""
    began = time.perf_counter()
    get_resolver()._populate()
    if services:
        _warm_services()
    # What is there by now stays for ever: looking through it would copy it, process by process.
    gc.collect()
    gc.freeze()
    logger.info("Warm after %.1f s.", time.perf_counter() - began)


def _warm_services() -> None:
    from generation import chunks
    from ray_services.operations import OPERATIONS
    from ray_services.warming import warm_up

    chunks.warm_up()
    for service in dict.fromkeys(service for service, _ in OPERATIONS):
        for _ in warm_up(service):
            pass
