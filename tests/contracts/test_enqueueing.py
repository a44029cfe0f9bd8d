"""Many calls in one statement, unique tasks, keys, sizes and expiry, on both databases."""

import threading
import unittest
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.tasks.exceptions import TaskResultMismatch
from django.test import SimpleTestCase, override_settings
from django.test.testcases import DatabaseOperationForbidden
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_ray_runtime.control import cancel
from django_ray_runtime.models import QueuedTask, UniqueKey
from django_ray_runtime.task import Unique, arguments
from django_ray_runtime.testing import capture_enqueued, run_enqueued
from tests import conforming
from tests.conforming import add, echo
from tests.support import someone_waits_for_a_lock, wait_until

pytestmark = pytest.mark.django_db


class TestMany:
    def test_calls_can_be_written_in_every_form(self) -> None:
        results = echo.enqueue_many(
            [(1, 2), [3], {"a": 4}, arguments(5, b=6), arguments(), iter_free()]
        )
        assert [(result.args, result.kwargs) for result in results] == [
            ([1, 2], {}), ([3], {}), ([], {"a": 4}), ([5], {"b": 6}), ([], {}), ([7], {}),
        ]  # fmt: skip

    def test_another_form_is_refused_with_how_to_write_it(self) -> None:
        for call in (1, "ab", {1, 2}):
            with pytest.raises(TypeError, match="tuples of positional arguments, dicts"):
                echo.enqueue_many([(1,), call])
        with pytest.raises(TypeError, match=r"Write \(7,\) for one"):
            echo.enqueue_many([7])
        assert not QueuedTask.objects.exists()

    def test_none_are_no_statement(self, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(0):
            assert echo.enqueue_many([]) == []
        assert add.using(unique=True).enqueue_many(iter(())) == []

    def test_one_statement_inserts_them_and_their_results_are_as_read_back(self) -> None:
        with CaptureQueriesContext(connection) as queries:
            results = add.using(priority=4, queue_name="bulk").enqueue_many(
                (n, {"é": [n]}) for n in range(50)
            )
        assert len(queries) == 1
        assert [result.args for result in results] == [[n, {"é": [n]}] for n in range(50)]
        assert add.get_result(results[7].id) == results[7]
        assert results[7].enqueued_at is not None

    def test_they_run_in_the_order_of_the_list(self) -> None:
        results = echo.enqueue_many([(n,) for n in range(20)])
        assert [result.id for result in run_enqueued()] == [result.id for result in results]

    def test_all_or_none(self) -> None:
        with pytest.raises(TypeError), capture_enqueued() as captured:
            echo.enqueue_many([(1,), (object(),)])
        assert captured == []
        assert not QueuedTask.objects.exists()

    def test_options_hold_for_each_of_them(self) -> None:
        task = add.using(max_attempts=3, expires_in=60, concurrency_key="k", concurrency_limit=2)
        task.enqueue_many([(1, 1), (2, 2)])
        one = task.enqueue(3, 3)
        rows = list(QueuedTask.objects.order_by("id"))
        assert {row.state for row in rows} == {"BLOCKED"}
        assert {row.limit_key for row in rows} == {"k"}
        assert rows[0].options == rows[2].options == {"max_attempts": 3, "concurrency_limit": 2}
        for row in rows:
            assert row.expires_at - row.enqueued_at == pytest.approx(
                timedelta(minutes=1), abs=timedelta(milliseconds=5)
            )
        assert one.state == "BLOCKED"

    def test_a_later_run_after_holds_for_each_of_them_and_expiry_counts_from_it(self) -> None:
        moment = timezone.now() + timedelta(hours=1)
        task = add.using(run_after=moment, expires_in=60)
        task.enqueue(0, 0)
        results = task.enqueue_many([(1, 1), (2, 2)])
        assert {result.state for result in results} == {"SCHEDULED"}
        rows = QueuedTask.objects.values_list("run_after", "expires_at")
        assert set(rows) == {(moment, moment + timedelta(minutes=1))}

    @pytest.mark.slow
    def test_ten_thousand_are_one_statement_too(self) -> None:
        with CaptureQueriesContext(connection) as queries:
            results = add.enqueue_many([(n, n) for n in range(10_000)])
        assert (len(queries), len(results)) == (1, 10_000)
        assert QueuedTask.objects.count() == 10_000
        assert sorted(result.id for result in results) == [result.id for result in results]

    def test_a_priority_that_only_equals_a_whole_number_is_stored_as_one(self) -> None:
        add.using(priority=2.0).enqueue_many([(1, 1)])
        add.using(priority=2.0).enqueue(2, 2)
        assert list(QueuedTask.objects.values_list("priority", flat=True)) == [2, 2]

    def test_key_functions_get_each_calls_own_arguments(self) -> None:
        conforming.keyed.enqueue_many([("a",), {"who": "b"}])
        keys = QueuedTask.objects.order_by("id").values_list("limit_key", flat=True)
        assert list(keys) == ["a", "b"]


def iter_free() -> Any:
    return arguments(*(n for n in (7,)))


class TestKeys:
    def test_without_a_key_the_task_itself_is_the_key(self) -> None:
        add.using(concurrency_limit=1).enqueue(1, 2)
        assert QueuedTask.objects.get().limit_key == "tests.conforming.add"

    @pytest.mark.parametrize("made", [None, "", 5, "a\x00", "\ud800"])
    @pytest.mark.parametrize("option", ["concurrency_key", "unique"])
    def test_a_function_must_give_a_text(self, made: Any, option: str) -> None:
        limits = {"concurrency_limit": 1} if option == "concurrency_key" else {}
        task = add.using(**{option: lambda *_: made}, **limits)
        with pytest.raises(TypeError, match=f"The {option} function of .* not empty and"):
            task.enqueue(1, 2)

    def test_long_keys_are_told_apart(self) -> None:
        task = add.using(concurrency_key=lambda a, b: "x" * 300 + str(a), concurrency_limit=1)
        task.enqueue_many([(1, 1), (2, 2), (1, 3)])
        keys = list(QueuedTask.objects.order_by("id").values_list("limit_key", flat=True))
        assert keys[0] == keys[2] != keys[1]
        assert len(keys[0]) == 200


class TestSizes:
    def test_arguments_have_a_limit_in_bytes(self) -> None:
        with override_settings(DJANGO_RAY_RUNTIME={"MAX_ARGUMENT_BYTES": 100}):
            echo.enqueue("x" * 94)
            for text in ("x" * 95, "é" * 48):
                with pytest.raises(ValueError, match=r"over MAX_ARGUMENT_BYTES \(100\). Store"):
                    echo.enqueue(text)
        assert QueuedTask.objects.count() == 1


unique_add = add.using(unique=True)


class TestUnique:
    def test_a_duplicate_gives_the_result_that_is_there(self) -> None:
        with capture_enqueued() as captured:
            first = unique_add.enqueue(1, 2)
            assert unique_add.enqueue(1, 2).id == first.id
            assert unique_add.enqueue(2, 1).id != first.id
        assert len(captured) == QueuedTask.objects.count() == 2

    def test_arguments_are_compared_as_json(self) -> None:
        first = echo.using(unique=True).enqueue((1,), a={"x": 1, "y": 2})
        assert echo.using(unique=True).enqueue([1], a={"y": 2, "x": 1}).id == first.id
        assert echo.using(unique=True).enqueue([True], a={"y": 2, "x": 1}).id != first.id

    def test_a_key_function_compares_what_it_gives(self) -> None:
        task = add.using(unique=lambda a, b: str(a))
        assert task.enqueue(1, 2).id == task.enqueue(1, 3).id != task.enqueue(2, 2).id

    def test_tasks_do_not_share_keys(self) -> None:
        key = lambda *_: "same"  # noqa: E731
        assert add.using(unique=key).enqueue(1, 2).id != echo.using(unique=key).enqueue(1, 2).id

    def test_it_holds_while_the_first_runs(self) -> None:
        conforming.enqueue_itself.enqueue()
        [result] = run_enqueued(limit=1)
        assert result.return_value == result.id

    @pytest.mark.parametrize("how", ["success", "failure", "cancel", "expiry"])
    def test_once_it_has_ended_another_is_taken(self, how: str) -> None:
        task = unique_add if how != "failure" else conforming.fail.using(unique=True)
        given = ("x",) if how == "failure" else (1, 2)
        if how == "expiry":
            task = task.using(expires_in=60)
        first = task.enqueue(*given)
        if how == "cancel":
            cancel(first.id)
        elif how == "expiry":
            run_enqueued(now=timezone.now() + timedelta(hours=1))
        else:
            run_enqueued()
        first.refresh()
        assert first.is_finished
        assert task.enqueue(*given).id != first.id

    def test_a_period_holds_beyond_the_end_and_ends_before_it(self) -> None:
        task = add.using(unique=Unique(period=3600))
        first = task.enqueue(1, 2)
        run_enqueued()
        again = task.enqueue(1, 2)
        assert (again.id, again.return_value) == (first.id, 3)
        UniqueKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        second = task.enqueue(1, 2)
        assert second.id != first.id
        UniqueKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert task.enqueue(1, 2).id not in {first.id, second.id}

    def test_duplicates_among_many_are_one(self) -> None:
        before = unique_add.enqueue(3, 3)
        with capture_enqueued() as captured:
            results = unique_add.enqueue_many([(1, 1), (3, 3), (2, 2), (1, 1)])
        first, held, other, again = (result.id for result in results)
        assert first == again != other
        assert held == before.id
        assert [result.args for result in captured] == [[1, 1], [2, 2]]
        assert QueuedTask.objects.count() == 3

    def test_a_row_deleted_by_hand_frees_its_key(self) -> None:
        first = unique_add.enqueue(1, 2)
        QueuedTask.objects.all().delete()
        assert unique_add.enqueue(1, 2).id != first.id

    def test_a_rollback_frees_the_key(self) -> None:
        with pytest.raises(RuntimeError), transaction.atomic():
            undone = unique_add.enqueue(1, 2)
            raise RuntimeError
        assert unique_add.enqueue(1, 2).id != undone.id

    def test_the_duplicate_of_a_key_is_of_the_same_task(self) -> None:
        first = unique_add.enqueue(1, 2)
        with pytest.raises(TaskResultMismatch):
            echo.get_result(first.id)


@pytest.mark.django_db(transaction=True)
class TestUniqueAtTheSameTime:
    def test_of_racing_enqueues_one_inserts_and_all_get_its_result(self) -> None:
        start = threading.Barrier(4)

        def enqueue() -> list[str]:
            start.wait(30)
            return [unique_add.enqueue(n, n).id for n in range(10)]

        assert len({tuple(ids) for ids in at_once([enqueue] * 4)}) == 1
        assert QueuedTask.objects.count() == 10

    def test_opposite_orders_do_not_lock_each_other_out(self) -> None:
        start = threading.Barrier(2)
        calls = [(n, n) for n in range(50)]

        def enqueue(wanted: list[tuple[int, int]]) -> dict[str, str]:
            start.wait(30)
            for _ in range(5):
                results = unique_add.enqueue_many(wanted)
            return {str(result.args): result.id for result in results}

        one, other = at_once([lambda: enqueue(calls), lambda: enqueue(calls[::-1])])
        assert one == other
        assert QueuedTask.objects.count() == 50

    @pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer")
    @pytest.mark.parametrize("ends", ["commit", "rollback"])
    def test_an_enqueue_waits_for_the_other_transaction_and_goes_on(self, ends: str) -> None:
        inserted, release = threading.Event(), threading.Event()
        ids: dict[str, str] = {}

        def first() -> None:
            try:
                with transaction.atomic():
                    ids["first"] = unique_add.enqueue(1, 2).id
                    inserted.set()
                    assert release.wait(30)
                    if ends == "rollback":
                        raise ZeroDivisionError
            except ZeroDivisionError:
                pass

        def second() -> None:
            assert inserted.wait(30)
            ids["second"] = unique_add.enqueue(1, 2).id

        def let_go() -> None:
            wait_until(someone_waits_for_a_lock, "the second waits for the first")
            release.set()

        at_once([first, second, let_go])
        assert (ids["first"] == ids["second"]) is (ends == "commit")
        assert str(QueuedTask.objects.get().id) == ids["second"]


def at_once(functions: list[Callable[[], Any]]) -> list[Any]:
    """What the functions return, each run in a thread with a connection of its own."""
    results: list[Any] = [None] * len(functions)
    errors: list[BaseException] = []

    def run(place: int) -> None:
        try:
            results[place] = functions[place]()
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(functions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors, errors
    return results


@pytest.mark.django_db(transaction=True)
class TestWithoutDjangosCursor:
    """The row goes in through the driver: what Django's cursor guards holds all the same."""

    def test_nothing_is_enqueued_in_a_transaction_that_is_broken(self) -> None:
        with transaction.atomic():
            transaction.set_rollback(True)
            with pytest.raises(transaction.TransactionManagementError):
                add.enqueue(1, 2)
        assert not QueuedTask.objects.exists()

    def test_it_is_enqueued_with_a_commit_by_hand(self) -> None:
        connection.set_autocommit(False)
        try:
            add.enqueue(1, 2)
            connection.rollback()
            kept = add.enqueue(3, 4)
            connection.commit()
        finally:
            connection.set_autocommit(True)
        assert str(QueuedTask.objects.get().id) == kept.id

    def test_nothing_is_enqueued_where_a_test_forbids_the_database(self) -> None:
        class Forbidden(SimpleTestCase):
            def test_enqueue(self) -> None:
                with pytest.raises(DatabaseOperationForbidden):
                    add.enqueue(1, 2)

        QueuedTask.objects.exists()  # there is a connection
        assert (
            unittest.TextTestRunner(stream=StringIO())
            .run(unittest.defaultTestLoader.loadTestsFromTestCase(Forbidden))
            .wasSuccessful()
        )
        assert not QueuedTask.objects.exists()
