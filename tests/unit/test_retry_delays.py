"""When a failed run is repeated, and after which pause."""

import random

import pytest
from django.test import override_settings

from django_ray_runtime.options import TaskOptions
from django_ray_runtime.retries import class_paths, retry_delay


class Mine(ValueError):
    """An error of the project."""


def paused(monkeypatch: pytest.MonkeyPatch, share: float) -> None:
    """Let every pause be drawn at this share, from 0 (shortest) to 1 (longest)."""
    monkeypatch.setattr(random, "uniform", lambda low, high: low + share * (high - low))


@pytest.mark.parametrize(("share", "factor"), [(0.0, 0.5), (1.0, 1.0)])
def test_the_pause_doubles_and_is_drawn_from_its_upper_half(
    monkeypatch: pytest.MonkeyPatch, share: float, factor: float
) -> None:
    paused(monkeypatch, share)
    options = TaskOptions(max_attempts=20, retry_backoff=(3.0,))
    pauses = [retry_delay(options, failures, ValueError) for failures in range(5)]
    assert pauses == [factor * pause for pause in (3, 6, 12, 24, 48)]


def test_the_pause_is_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    paused(monkeypatch, 1.0)
    options = TaskOptions(max_attempts=10_000, retry_backoff=(3.0,))
    with override_settings(DJANGO_RAY_RUNTIME={"RETRY_BACKOFF_MAX_SECONDS": 100.0}):
        pauses = [retry_delay(options, failures, ValueError) for failures in (5, 6, 5000)]
    assert pauses == [96, 100, 100]


def test_listed_pauses_follow_the_list_and_repeat_its_last(monkeypatch: pytest.MonkeyPatch) -> None:
    paused(monkeypatch, 1.0)
    options = TaskOptions(max_attempts=9, retry_backoff=(5.0, 1.0, 7000.0))
    pauses = [retry_delay(options, failures, ValueError) for failures in range(4)]
    assert pauses == [5, 1, 7000, 7000]


def test_without_options_the_settings_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    paused(monkeypatch, 1.0)
    assert retry_delay(TaskOptions(), 0, ValueError) is None
    settings = {"MAX_ATTEMPTS": 3, "RETRY_BACKOFF_SECONDS": 4.0}
    with override_settings(DJANGO_RAY_RUNTIME=settings):
        assert [retry_delay(TaskOptions(), n, ValueError) for n in range(3)] == [4, 8, None]


@pytest.mark.parametrize(
    ("retry_on", "no_retry_on", "kind", "again"),
    [
        (("builtins.Exception",), (), Mine, True),
        (("builtins.Exception",), (), SystemExit, False),
        (("builtins.BaseException",), (), SystemExit, True),
        (("builtins.ValueError",), (), Mine, True),
        (("builtins.OSError",), (), Mine, False),
        (("builtins.Exception",), ("builtins.ValueError",), Mine, False),
        ((), (), Mine, False),
    ],
)
def test_classes_decide_with_their_subclasses(
    retry_on: tuple[str, ...], no_retry_on: tuple[str, ...], kind: type[BaseException], again: bool
) -> None:
    options = TaskOptions(max_attempts=2, retry_on=retry_on, no_retry_on=no_retry_on)
    assert (retry_delay(options, 0, kind) is not None) is again


def test_a_class_is_known_by_its_path_and_those_above_it() -> None:
    found = class_paths(Mine)
    assert {"tests.unit.test_retry_delays.Mine", "builtins.ValueError"} <= found
