import dataclasses

import pytest

from django_ray_runtime.conf import RuntimeSettings, read, runtime_settings
from django_ray_runtime.exceptions import InvalidSettings


def test_every_key_has_a_default_that_its_own_rule_accepts() -> None:
    for field in dataclasses.fields(RuntimeSettings):
        assert field.metadata["rule"].accepts(field.default), field.name
        assert field.metadata["doc"].endswith((".", ")."))


def test_a_given_value_takes_the_place_of_the_default() -> None:
    assert read({"GRACE_SECONDS": 5}).grace_seconds == 5
    assert read({"PRELOAD": ["a.b"]}).preload == ("a.b",)


def test_an_unknown_key_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidSettings, match=r"no key 'GRACE'\. Expected one of: .*GRACE_SECONDS"):
        read({"GRACE": 5})


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("HEARTBEAT_SECONDS", 0, "must be a number of seconds above 0, got 0"),
        ("HEARTBEAT_SECONDS", True, "must be a number of seconds above 0, got True"),
        ("RAY_DASHBOARD_PORT", 70000, "must be a port from 1 to 65535, got 70000"),
        ("RAY_DASHBOARD", "yes", "must be True or False, got 'yes'"),
        ("MAX_LOST_RERUNS", -1, "must be a whole number of at least 0, got -1"),
        ("MAX_RESULT_BYTES", 2**28, "must be a whole number from 1 to 134217728"),
        ("PRELOAD", ["nodots"], "must be a list of dotted paths"),
        ("RAY_NUM_CPUS", 0, "must be a whole number of at least 1, or None, got 0"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused(key: str, value: object, message: str) -> None:
    with pytest.raises(InvalidSettings, match=f"{key}.*{message}"):
        read({key: value})


def test_a_worker_is_not_dead_after_a_single_late_heartbeat() -> None:
    with pytest.raises(InvalidSettings, match="at least three times HEARTBEAT_SECONDS"):
        read({"HEARTBEAT_SECONDS": 10, "DEAD_AFTER_SECONDS": 12})


def test_overridden_settings_are_read_again(settings: object) -> None:
    settings.DJANGO_RAY_RUNTIME = {"GRACE_SECONDS": 7}  # type: ignore[attr-defined]
    assert runtime_settings().grace_seconds == 7
