"""Where chunks are made: over what is connected, or in this process, as the settings say."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.conf import settings

from django_ray_runtime.distributed import parallel_imap, sequentially
from generation.making import Games, Imap


def spread(quantity: int, *, num_workers: int | None = None, wanted: bool = True) -> Imap:
    """How the chunks of a job of so many games are made.

    They leave this process from `RAY_MIN_QUANTITY` games on, unless `USE_RAY` is off or they are
    not `wanted` to; then `num_workers` (`RAY_NUM_WORKERS`; all that there are) are made at once.
    """
    here = not (wanted and settings.USE_RAY and quantity >= settings.RAY_MIN_QUANTITY)
    at_once = num_workers or settings.RAY_NUM_WORKERS

    def imap(func: Callable[..., Games], items: Iterable[Any], **kwargs: Any) -> Iterator[Games]:
        with sequentially(here):
            return parallel_imap.options(chunk_size=1, max_concurrency=at_once)(
                func, items, **kwargs
            )

    return imap
