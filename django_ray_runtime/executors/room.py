"""Whether a cluster has room for a call at all, told with the figures where it has not."""

from collections.abc import Iterable, Mapping, Sequence

from django_ray_runtime.exceptions import Infeasible

type Resources = Mapping[str, float]


def times(machine: Resources, wanted: Resources) -> int:
    """How many calls that want this one machine can run at once."""
    return min(int(machine.get(name, 0) / value) for name, value in wanted.items())


def demand_room(machines: Sequence[Resources], wanted: Resources, kind: str, remedy: str) -> None:
    """Raise Infeasible unless one of the machines has what is wanted. `kind` names them."""
    if any(times(machine, wanted) for machine in machines):
        return
    largest = {
        name: max((machine.get(name, 0) for machine in machines), default=0) for name in wanted
    }
    raise Infeasible(
        f"This asks for {_told(wanted)}, and no {kind} has that: the most there is on one is "
        f"{_told(largest)}. {remedy}"
    )


def demand_room_beside(
    machines: Iterable[tuple[Resources, bool]], held: Resources, wanted: Resources, who: str,
    remedy: str,
) -> None:  # fmt: skip
    """Raise Infeasible when a caller that waits keeps what its own calls would need to start.

    Each machine is told with whether the caller is on it, which holds `held` there.
    """
    if not any(held.get(name, 0) for name in wanted):
        return
    for machine, is_own in machines:
        own = held if is_own else {}
        free = {name: machine.get(name, 0) - own.get(name, 0) for name in wanted}
        if all(free[name] >= value for name, value in wanted.items()):
            return
    raise Infeasible(
        f"The {who} holds {_told(held)} and waits for calls of its own that ask for "
        f"{_told(wanted)}, which is not left beside it: they could never start. {remedy}"
    )


def _told(resources: Resources) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in resources.items())
