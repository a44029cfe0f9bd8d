"""What a worker has given to its executor, and what it may be given beside that."""

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.executors.base import CallOptions, Executor, Handle
from django_ray_runtime.executors.packs import Packs
from django_ray_runtime.options import read_options
from django_ray_runtime.records import Claim
from django_ray_runtime.worker.speeds import Speeds

# Tasks shorter than this are handed to the executor ahead of free slots, so that it never
# waits for us. Longer ones are held back here until a slot is free: a task that waits inside
# the executor cannot be told from one that runs, and could not be handed back on a stop.
SHORT_SECONDS = 0.05

PACK_SECONDS = (0.002, 0.1)  # what the tasks of a pack take together, about
PACK_TASKS = 200
PACK_CHARACTERS = 1_000_000  # of arguments

AHEAD_SECONDS = 0.2  # for how long packs are claimed ahead
AHEAD_TASKS = 1600


class InFlight:
    """The calls of one dispatcher: `concurrency` at once, and packs of short ones ahead."""

    def __init__(self, executor: Executor, packs: Packs | None, concurrency: int) -> None:
        self.calls: dict[Handle, Claim] = {}
        self._executor = executor
        self._packs = packs
        self._concurrency = concurrency
        self._packed: set[Handle] = set()
        self._suspects = 0
        self._weight = 0.0  # slots that the calls take which are not packed
        self._mean_seconds = SHORT_SECONDS  # of the latest tasks; at first not known as short
        self._speeds = Speeds()
        self._ahead = concurrency  # tasks that may be claimed as long as all of them are packed

    @property
    def short(self) -> bool:
        """Whether tasks are so short that they are given ahead of free slots."""
        return self._mean_seconds < SHORT_SECONDS

    @property
    def seconds_ahead(self) -> float:
        """How long the lanes are busy with what they were given, about."""
        return len(self._packed) * self._mean_seconds / max(1, self._lanes)

    def note_seconds(self, claim: Claim, seconds: float) -> None:
        """A task took this long."""
        self._mean_seconds += (seconds - self._mean_seconds) / 8
        self._speeds.note(claim.task_path, seconds)

    def add(self, handle: Handle, claim: Claim) -> None:
        """This call was given."""
        self.calls[handle] = claim
        self._weight += self._weight_of(claim)
        self._suspects += claim.suspect

    def add_packed(self, handles: Sequence[Handle], claims: Sequence[Claim]) -> None:
        """These were given as a pack."""
        self.calls.update(zip(handles, claims, strict=True))
        self._packed.update(handles)

    def remove(self, handle: Handle) -> Claim:
        """This call has ended, or is given up."""
        claim = self.calls.pop(handle)
        if handle in self._packed:
            self._packed.remove(handle)
        else:
            self._weight -= self._weight_of(claim)
            self._suspects -= claim.suspect
        if len(self.calls) == len(self._packed):
            self._weight = 0.0  # tenths do not add up
        return claim

    def free(self, held: int) -> int:
        """How many more tasks may be claimed beside those `held`. Where packs are claimed ahead,
        that waits until it is worth a statement."""
        used = len(self.calls) - len(self._packed) + self._busy + held
        ahead = self._ahead - len(self.calls) - held
        if self._ahead > self._concurrency and ahead >= self._ahead // 4:
            return ahead
        return self._concurrency - used

    def note_claimed(self, claims: Collection[Claim], asked: int) -> None:
        """Claim more ahead as long as all that comes can be packed, up to what the lanes run in
        AHEAD_SECONDS; where something else comes, no more than may run."""
        lanes = self._lanes
        if not lanes or self._suspects or not all(map(self._fits_a_pack, claims)):
            self._ahead = self._concurrency
        elif claims and len(claims) == asked:
            mean = sum(map(self._seconds_of, claims)) / len(claims)
            most = min(AHEAD_TASKS, int(lanes * AHEAD_SECONDS / max(mean, 1e-6)))
            self._ahead = max(self._concurrency, min(most, 2 * self._ahead))

    def surplus(self, held: Sequence[Claim]) -> list[Claim]:
        """What was claimed ahead, once it is no longer a matter of moments: others may have slots
        for it."""
        if len(held) <= self._concurrency or (self._is_packed(held[0]) and self._flows):
            return []
        self._ahead = self._concurrency
        return list(held)[self._concurrency :]

    def choose_pack(self, held: Sequence[Claim]) -> list[Claim]:
        """Those at the front of `held` that may be given now as a pack. Never beside a suspect."""
        chosen: list[Claim] = []
        if not held or not self._is_packed(held[0]) or not self._room:
            return chosen
        seconds, size = 0.0, 0
        least, most = PACK_SECONDS
        # Few are spread over the lanes.
        fair = self._seconds_of(held[0]) * len(held) / self._lanes
        most = max(least, min(most, fair))
        for claim in held:
            seconds += self._seconds_of(claim)
            size += len(claim.args) + len(claim.kwargs)
            full = seconds > most or size > PACK_CHARACTERS or len(chosen) == PACK_TASKS
            if not self._fits_a_pack(claim) or (chosen and full):
                break
            chosen.append(claim)
        return chosen

    def choose(self, held: Iterable[Claim]) -> list[Claim]:
        """Those at the front of `held` that may be given now, each for itself. Beside a suspect,
        which may have ended a worker, nothing is given ahead: what runs then is to be known."""
        chosen: list[Claim] = []
        exact = not self.short or self._suspects
        count, weight = len(self.calls), self._weight + self._busy
        for claim in held:
            if self._is_packed(claim) or (claim.suspect and not self._is_exact):
                break
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
        packed = any(map(self._is_packed, chosen)) or not self._is_exact
        if packed or (self.short and not any(claim.suspect for claim in claims)):
            return None
        weight = sum(map(self._weight_of, claims))
        return claims if len(claims) == 1 or weight <= self._executor.slots() else None

    @property
    def _flows(self) -> bool:
        """Whether what is packed next is given soon."""
        return bool(self._room) or bool(self._packs and self._packs.moving)

    @property
    def _is_exact(self) -> bool:
        """Whether what was given also runs: of packs no more is left than the slow calls."""
        return not (self._packed and self._packs and self._packs.moving)

    @property
    def _busy(self) -> int:
        return self._packs.busy if self._packs else 0

    @property
    def _lanes(self) -> int:
        return self._packs.open if self._packs else 0

    @property
    def _room(self) -> int | None:
        slots = min(self._executor.slots(), self._concurrency)
        free = round(slots - self._weight - self._busy, 6)
        return self._packs.room(free) if self._packs else None

    def _is_packed(self, claim: Claim) -> bool:
        """Whether it is to travel in a pack. It travels alone where there is no lane yet, and
        beside a suspect: what runs then is to be known."""
        return not self._suspects and self._fits_a_pack(claim) and self._room is not None

    def _fits_a_pack(self, claim: Claim) -> bool:
        known_short = not claim.suspect and self._speeds.is_packed(claim.task_path)
        return known_short and _asks_nothing(claim.options)

    def _seconds_of(self, claim: Claim) -> float:
        return self._speeds.mean(claim.task_path) or 0.0

    def _weight_of(self, claim: Claim) -> float:
        try:
            return self._executor.weight(call_options(claim.options))
        except (TypeError, ValueError):
            return 0.0  # what cannot be read is told when it is to start


@lru_cache(maxsize=256)
def call_options(text: str) -> CallOptions:
    """What a row's options ask of the cluster. Only the store retries.

    Raises ValueError for what cannot be used, or may not: see RUNTIME_ENV_FROM_ROWS.
    """
    options = read_options(text)
    if options.runtime_env and not runtime_settings().runtime_env_from_rows:
        raise ValueError(
            "The task brings an environment of Ray's (runtime_env), and rows may not. Prepare the "
            "cluster instead, or allow it with RUNTIME_ENV_FROM_ROWS (TASK_RUNTIME_ENV=true)."
        )
    return CallOptions(
        num_cpus=options.num_cpus,
        num_gpus=options.num_gpus,
        memory=options.memory,
        resources=options.resources,
        runtime_env=options.runtime_env,
        max_retries=0,
        name="task",
    )


@lru_cache(maxsize=256)
def _asks_nothing(text: str) -> bool:
    """Whether a task's options ask for nothing that a lane has not, and for no timeout."""
    try:
        return call_options(text) == CallOptions(name="task") and read_options(text).timeout is None
    except (TypeError, ValueError):
        return False
