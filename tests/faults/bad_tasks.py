"""Tasks that end their process, fill memory, or give what cannot be carried or stored; worker
processes import this module too."""

import ctypes
import os
import resource
import signal
import sys
import threading
import time
from typing import Any

import psutil
from django.tasks import task

MIB = 2**20


def segfault() -> None:
    """Read where nothing is."""
    ctypes.string_at(0)


def leave_at_once() -> None:
    """End without any of Python's own tidying."""
    os._exit(3)


def fill_memory() -> None:
    """Take some memory, and be killed for it as by the kernel when there is no more."""
    taken = bytearray(64 * MIB)
    os.kill(os.getpid(), signal.SIGKILL)
    del taken  # never


KILLERS = {"segfault": segfault, "exit": leave_at_once, "memory": fill_memory}


@task
def end_the_process(how):
    KILLERS[how]()


@task
def pause(seconds):
    time.sleep(seconds)
    return seconds


@task(num_cpus=2)
def take_until_killed(limit, started):
    """Take memory, bit by bit, up to `limit` bytes, and hold it: somebody else is to end it."""
    with open(started, "a") as file:
        file.write("started\n")
    taken = []
    for _ in range(limit // (64 * MIB)):
        taken.append(b"x" * (64 * MIB))
        time.sleep(0.05)
    time.sleep(60)
    raise TimeoutError(f"nobody ended the process that holds {len(taken)} times 64 MiB")


@task
def ask_for_more_than_there_is():
    """A request for memory that is refused: Python's own error, and the process lives."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    used = psutil.Process().memory_info().vms
    resource.setrlimit(resource.RLIMIT_AS, (used + 512 * MIB, before[1]))
    try:
        return len(bytearray(2048 * MIB))
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


class HoldsALock(Exception):
    """Cannot be pickled for what it holds."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.lock = threading.Lock()


class NeedsTwo(Exception):
    """Can be pickled, but not unpickled: its arguments are not those of its constructor."""

    def __init__(self, name: str, *, reason: str) -> None:
        super().__init__(f"{name} because of {reason}")


class HasNoText(Exception):
    """Fails once more when it is shown."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


@task
def raise_what_cannot_be_carried(kind):
    if kind == "lock":
        raise HoldsALock("held")
    if kind == "two":
        raise NeedsTwo("it failed", reason="two arguments")
    raise HasNoText


@task
def print_much(mebibytes):
    line = "x" * (MIB - 1)
    for _ in range(mebibytes):
        print(line)
    print("the end")


VALUES: dict[str, Any] = {
    "nan": {"score": float("nan")},
    "nul": ["a\0b"],
    "surrogate": "\ud800",
    "bytes": b"\xff\xfe",
    "object": object(),
}


@task
def give(kind):
    return VALUES[kind]


@task
def give_text(character, length):
    return character * length


@task
def give_back(value):
    return value


@task
def raise_text(text):
    """What came as JSON cannot have such characters: they are written here as escapes."""
    raise ValueError(text.encode().decode("unicode_escape"))


@task
def print_text(text, to_bytes=False):
    if to_bytes:
        sys.stdout.buffer.write(text.encode().decode("unicode_escape").encode("latin-1"))
        sys.stdout.flush()
    else:
        print(text.encode().decode("unicode_escape"))


@task
def raise_long(length):
    raise ValueError(f"the beginning{'x' * length}the end")
