"""Whether a failed run is followed by another, and when."""

import random

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.options import TaskOptions


def retry_delay(options: TaskOptions, failures: int, kind: type[BaseException]) -> float | None:
    """Seconds until the next run after an exception of class `kind`, or None for no more.

    `failures` is how many runs had failed before. Exponential with jitter: the pause doubles
    from one retry to the next up to RETRY_BACKOFF_MAX_SECONDS, and each is drawn from its
    upper half, so that tasks that failed together do not come back together.
    """
    allowed = options.max_attempts or runtime_settings().max_attempts
    if failures + 1 >= allowed:
        return None
    names = class_paths(kind)
    if names & set(options.no_retry_on) or not names & set(options.retry_on):
        return None
    return _pause(options.retry_backoff, failures) * random.uniform(0.5, 1.0)


def class_paths(kind: type[BaseException]) -> set[str]:
    """The dotted paths of an exception's class and of all that it inherits from."""
    return {f"{base.__module__}.{base.__qualname__}" for base in kind.__mro__}


def _pause(backoff: tuple[float, ...], failures: int) -> float:
    settings = runtime_settings()
    if len(backoff) > 1:  # a list of pauses, the last of which repeats
        return backoff[min(failures, len(backoff) - 1)]
    first = backoff[0] if backoff else settings.retry_backoff_seconds
    # The exponent is bounded: 2.0 ** 2000 is no float.
    return float(min(first * 2.0 ** min(failures, 60), settings.retry_backoff_max_seconds))
