"""What a worker has given to its executor, and what it may be given beside that."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from django_ray_runtime.executors.base import CallOptions, Executor, Handle
from django_ray_runtime.options import read_options
from django_ray_runtime.records import Claim

# Tasks shorter than this are handed to the executor ahead of free slots, so that it never
# waits for us. Longer ones are held back here until a slot is free: a task that waits inside
# the executor cannot be told from one that runs, and could not be handed back on a stop.
SHORT_SECONDS = 0.05


class InFlight:
    """The calls of one dispatcher, `concurrency` at most."""

    def __init__(self, executor: Executor, concurrency: int) -> None:
        self.calls: dict[Handle, Claim] = {}
        self._executor = executor
        self._concurrency = concurrency
        self._weight = 0.0  # slots that the calls take
        self._mean_seconds = SHORT_SECONDS  # of the latest tasks; at first not known as short

    @property
    def short(self) -> bool:
        """Whether tasks are so short that they are given ahead of free slots."""
        return self._mean_seconds < SHORT_SECONDS

    def note_seconds(self, seconds: float) -> None:
        """A task took this long."""
        self._mean_seconds += (seconds - self._mean_seconds) / 8

    def add(self, handle: Handle, claim: Claim) -> None:
        """This call was given."""
        self.calls[handle] = claim
        self._weight += self._weight_of(claim)

    def remove(self, handle: Handle) -> Claim:
        """This call has ended, or is given up."""
        claim = self.calls.pop(handle)
        self._weight -= self._weight_of(claim)
        return claim

    def choose(self, held: Iterable[Claim]) -> list[Claim]:
        """Those at the front of `held` that may be given now. Beside a suspect, which may have
        ended a worker, nothing is given ahead: what runs then is to be known."""
        chosen: list[Claim] = []
        exact = not self.short or self._has_suspect
        count, weight = len(self.calls), self._weight
        for claim in held:
            exact = exact or claim.suspect
            weight += self._weight_of(claim)
            fits = weight <= self._executor.slots() if exact else count < self._concurrency
            if count and not fits:
                break
            chosen.append(claim)
            count += 1
        return chosen

    def known_with(self, chosen: Sequence[Claim]) -> list[Claim] | None:
        """What runs once `chosen` are given; None where more is given than can run, or so short
        that it would cost a statement for nothing."""
        claims = [*self.calls.values(), *chosen]
        if self.short and not any(claim.suspect for claim in claims):
            return None
        weight = sum(map(self._weight_of, claims))
        return claims if len(claims) == 1 or weight <= self._executor.slots() else None

    @property
    def _has_suspect(self) -> bool:
        return any(claim.suspect for claim in self.calls.values())

    def _weight_of(self, claim: Claim) -> float:
        try:
            return self._executor.weight(call_options(claim.options))
        except (TypeError, ValueError):
            return 0.0  # what cannot be read is told when it is to start


@lru_cache(maxsize=256)
def call_options(text: str) -> CallOptions:
    """What a row's options ask of the cluster. Only the store retries."""
    options = read_options(text)
    return CallOptions(
        num_cpus=options.num_cpus,
        num_gpus=options.num_gpus,
        memory=options.memory,
        resources=options.resources,
        runtime_env=options.runtime_env,
        max_retries=0,
        name="task",
    )
