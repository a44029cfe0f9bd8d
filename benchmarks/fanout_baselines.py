"""What an expert would write by hand for each workload, and what people use instead."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

type Work = Callable[..., Any]


def loop(func: Work, items: Sequence[Any], **kwargs: Any) -> list[Any]:
    """A plain loop."""
    return [func(item, **kwargs) for item in items]


def naive(func: Work, items: Sequence[Any], num_cpus: float = 1.0, **kwargs: Any) -> list[Any]:
    """Ray as its first page shows it: one call per item."""
    import ray

    call = ray.remote(num_cpus=num_cpus)(func)
    return list(ray.get([call.remote(item, **kwargs) for item in items]))


def by_hand(
    per_cpu: int, func: Work, items: Sequence[Any], num_cpus: float = 1.0, **kwargs: Any
) -> list[Any]:
    """So many chunks for each CPU, keyword arguments stored once."""
    import ray

    stored = {name: ray.put(value) for name, value in kwargs.items()}
    call = ray.remote(num_cpus=num_cpus)(_chunk)
    size = max(1, -(-len(items) // (2 * per_cpu)))
    chunks = [items[n : n + size] for n in range(0, len(items), size)]
    parts = ray.get([call.remote(func, chunk, **stored) for chunk in chunks])
    return [value for part in parts for value in part]


def _chunk(func: Work, items: Sequence[Any], **kwargs: Any) -> list[Any]:
    return [func(item, **kwargs) for item in items]


def processes(func: Work, items: Sequence[Any], **kwargs: Any) -> list[Any]:
    """Two processes, chunks of an eighth: started for the call, as a script would."""
    with ProcessPoolExecutor(2) as pool:
        size = max(1, len(items) // 8)
        return list(pool.map(partial(func, **kwargs), items, chunksize=size))


def ray_pool(func: Work, items: Sequence[Any], **kwargs: Any) -> list[Any]:
    """`ray.util.multiprocessing.Pool`."""
    from ray.util.multiprocessing import Pool

    with Pool(2) as pool:
        return list(pool.map(partial(func, **kwargs), items))
