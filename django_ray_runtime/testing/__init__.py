"""For your tests, in pytest and in TestCase: without Ray and without a worker process.

    def test_a_signup_sends_one_mail(client, db):
        client.post("/signup", {"email": "a@example.com"})
        assert_enqueued(send_mail, args=["a@example.com"], count=1)
        [result] = run_enqueued(raise_errors=True)

See docs/howto/testing.md.
"""

from django_ray_runtime.testing.assertions import (
    TaskAssertions,
    assert_enqueued,
    assert_not_enqueued,
    capture_enqueued,
    enqueued,
)
from django_ray_runtime.testing.backends import DummyBackend, ImmediateBackend, override_tasks
from django_ray_runtime.testing.held import HeldCall, HeldExecutor
from django_ray_runtime.testing.running import drain_queue, run_enqueued

__all__ = [
    "DummyBackend",
    "HeldCall",
    "HeldExecutor",
    "ImmediateBackend",
    "TaskAssertions",
    "assert_enqueued",
    "assert_not_enqueued",
    "capture_enqueued",
    "drain_queue",
    "enqueued",
    "override_tasks",
    "run_enqueued",
]
