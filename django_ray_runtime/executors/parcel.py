"""A call as it travels to the process that runs it."""

from collections.abc import Callable
from typing import Any

from django.apps import apps

from django_ray_runtime.bootstrap import SetUpFirst
from django_ray_runtime.context import RunWire, current_run, part_of, running

# Sent as one object: the first item has done its work when it was unpickled, before the others.
type Parcel = tuple[
    SetUpFirst | None, RunWire | None, Callable[..., Any], tuple[Any, ...], dict[str, Any]
]


def pack(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Parcel:
    """The call, with the run it belongs to, and Django's set-up where this process has it."""
    run = current_run()
    return (
        SetUpFirst() if apps.ready else None,
        None if run is None else run.to_wire(),
        func,
        args,
        kwargs,
    )


def invoke(parcel: Parcel) -> Any:
    """Run the call, as a part of its run."""
    _, run, func, args, kwargs = parcel
    if run is None:
        return func(*args, **kwargs)
    with running(part_of(run)):
        return func(*args, **kwargs)
