"""What the environment says about the steps of flows."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Knobs:
    """How steps run where a call says nothing else."""

    task_num_cpus: float = 0.1
    """CPUs that each step reserves on the cluster."""
    task_max_retries: int = 3
    """How often a step is tried again, after an error as after the loss of its process."""
    task_timeout: float | None = 10.0
    """Seconds that an item may take on the cluster; None: any time."""
    batch_size: int | None = None
    """Items of one call; None: as many as take about a tenth of a second, or one each where there
    is a time-out."""
    init_num_cpus: int = 2
    """CPUs of a Ray that is started here."""
    dashboard_port: int | None = None
    """Where a Ray that is started here shows its dashboard; None: nowhere."""


def knobs() -> Knobs:
    """Read from RAY_TASK_NUM_CPUS, RAY_TASK_MAX_RETRIES, RAY_TASK_TIMEOUT (0: none),
    RAY_BATCH_SIZE, RAY_INIT_NUM_CPUS and RAY_DASHBOARD_PORT, now. Raises ValueError, naming the
    variable, for a value that cannot be used."""
    return Knobs(
        task_num_cpus=_number("RAY_TASK_NUM_CPUS", float, 0.1, least=0),
        task_max_retries=_number("RAY_TASK_MAX_RETRIES", int, 3, least=0),
        task_timeout=_number("RAY_TASK_TIMEOUT", float, 10.0, least=0) or None,
        batch_size=_number("RAY_BATCH_SIZE", int, None, least=1),
        init_num_cpus=_number("RAY_INIT_NUM_CPUS", int, 2, least=1),
        dashboard_port=_number("RAY_DASHBOARD_PORT", int, None, least=1, most=65_535),
    )


def _number(
    name: str, kind: Callable[[str], Any], default: Any, *, least: float, most: float = 1e9
) -> Any:
    raw = os.environ.get(name, "").strip()
    if not raw:
        return default
    try:
        value = kind(raw)
    except ValueError:
        value = None
    if value is None or not least <= value <= most:  # also where it is not a number (nan)
        what = "a whole number" if kind is int else "a number"
        raise ValueError(f"{name} must be {what} from {least:g} to {most:g}, got {raw!r}.")
    return value
