"""Every option of RayTask where it is declared: what it takes, what it refuses, what it says."""

from datetime import timedelta
from typing import Any

import pytest
from django.tasks import task
from django.tasks.exceptions import InvalidTask

from django_ray_runtime.options import TaskOptions, options_of
from django_ray_runtime.task import RayTask, Unique, options_of_task, unique_of
from django_ray_runtime.task_rules import read_rate
from tests import conforming

MINUTE = timedelta(minutes=1)
DURATIONS = (
    [5, 0.5, MINUTE, timedelta(days=36500)],
    [0, -1, True, "5", float("nan"), timedelta(0), 1e12, 10**400, timedelta(days=40000)],
)
SECONDS = "a number of seconds above 0 (at most 100 years), or a timedelta"


def with_token(user: str, token: str, *rest: str, secret: str = "") -> None: ...


def with_anything(user: str, **kwargs: Any) -> None: ...


# option -> (valid values, refused values, words of the error)
OPTIONS: dict[str, tuple[list[Any], list[Any], str]] = {
    "max_attempts": ([1, 5], [0, -1, 1.5, True, "3"], "a whole number of at least 1"),
    "retry_backoff": (
        [2, MINUTE, [1, 5, MINUTE], (0.1,)],
        [*DURATIONS[1], [], [1, 0], ["1"]],
        f"{SECONDS}, or a list of them",
    ),
    "retry_on": (
        [(OSError,), (OSError, ValueError), ()],
        [OSError, [OSError], ("OSError",), (OSError(),), (int,)],
        "a tuple of exception classes",
    ),
    "no_retry_on": ([(ValueError,)], [ValueError, (3,)], "a tuple of exception classes"),
    "timeout": (*DURATIONS, SECONDS),
    "expires_in": (*DURATIONS, SECONDS),
    "num_cpus": ([0, 0.5, 4], [-1, "2", float("inf"), True, 10**400], "a number of at least 0"),
    "num_gpus": ([0, 0.25, 1], [-1, None.__class__], "a number of at least 0"),
    "memory": ([1, 2**31], [0, 1.5, "1G"], "a whole number of bytes"),
    "resources": (
        [{"node_a": 1}, {}],
        [["node_a"], {"a": -1}, {"a": "1"}, {1: 1}],
        "a dict of names and numbers",
    ),
    "runtime_env": (
        [{"env_vars": {"A": "1"}}],
        ["env", {"a": object()}, {"a": float("nan")}],
        "a dict that JSON can hold",
    ),
    "unique": (
        [True, False, str, Unique(), Unique(key=str, period=MINUTE)],
        [1, "yes", Unique(period=0), Unique(key="k")],  # type: ignore[arg-type]
        "True, a function of the arguments, or Unique(key=…, period=…)",
    ),
    "concurrency_limit": ([1, 10], [0, True, 1.5], "a whole number of at least 1"),
    "rate_limit": (
        ["1/s", "100/m", "5/30s", "1000/h", "10000/d", "1/31d"],
        ["10", "0/s", "9999999999/s", "1/100000d", "10/0s", "10/w", "10 / s", 10, "1.5/s", "1/32d"],
        "a rate such as 10/s, 100/m, 5/30s, 1000/h or 10000/d, over 31 days at most",
    ),
}


def test_every_option_is_tried_here() -> None:
    from dataclasses import fields

    from django.tasks.base import Task

    own = {f.name for f in fields(RayTask)} - {f.name for f in fields(Task)}
    assert own == {*OPTIONS, "concurrency_key", "sensitive"}


@pytest.mark.parametrize("name", OPTIONS)
def test_what_fits_is_taken_by_the_declaration_and_by_using(name: str) -> None:
    for value in OPTIONS[name][0]:
        declared = task(**{name: value})(conforming.add.func)
        assert getattr(declared, name) == value
        assert conforming.add.using(**{name: value}) == declared
        assert declared.using(**{name: None}) == conforming.add
        assert declared.using(priority=3).using(priority=None).priority == 3


@pytest.mark.parametrize("name", OPTIONS)
def test_what_does_not_fit_is_refused_with_task_option_and_value(name: str) -> None:
    _, refused, expected = OPTIONS[name]
    for value in refused:
        for declare in (lambda v: task(**{name: v})(conforming.add.func), by_using(name)):
            with pytest.raises(InvalidTask) as caught:
                declare(value)
            message = str(caught.value)
            assert message == f"tests.conforming.add: {name} must be {expected}, got {value!r}."


def by_using(name: str) -> Any:
    return lambda value: conforming.add.using(**{name: value})


class TestKeys:
    @pytest.mark.parametrize("key", ["shop", lambda a, b: str(a)])
    def test_a_key_needs_a_limit(self, key: Any) -> None:
        with pytest.raises(InvalidTask, match=r"limits nothing\. Give concurrency_limit or rate"):
            conforming.add.using(concurrency_key=key)
        for limit in ({"concurrency_limit": 2}, {"rate_limit": "1/s"}):
            assert conforming.add.using(concurrency_key=key, **limit).concurrency_key is key

    @pytest.mark.parametrize("key", ["", "x" * 201, 5, "a\x00", "\ud800"])
    def test_other_keys_are_refused(self, key: Any) -> None:
        with pytest.raises(InvalidTask, match="a text of 1 to 200 characters, or a function"):
            conforming.add.using(concurrency_key=key, concurrency_limit=1)


class TestSensitive:
    def test_names_are_kept_with_their_positions(self) -> None:
        declared = RayTask(func=with_token, sensitive=("token", "secret"))
        options = options_of_task(declared)
        assert options.sensitive == ("token", "secret")
        assert options.sensitive_positions == (1,)  # `secret` has none: keyword only

    def test_the_context_does_not_count(self) -> None:
        declared = conforming.tell_context.using(sensitive=("_x",))
        assert options_of_task(declared).sensitive_positions == (0,)

    def test_a_name_that_is_no_parameter_is_refused_with_those_there_are(self) -> None:
        with pytest.raises(
            InvalidTask, match=r"'pasword', which is no parameter.*user, token, sec"
        ):
            RayTask(func=with_token, sensitive=("pasword",))
        with pytest.raises(InvalidTask, match="none, as it has no parameters"):
            conforming.nothing.using(sensitive=("x",))

    def test_any_name_may_be_a_keyword_where_any_keyword_is_taken(self) -> None:
        declared = RayTask(func=with_anything, sensitive=["password"])
        assert options_of_task(declared).sensitive_positions == ()

    @pytest.mark.parametrize("names", ["token", (1,), {"token"}])
    def test_it_is_a_tuple_of_names(self, names: Any) -> None:
        with pytest.raises(InvalidTask, match="a tuple of names of parameters"):
            RayTask(func=with_token, sensitive=names)


class TestUnknown:
    def test_the_decorator_refuses_an_unknown_option(self) -> None:
        with pytest.raises(TypeError, match="max_retries"):
            task(max_retries=3)(conforming.add.func)

    def test_using_refuses_it_with_those_there_are(self) -> None:
        with pytest.raises(TypeError, match=r"add has no option max_retries.*max_attempts, mem"):
            conforming.add.using(max_retries=3)

    @pytest.mark.parametrize("name", ["func", "takes_context"])
    def test_using_does_not_make_it_another_function(self, name: str) -> None:
        with pytest.raises(TypeError, match=f"has no option {name}"):
            conforming.add.using(**{name: None})


class TestStored:
    def test_nothing_is_stored_of_a_plain_task(self) -> None:
        assert options_of_task(conforming.add).to_dict() == {}

    def test_everything_comes_back_from_a_row(self) -> None:
        declared = conforming.add.using(
            max_attempts=4, retry_backoff=[1, MINUTE], retry_on=(OSError,),
            no_retry_on=(FileNotFoundError,), timeout=MINUTE, num_cpus=2, num_gpus=0.5,
            memory=10**9, resources={"b": 1, "a": 2}, runtime_env={"pip": ["x"]},
            concurrency_limit=3, rate_limit="5/30s", sensitive=("b",),
        )  # fmt: skip
        stored = options_of_task(declared)
        assert options_of(json_round_trip(stored.to_dict())) == stored
        assert stored.retry_backoff == (1.0, 60.0)
        assert stored.retry_on == ("builtins.OSError",)
        assert (stored.timeout, stored.rate_count, stored.rate_seconds) == (60.0, 5, 30.0)
        assert stored.resources == (("a", 2), ("b", 1))

    def test_no_exception_at_all_may_be_retried(self) -> None:
        assert options_of_task(conforming.add.using(retry_on=())).retry_on == ()

    def test_what_another_version_wrote_is_left_out(self) -> None:
        assert options_of({"colour": "red", "memory": 5}) == TaskOptions(memory=5)


@pytest.mark.parametrize(
    ("text", "rate"),
    [("1/s", (1, 1)), ("100/m", (100, 60)), ("5/30s", (5, 30)), ("2/12h", (2, 43200))],
)
def test_a_rate_is_a_count_and_its_seconds(text: str, rate: tuple[int, float]) -> None:
    assert read_rate(text) == rate


def test_uniqueness_can_be_written_in_three_ways() -> None:
    assert unique_of(conforming.add) is None
    assert unique_of(conforming.add.using(unique=False)) is None
    assert unique_of(conforming.add.using(unique=True)) == Unique()
    assert unique_of(conforming.add.using(unique=max)) == Unique(key=max)
    assert unique_of(conforming.add.using(unique=Unique(period=5))) == Unique(period=5)


def json_round_trip(value: Any) -> Any:
    import json

    return json.loads(json.dumps(value))
