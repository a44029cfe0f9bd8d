"""The settings dict DJANGO_RAY_RUNTIME, read once into a frozen, validated dataclass."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

from django.conf import settings as django_settings
from django.core.signals import setting_changed

from django_ray_runtime.exceptions import InvalidSettings

SETTING = "DJANGO_RAY_RUNTIME"


@dataclass(frozen=True, slots=True)
class _Rule:
    expected: str
    accepts: Callable[[Any], bool]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_CENTURY = 3_153_600_000.0  # seconds

_SECONDS = _Rule(
    "a number of seconds above 0",
    lambda v: _is_number(v) and 0 < v < _CENTURY,
)
_OPTIONAL_SECONDS = _Rule(
    "a number of seconds above 0, or None",
    lambda v: v is None or (_is_number(v) and 0 < v < _CENTURY),
)
_AT_LEAST_ONE = _Rule("a whole number of at least 1", lambda v: _is_whole(v) and v >= 1)
# PostgreSQL holds no JSON of 256 MiB, and refuses it as if it had no memory left.
_SIZE = _Rule(
    "a whole number from 1 to 134217728 (128 MiB)", lambda v: _is_whole(v) and 1 <= v <= 2**27
)
_COUNT = _Rule("a whole number of at least 0", lambda v: _is_whole(v) and v >= 0)
_OPTIONAL_COUNT = _Rule(
    "a whole number of at least 1, or None", lambda v: v is None or (_is_whole(v) and v >= 1)
)
_PORT = _Rule("a port from 1 to 65535", lambda v: _is_whole(v) and 1 <= v <= 65535)
_TEXT = _Rule("a text that is not empty", lambda v: isinstance(v, str) and bool(v))
_OPTIONAL_TEXT = _Rule("a text, or None", lambda v: v is None or isinstance(v, str))
_FLAG = _Rule("True or False", lambda v: isinstance(v, bool))
_PATHS = _Rule(
    "a list of dotted paths of functions",
    lambda v: isinstance(v, list | tuple) and all(isinstance(p, str) and "." in p for p in v),
)


_PACKAGES = _Rule(
    "a list of names of packages, or None",
    lambda v: (
        v is None or (isinstance(v, list | tuple) and all(isinstance(p, str) and p for p in v))
    ),
)


def _key(default: Any, rule: _Rule, doc: str) -> Any:
    return field(default=default, metadata={"rule": rule, "doc": doc})


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeSettings:
    """Every key of DJANGO_RAY_RUNTIME in lower case, with its default."""

    database: str = _key("default", _TEXT, "Alias of the database that holds the queue.")
    heartbeat_seconds: float = _key(3.0, _SECONDS, "How often a worker's heartbeat is written.")
    dead_after_seconds: float = _key(
        12.0, _SECONDS, "A worker without a heartbeat for this long is dead; its tasks run again."
    )
    grace_seconds: float = _key(
        30.0, _SECONDS, "How long running tasks may go on after a worker was asked to stop."
    )
    cancel_grace_seconds: float = _key(
        5.0, _SECONDS, "How long a task that is cancelled or timed out may take to end by itself."
    )
    max_attempts: int = _key(
        1, _AT_LEAST_ONE, "How often a task may fail by its own exceptions, unless it says so."
    )
    retry_backoff_seconds: float = _key(
        2.0, _SECONDS, "Pause before the first retry; it doubles with each, and varies by a half."
    )
    retry_backoff_max_seconds: float = _key(600.0, _SECONDS, "Longest pause before a retry.")
    max_lost_reruns: int = _key(
        3, _COUNT, "How often a task whose worker or Ray process was lost runs again."
    )
    max_argument_bytes: int = _key(
        4_194_304, _SIZE, "Largest arguments of a task, as JSON; at most 128 MiB."
    )
    max_result_bytes: int = _key(
        4_194_304, _SIZE, "Largest return value of a task, as JSON; at most 128 MiB."
    )
    max_output_bytes: int = _key(
        65_536, _COUNT, "How much of the end of each run's output is kept; 0 keeps none."
    )
    keep_successful_seconds: float | None = _key(
        604_800.0, _OPTIONAL_SECONDS, "Age at which successful tasks are pruned; None: never."
    )
    keep_failed_seconds: float | None = _key(
        2_592_000.0, _OPTIONAL_SECONDS, "Age at which failed tasks are pruned; None: never."
    )
    keep_cancelled_seconds: float | None = _key(
        604_800.0, _OPTIONAL_SECONDS, "Age at which cancelled tasks are pruned; None: never."
    )
    keep_expired_seconds: float | None = _key(
        604_800.0, _OPTIONAL_SECONDS, "Age at which expired tasks are pruned; None: never."
    )
    poll_min_seconds: float = _key(0.02, _SECONDS, "Shortest wait between looks at an empty queue.")
    poll_max_seconds: float = _key(
        0.5, _SECONDS, "Longest wait between looks where nobody tells; 15 s where notices arrive."
    )
    task_modules: tuple[str, ...] | None = _key(
        None, _PACKAGES, "Packages and modules whose tasks may run; None: all that can be imported."
    )
    runtime_env_from_rows: bool = _key(
        True, _FLAG, "Whether a task may bring an environment of Ray's, which can run any code."
    )
    preload: tuple[str, ...] = _key(
        (), _PATHS, "Functions called once in each process that runs tasks, before its first."
    )
    ray_address: str = _key("auto", _TEXT, "auto, local, HOST:PORT or ray://HOST:PORT.")
    ray_working_dir: str | None = _key(
        None, _OPTIONAL_TEXT, "Folder with the code, sent to a cluster that we join (not sent)."
    )
    ray_num_cpus: int | None = _key(None, _OPTIONAL_COUNT, "CPUs of a Ray that we start (all).")
    ray_object_store_memory: int | None = _key(
        None, _OPTIONAL_COUNT, "Bytes of the object store of a Ray that we start (Ray's choice)."
    )
    ray_autoscales: bool = _key(
        False, _FLAG, "Whether the cluster grows by itself: tasks then wait for what it lacks."
    )
    ray_dashboard: bool = _key(False, _FLAG, "Whether a Ray that we start has its dashboard.")
    ray_dashboard_host: str = _key("127.0.0.1", _TEXT, "Where that dashboard listens.")
    ray_dashboard_port: int = _key(8265, _PORT, "The port of that dashboard.")
    ray_temp_dir: str | None = _key(
        None, _OPTIONAL_TEXT, "Folder for a started Ray's sockets and logs (a new one, removed)."
    )


def read(raw: object) -> RuntimeSettings:
    """Validate `raw`, the dict as it stands in Django's settings.

    Raises InvalidSettings naming the key, what was expected and what came.
    """
    if not isinstance(raw, dict):
        raise InvalidSettings(f"{SETTING} must be a dict, got {type(raw).__name__}.")
    known = {f.name.upper(): f for f in fields(RuntimeSettings)}
    values: dict[str, Any] = {}
    for key, value in raw.items():
        if key not in known:
            raise InvalidSettings(
                f"{SETTING} has no key {key!r}. Expected one of: {', '.join(sorted(known))}."
            )
        rule: _Rule = known[key].metadata["rule"]
        if not rule.accepts(value):
            raise InvalidSettings(f"{SETTING}[{key!r}] must be {rule.expected}, got {value!r}.")
        values[known[key].name] = tuple(value) if isinstance(value, list) else value
    result = RuntimeSettings(**values)
    if result.dead_after_seconds < 3 * result.heartbeat_seconds:
        raise InvalidSettings(
            f"{SETTING}['DEAD_AFTER_SECONDS'] must be at least three times HEARTBEAT_SECONDS "
            f"({result.heartbeat_seconds:g}), got {result.dead_after_seconds:g}: one late "
            "heartbeat must not make a worker dead."
        )
    return result


@cache
def runtime_settings() -> RuntimeSettings:
    """The settings in force; read once, and again after a test overrides them."""
    return read(getattr(django_settings, SETTING, {}))


def _forget(*, setting: str, **_: object) -> None:
    if setting == SETTING:
        runtime_settings.cache_clear()


setting_changed.connect(_forget)
