"""What cannot be carried or stored ends its own task with a clear error, and the batch it came in
goes on. Real workers; on SQLite and on PostgreSQL."""

from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.tasks import TaskResult

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.models import Attempt, QueuedTask
from tests.acceptance.test_worker import finished
from tests.faults import bad_tasks
from tests.faults.test_poison import (
    demand_alive,
    demand_untouched,
    each_executor,
    enqueue_among_neighbours,
)
from tests.support import worker_process

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def run(
    tmp_path: Path, arguments: tuple[str, ...], calls: list[tuple[Any, tuple[Any, ...]]]
) -> list[TaskResult]:
    """These calls among twenty neighbours, by one worker, whose one boot it survives."""
    results, neighbours = enqueue_among_neighbours(calls)
    with worker_process(tmp_path / "log", *arguments) as worker:
        first = worker.wait_until_active().id
        finished(results)
        demand_untouched(neighbours)
        demand_alive(worker)
        assert worker.wait_until_active().id == first
    ids = [result.id for result in results]
    ends = set(QueuedTask.objects.filter(id__in=ids).values_list("attempt", "losses"))
    assert ends == {(1, 0)}
    return results


def told(result: TaskResult) -> str:
    """The error of a task that failed once."""
    assert result.state == "FAILED"
    [error] = result.errors
    return error.traceback


@each_executor
def test_return_values_that_cannot_be_stored_fail_with_what_to_do(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    limit = runtime_settings().max_result_bytes
    fits = limit - 2  # beside its quotes
    kinds = ["nan", "nul", "surrogate", "bytes", "object"]
    give, text = bad_tasks.give, bad_tasks.give_text
    results = run(
        tmp_path,
        arguments,
        [
            *((give, (kind,)) for kind in kinds),
            (text, ("x", fits + 1)),
            (text, ("€", limit // 3)),  # three bytes each
            (text, ("x", fits)),
        ],
    )
    *bad, good = results
    wanted = [
        "has a value that JSON lacks",
        "has a NUL character in a text. Remove it, or encode the bytes",
        "not valid Unicode (a lone surrogate)",
        "Unsupported value: <class 'bytes'>. Use None or a text in its place",
        "must be JSON",
        f"has {limit + 1:,} bytes of JSON, over MAX_RESULT_BYTES ({limit:,}). Store the data",
        f"has {limit // 3 * 3 + 2:,} bytes of JSON, over MAX_RESULT_BYTES",
    ]
    for result, message in zip(bad, wanted, strict=True):
        assert message in told(result)
        assert f"the return value of {result.task.module_path}" in told(result).replace(
            "The", "the"
        )
    assert good.return_value == "x" * fits


@each_executor
def test_messages_that_no_database_can_hold_are_stored_with_what_they_lack_replaced(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    raise_text = bad_tasks.raise_text
    results = run(
        tmp_path,
        arguments,
        [
            (raise_text, (r"a NUL \x00 here",)),
            (raise_text, (r"half a pair \ud800 here",)),
            (raise_text, (r"a byte \udcff here",)),  # as os.fsdecode gives it
            (raise_text, ("all is well",)),
        ],
    )
    assert {result.errors[0].exception_class for result in results} == {ValueError}
    messages = [told(result).strip().splitlines()[-1] for result in results]
    assert messages == [
        "ValueError: a NUL \ufffd here",
        "ValueError: half a pair ? here",
        "ValueError: a byte ? here",
        "ValueError: all is well",
    ]


@each_executor
def test_a_message_of_megabytes_is_stored_as_its_beginning_and_its_end(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    [result] = run(tmp_path, arguments, [(bad_tasks.raise_long, (30_000_000,))])
    text = told(result)
    assert len(text) < 100_000
    assert text.startswith("Traceback (most recent call last):\n")
    assert "in raise_long" in text
    assert "ValueError: the beginning" in text
    assert text.endswith("the end\n")
    assert "characters left out" in text


@each_executor
def test_printing_what_no_database_can_hold_harms_nobody(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    nul, pair, raw = run(
        tmp_path,
        arguments,
        [
            (bad_tasks.print_text, (r"a NUL \x00 here",)),
            (bad_tasks.print_text, (r"half a pair \ud800 here",)),
            (bad_tasks.print_text, (r"bytes \xff\xfe here", True)),
        ],
    )
    assert (nul.state, raw.state) == ("SUCCESSFUL", "SUCCESSFUL")
    assert Attempt.objects.get(task_id=nul.id).output == "a NUL \ufffd here\n"
    # As in every program whose output is UTF-8: print() itself raises.
    assert pair.errors[0].exception_class is UnicodeEncodeError
    assert "surrogates not allowed" in told(pair)


@each_executor
def test_arguments_of_a_megabyte_arrive_whole_and_those_over_the_limit_are_refused(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    large = {"text": 'é\\"\n' * 150_000, "numbers": list(range(60_000)), "none": None}
    limit = runtime_settings().max_argument_bytes
    refused = r"give_back have [\d,]+ bytes of JSON, over MAX_ARGUMENT_BYTES .* Store the data"
    give_back = bad_tasks.give_back
    with transaction.atomic():  # which is none the worse for it
        with pytest.raises(ValueError, match=refused):
            give_back.enqueue("x" * limit)
        with pytest.raises(ValueError, match=refused):
            give_back.enqueue_many([(1,), ("x" * limit,)])
        beside = give_back.enqueue(2)
    results = run(tmp_path, arguments, [(give_back, (large,)), (give_back, ([],))])
    assert QueuedTask.objects.filter(task_path=give_back.module_path).count() == 3
    assert finished([beside])[0].return_value == 2
    assert [result.return_value for result in results] == [large, []]
