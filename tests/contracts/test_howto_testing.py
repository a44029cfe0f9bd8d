"""The examples of docs/howto/testing.md, which quotes them."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import TestCase
from django.utils import timezone

from django_ray_runtime.distributed import parallel_map, using_executor
from django_ray_runtime.executors import SequentialExecutor
from django_ray_runtime.testing import (
    TaskAssertions,
    assert_enqueued,
    assert_not_enqueued,
    capture_enqueued,
    drain_queue,
    override_tasks,
    run_enqueued,
)
from tests.shop.tasks import charge, rebuild_prices, send_receipt

PAGE = Path(__file__).resolve().parents[2] / "docs" / "howto" / "testing.md"


@pytest.mark.django_db
def test_an_order_sends_one_receipt():
    send_receipt.enqueue("a@example.com", order=7)  # your view does this

    assert_enqueued(send_receipt, args=["a@example.com"], kwargs={"order": 7}, count=1)
    assert_not_enqueued(rebuild_prices)


@pytest.mark.django_db
def test_a_charge_ends_with_a_receipt():
    charge.enqueue(7)

    charged, receipt = run_enqueued(with_retries=True, raise_errors=True)

    assert charged.return_value == "charged"
    assert charged.attempts == 2
    assert receipt.task == send_receipt


@pytest.mark.django_db
def test_prices_are_rebuilt_at_most_once_an_hour():
    first = rebuild_prices.enqueue()
    assert rebuild_prices.enqueue().id == first.id

    [result] = drain_queue("bulk")
    assert result.return_value == "rebuilt"


@pytest.mark.django_db
def test_a_reminder_goes_out_tomorrow():
    tomorrow = timezone.now() + timedelta(days=1)
    send_receipt.using(run_after=tomorrow).enqueue("a@example.com", 7)

    assert run_enqueued() == []
    assert len(run_enqueued(now=tomorrow)) == 1


@pytest.mark.django_db
def test_a_failure_is_raised():
    charge.using(max_attempts=1).enqueue(7)

    with pytest.raises(ConnectionError, match="the bank does not answer"):
        run_enqueued(raise_errors=True)


class CheckoutTests(TaskAssertions, TestCase):
    def test_checkout(self):
        with self.captureEnqueued() as captured:
            charge.enqueue(7)
            run_enqueued(with_retries=True)

        self.assertEnqueued(send_receipt, count=1, among=captured)
        self.assertNotEnqueued()  # nothing waits any more


@override_tasks("dummy")
def test_without_a_database():
    send_receipt.enqueue("a@example.com", 7)
    assert_enqueued(send_receipt)


@override_tasks("immediate")
def test_at_once():
    with capture_enqueued() as captured:
        assert send_receipt.enqueue("a@example.com", 7).is_finished
    assert_enqueued(send_receipt, among=captured)


def test_a_fan_out_without_ray():
    with using_executor(SequentialExecutor()):
        assert parallel_map(abs, [-1, 2]) == [1, 2]


def test_the_page_quotes_these_examples() -> None:
    here = (
        Path(__file__).read_text() + (Path(__file__).parents[1] / "shop" / "tasks.py").read_text()
    )
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) >= 8
    for block in blocks:
        for part in re.split(r"\n\n\n", block.replace("from shop.", "from tests.shop.").strip()):
            assert part in here, f"docs/howto/testing.md shows what no test runs:\n{part}"
