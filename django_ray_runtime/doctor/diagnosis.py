"""All that the doctor looks at, in the order in which one thing needs the other."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from django_ray_runtime.doctor import cluster, database, fleet, machine
from django_ray_runtime.doctor.report import Check, Verdict, problem

type Section = Callable[[], Iterator[Check]]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What to look at. `address` is Ray's, by default the setting's; `timeout` is how many
    seconds Ray may take to answer in all."""

    with_ray: bool = True
    address: str | None = None
    timeout: float = 60.0

    def run(self) -> Iterator[Check]:
        """Each check as soon as it is known."""
        yield from _guarded("software", machine.software)
        settings = list(_guarded("settings", machine.settings))
        yield from settings
        if any(check.verdict is Verdict.PROBLEM for check in settings):
            return  # nothing else can be asked with settings that cannot be used
        answers = list(_guarded("database", database.answers))
        yield from answers
        usable = all(check.verdict is not Verdict.PROBLEM for check in answers)
        paths: list[str] = []
        if usable:
            yield from _guarded("database", database.settings)
            yield from _guarded("database", database.clock)
            yield from _guarded("workers", fleet.workers_and_queues)
            yield from _guarded("tasks", partial(fleet.tasks, paths))
        if self.with_ray:
            ask = partial(cluster.ray, self.address, paths, self.timeout)
            yield from _guarded("ray", ask)


def _guarded(area: str, section: Section) -> Iterator[Check]:
    """A section's checks; what it stumbles over is a finding, not the doctor's end."""
    try:
        yield from section()
    except Exception as error:
        what = f"This could not be looked at: {type(error).__name__}: {error}"
        yield problem(area, "examination", what, "Run manage.py check and the migrations first.")
