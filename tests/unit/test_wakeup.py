import os
import signal
import threading
import time

import pytest

from django_ray_runtime.worker.wakeup import Wakeup


def test_a_set_before_the_wait_ends_it_at_once() -> None:
    wakeup = Wakeup()
    wakeup.set()
    wakeup.set()
    began = time.monotonic()
    wakeup.wait(30)
    assert time.monotonic() - began < 10
    wakeup.close()


def test_a_set_from_another_thread_ends_the_wait() -> None:
    wakeup = Wakeup()
    thread = threading.Thread(target=wakeup.set)
    began = time.monotonic()
    thread.start()
    wakeup.wait(30)
    thread.join()
    assert time.monotonic() - began < 10
    wakeup.close()


def test_a_set_is_used_up_by_one_wait() -> None:
    wakeup = Wakeup()
    wakeup.set()
    wakeup.wait(30)
    began = time.monotonic()
    wakeup.wait(0.05)
    assert time.monotonic() - began >= 0.04
    wakeup.close()


def test_the_end_of_the_parent_is_noticed() -> None:
    read, write = os.pipe()
    wakeup = Wakeup(parent=read)
    wakeup.wait(0)
    assert not wakeup.parent_gone
    os.close(write)
    wakeup.wait(30)
    assert wakeup.parent_gone
    wakeup.close()
    os.close(read)


def test_a_set_while_the_last_one_is_being_noticed_is_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wakeup = Wakeup()
    read = os.read

    def read_late(*arguments: int) -> bytes:
        monkeypatch.setattr(os, "read", read)
        wakeup.set()  # as another thread would, at the worst moment
        return read(*arguments)

    wakeup.set()
    monkeypatch.setattr(os, "read", read_late)
    wakeup.wait(30)
    wakeup.set()
    began = time.monotonic()
    wakeup.wait(30)
    assert time.monotonic() - began < 10
    wakeup.close()


def test_a_signal_handler_may_set_it_at_any_moment() -> None:
    wakeup = Wakeup()
    ticks: list[int] = []

    def tick(*_: object) -> None:
        ticks.append(1)
        wakeup.set()

    before = signal.signal(signal.SIGALRM, tick)
    signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
    try:
        while len(ticks) < 2_000:  # with a lock in set() this hangs within a few hundred
            wakeup.wait(5)
            wakeup.set()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    wakeup.close()
