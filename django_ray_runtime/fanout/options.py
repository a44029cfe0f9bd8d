"""What a fan-out can ask for, checked where it is asked."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from django_ray_runtime.executors import CallOptions

# A pure call whose Ray process died is run again by Ray, this often.
LOST_CALL_RETRIES = 3

OnProgress = Callable[[int, int | None], object]


def _number(value: Any, least: float, *, above: bool = False) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return least < value < float("inf") if above else least <= value < float("inf")


def _whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _optional(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or check(value)


_OF_THEIR_OWN = {"CPU", "GPU", "memory"}  # have options of their own


def _are_resources(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(name, str) and name not in _OF_THEIR_OWN and _number(amount, 0)
        for name, amount in value.items()
    )


def _is_json(value: Any) -> bool:
    try:
        return isinstance(value, Mapping) and bool(json.dumps(dict(value)))
    except (TypeError, ValueError):
        return False


_SECONDS = ("a number of seconds above 0, or None", _optional(lambda v: _number(v, 0, above=True)))
_COUNT = ("at least 1 or None", _optional(lambda v: _whole(v, 1)))
_FLAG = ("True or False", lambda v: isinstance(v, bool))
_RULES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "num_cpus": ("a number of at least 0", lambda v: _number(v, 0)),
    "num_gpus": ("a number of at least 0", lambda v: _number(v, 0)),
    "max_concurrency": _COUNT,
    "ordered": _FLAG,
    "memory": ("a whole number of bytes, or None", _optional(lambda v: _whole(v, 1))),
    "resources": (
        "a dict of names (not CPU, GPU, memory) and numbers, or None",
        _optional(_are_resources),
    ),
    "runtime_env": ("a dict that JSON can hold, or None", _optional(_is_json)),
    "chunk_size": _COUNT,
    "target_chunk_seconds": _SECONDS,
    "timeout": _SECONDS,
    "total_timeout": _SECONDS,
    "retries": ("a whole number of at least 0", lambda v: _whole(v, 0)),
    "retry_backoff": ("a number of seconds of at least 0", lambda v: _number(v, 0)),
    "max_retries": ("a whole number of at least 0, or None", _optional(lambda v: _whole(v, 0))),
    "return_exceptions": _FLAG,
    "progress": ("True, False or a callable", lambda v: isinstance(v, bool) or callable(v)),
    "name": ("a text", lambda v: isinstance(v, str)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FanOutOptions:
    """The options of a fan-out; see docs/reference/api/distributed.md. ValueError for one that
    cannot be used."""

    num_cpus: float = 1.0
    num_gpus: float = 0.0
    max_concurrency: int | None = None
    ordered: bool = True
    memory: int | None = None
    resources: Mapping[str, float] | None = None
    runtime_env: Mapping[str, Any] | None = None
    chunk_size: int | None = None
    target_chunk_seconds: float | None = None
    timeout: float | None = None
    total_timeout: float | None = None
    retries: int = 0
    retry_backoff: float = 0.1
    max_retries: int | None = None
    return_exceptions: bool = False
    progress: bool | OnProgress = False
    name: str = ""

    def __post_init__(self) -> None:
        for name, (expected, fits) in _RULES.items():
            value = getattr(self, name)
            if not fits(value):
                raise ValueError(f"{name} must be {expected}, got {value!r}.")

    @property
    def may_start_here(self) -> bool:
        """Whether the caller's own process may run the first items: not where the call asks for
        what it may lack, or for what only another process can give."""
        asked = (self.num_gpus, self.memory, self.resources, self.runtime_env, self.chunk_size)
        limits = (self.timeout, self.total_timeout, self.max_retries)
        return not any(asked) and all(limit is None for limit in limits)

    def for_call(self, func_name: str) -> CallOptions:
        """What each chunk asks of the executor."""
        retries = LOST_CALL_RETRIES if self.max_retries is None else self.max_retries
        return CallOptions(
            num_cpus=self.num_cpus,
            num_gpus=self.num_gpus,
            memory=self.memory,
            resources=tuple(sorted((self.resources or {}).items())),
            runtime_env=json.dumps(dict(self.runtime_env), sort_keys=True)
            if self.runtime_env
            else "",
            max_retries=retries,
            name=self.name or func_name,
        )


def unknown_options(given: Mapping[str, Any]) -> str:
    """A message that names those of `given` that there are not, or an empty text."""
    known = [field.name for field in fields(FanOutOptions)]
    unknown = [name for name in given if name not in known]
    if not unknown:
        return ""
    return f"There is no option {', '.join(map(repr, unknown))}. Expected: {', '.join(known)}."
