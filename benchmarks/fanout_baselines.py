"""What an expert would write by hand for each workload, and what people use instead."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from tempfile import TemporaryDirectory
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


def joblib_on_ray(func: Work, items: Sequence[Any], **kwargs: Any) -> list[Any]:
    """joblib with Ray as its backend."""
    from joblib import Parallel, delayed, parallel_config
    from ray.util.joblib import register_ray

    register_ray()
    with parallel_config(backend="ray", n_jobs=2):
        return list(Parallel()(delayed(func)(item, **kwargs) for item in items))


def dask(client: Any, func: Work, items: Sequence[Any], **kwargs: Any) -> list[Any]:
    """`client.map`, on two workers of one thread that are warm."""
    return list(client.gather(client.map(partial(func, **kwargs), items, pure=False)))


def django_ray(func: Work, items: Sequence[Any], num_cpus: float = 1.0, **kwargs: Any) -> list[Any]:
    """`parallel_map` of the package django-ray."""
    from django_ray.runtime.distributed import parallel_map

    return list(parallel_map(func, list(items), num_cpus=num_cpus, **kwargs))


@contextmanager
def local_dask() -> Iterator[Any]:
    """A Dask with two workers of one thread each: its client."""
    from distributed import Client, LocalCluster

    with (
        TemporaryDirectory(prefix="dask-") as folder,
        LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0",
            local_directory=folder,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):  # fmt: skip
        yield client
