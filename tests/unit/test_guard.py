"""What takes too long in the caller is noticed, and nothing else."""

import os
import threading

import pytest

from django_ray_runtime.fanout.guard import Guard
from tests.support import wait_until


def test_an_alarm_comes_again_and_again_until_the_guard_is_disarmed() -> None:
    calls: list[int] = []
    thrice = threading.Event()

    def alarm() -> None:
        calls.append(threading.get_ident())
        if len(calls) >= 3:
            thrice.set()

    guard = Guard(alarm, 0.005)
    guard.arm()
    assert thrice.wait(10)
    guard.end()
    assert threading.get_ident() not in calls


def test_a_guard_that_is_disarmed_in_time_is_silent() -> None:
    rung = threading.Event()
    late = threading.Event()
    quick, slow = Guard(rung.set, 0.05), Guard(late.set, 0.06)
    for guard in (quick, slow):
        guard.arm()
    quick.disarm()
    assert late.wait(10)
    assert not rung.is_set()
    quick.arm()  # again, after the patrol has seen it at peace
    assert rung.wait(10)
    for guard in (quick, slow):
        guard.end()


def test_a_slow_alarm_holds_up_no_other() -> None:
    release, other = threading.Event(), threading.Event()
    slow, quick = Guard(lambda: _wait(release), 0.001), Guard(other.set, 0.001)
    slow.arm()
    quick.arm()
    assert other.wait(10)
    quick.end()
    release.set()
    slow.end()


def _wait(event: threading.Event) -> None:
    event.wait(10)


@pytest.mark.slow
def test_guards_work_again_after_a_long_pause() -> None:
    from django_ray_runtime.fanout import guard as module

    first = threading.Event()
    one = Guard(first.set, 0.001)
    one.arm()
    assert first.wait(10)
    one.end()
    wait_until(lambda: not module._patrol._awake.is_set(), "the patrol sleeps", 20)
    second = threading.Event()
    two = Guard(second.set, 0.001)
    two.arm()
    assert second.wait(10)
    two.end()


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_guards_work_in_a_forked_child() -> None:
    rung = threading.Event()
    guard = Guard(rung.set, 0.001)
    guard.arm()
    assert rung.wait(10)
    guard.end()
    child = os.fork()
    if not child:
        there = threading.Event()
        Guard(there.set, 0.001).arm()
        os._exit(0 if there.wait(10) else 1)
    assert os.waitpid(child, 0)[1] == 0
