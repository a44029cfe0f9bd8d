"""Several processes as one: they start together, and when one ends or a signal comes, all end."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

STOP = (signal.SIGTERM, signal.SIGINT)
GRACE_SECONDS = 30.0
"""What a process may take to end before it is killed."""


def run_together(commands: Sequence[Sequence[str]], environment: Mapping[str, str]) -> int:
    """Run the commands until one of them ends, or this process is told to stop. Returns the code
    of the one that ended by itself, or 0."""
    with _wakened() as bell:
        children = [_started(command, environment) for command in commands]
        try:
            while not (ended := [one for one in children if one.poll() is not None]):
                if bell.recv(1)[0] in STOP:
                    return 0
            return ended[0].returncode
        finally:
            _end(children)


@contextmanager
def _wakened() -> Iterator[socket.socket]:
    """A socket that receives the number of each signal: nothing is missed between two looks."""
    inside, outside = socket.socketpair()
    outside.setblocking(False)
    caught = (*STOP, signal.SIGCHLD)
    before = {number: signal.signal(number, lambda *_: None) for number in caught}
    fd = signal.set_wakeup_fd(outside.fileno(), warn_on_full_buffer=False)
    try:
        yield inside
    finally:
        signal.set_wakeup_fd(fd)
        for number, handler in before.items():
            signal.signal(number, handler)
        inside.close()
        outside.close()


def _started(command: Sequence[str], environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command, env=environment)  # noqa: S603


def _end(children: Sequence["subprocess.Popen[bytes]"]) -> None:
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGTERM)
    for child in children:
        try:
            child.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
