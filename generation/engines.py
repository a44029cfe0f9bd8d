"""Games for programs: the same calls in this process, over Ray and over Dask.

    with GenerationEngineRay() as engine:
        games = engine.generate_games(100_000, GameConstraints(min_odd=2, max_odd=4, seed=7))

The same constraints and seed give the same games on each of them.
"""

import logging
from collections.abc import Iterable, Iterator
from typing import Any, Self

from django.conf import settings

from django_ray_runtime import dask_cluster, ray_cluster
from django_ray_runtime.distributed import parallel_imap
from django_ray_runtime.exceptions import DaskUnavailable, RayUnavailable
from generation.constraints import GameConstraints
from generation.lotteries import Lottery, get_lottery
from generation.making import Games, Imap, Making, one_by_one
from generation.orders import Order, check_order
from generation.planning import default_chunk_size
from generation.spreading import spread

logger = logging.getLogger(__name__)

type Game = list[int]

STREAM_CHUNK = 10_000


class GenerationEngine:
    """Makes games in this process; the base of those that make them elsewhere.

    After each order ``complete`` says whether all its games could be made, and ``reason`` why not.
    """

    def __init__(self, lottery: str = "mega-sena") -> None:
        """Raises UnknownLottery (a ValueError)."""
        self.lottery: Lottery = get_lottery(lottery)
        self.complete = True
        self.reason = ""

    def generate_games(
        self, quantity: int, constraints: GameConstraints | None = None
    ) -> list[Game]:
        """Distinct games, each a sorted list of numbers, those of a second group behind.

        Where the overlap that is wanted or a filter leaves fewer, those there are: see `complete`.
        Raises ValueError, with the figures, for what cannot be delivered.
        """
        size = default_chunk_size(self.lottery.max_picks)
        return [game for part in self._parts(quantity, constraints, size) for game in part.tolist()]

    def generate_games_streaming(
        self,
        quantity: int,
        constraints: GameConstraints | None = None,
        chunk_size: int = STREAM_CHUNK,
    ) -> Iterator[list[Game]]:
        """The same games as lists of up to `chunk_size`, in bounded memory. Raises ValueError at
        once, not when the first are taken."""
        parts = self._parts(quantity, constraints, chunk_size)
        return (part.tolist() for part in parts if len(part))

    def shutdown(self) -> None:
        """End what this engine started, and nothing else. It starts again when it is used."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()

    def _parts(
        self, quantity: int, constraints: GameConstraints | None, chunk_size: int
    ) -> Iterator[Games]:
        wanted = constraints or GameConstraints(numbers_per_game=self.lottery.min_picks)
        order = Order(self.lottery.key, wanted, quantity, chunk_size=chunk_size)
        seeded = check_order(order).order.constraints
        making = Making(
            self.lottery, seeded, quantity, chunk_size=chunk_size, imap=self._imap(quantity)
        )
        return self._noting(making)

    def _noting(self, making: Making) -> Iterator[Games]:
        yield from making
        self.complete, self.reason = making.complete, making.reason
        if not making.complete:
            logger.warning("%s", making.reason)

    def _imap(self, quantity: int) -> Imap:
        return one_by_one


class GenerationEngineRay(GenerationEngine):
    """Makes games over Ray: the cluster at RAY_ADDRESS, joined or started at the first order of
    `RAY_MIN_QUANTITY` games. Without Ray they are made in this process, and a line in the log
    says so."""

    def __init__(
        self, use_ray: bool = True, num_workers: int | None = None, lottery: str = "mega-sena"
    ) -> None:
        super().__init__(lottery)
        self._num_workers = num_workers
        self._wanted = use_ray
        self._cluster: ray_cluster.Cluster | None = None

    def shutdown(self) -> None:
        if self._cluster is not None:
            self._cluster.close()
            self._cluster = None

    def _imap(self, quantity: int) -> Imap:
        wanted = self._wanted and settings.USE_RAY and quantity >= settings.RAY_MIN_QUANTITY
        if wanted and self._cluster is None:
            try:
                self._cluster = ray_cluster.join_or_start()
            except RayUnavailable as error:
                logger.warning("Games are made in this process: %s", error)
                self._wanted = wanted = False
        return spread(quantity, num_workers=self._num_workers, wanted=wanted)


class GenerationEngineDask(GenerationEngine):
    """Makes games over Dask: the client of this process, or the scheduler at `address`, or
    `num_workers` processes started here. Without Dask they are made in this process, and a line in
    the log says so. Dask is an optional extra: `pip install distributed`."""

    def __init__(
        self,
        use_dask: bool = True,
        num_workers: int | None = None,
        lottery: str = "mega-sena",
        address: str | None = None,
    ) -> None:
        super().__init__(lottery)
        self._num_workers, self._address = num_workers, address
        self._wanted = use_dask
        self._cluster: dask_cluster.DaskCluster | None = None

    def shutdown(self) -> None:
        if self._cluster is not None:
            self._cluster.close()
            self._cluster = None

    def _connected(self) -> dask_cluster.DaskCluster | None:
        if self._wanted and self._cluster is None:
            try:
                self._cluster = dask_cluster.join_or_start(self._address, self._num_workers)
            except DaskUnavailable as error:
                logger.warning("Games are made in this process: %s", error)
                self._wanted = False
        return self._cluster

    def _imap(self, quantity: int) -> Imap:
        cluster = self._connected() if quantity >= settings.RAY_MIN_QUANTITY else None
        if cluster is None:
            return one_by_one
        inner = parallel_imap.options(chunk_size=1, max_concurrency=self._num_workers)

        def imap(func: Any, items: Iterable[Any], **kwargs: Any) -> Iterator[Games]:
            with cluster.used():
                return inner(func, items, **kwargs)

        return imap
