"""A child whose supervisor is killed before its loop can notice, as while it starts Ray."""

import os
import select
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def dying_with_parent(parent: int) -> Iterator[None]:
    """Within this context, kill this process and all of its process group when the other end of
    the pipe `parent` closes. For the leader of a group only: who else would die with it?"""
    stop, done = os.pipe()
    watch = threading.Thread(target=_watch, args=(parent, stop), name="parent", daemon=True)
    watch.start()
    try:
        yield
    finally:
        os.close(done)
        watch.join()
        os.close(stop)


def _watch(parent: int, stop: int) -> None:
    poll = select.poll()
    poll.register(parent, select.POLLIN)
    poll.register(stop, select.POLLIN)
    ready = {descriptor for descriptor, _ in poll.poll()}
    if parent in ready and stop not in ready:
        os.killpg(os.getpgid(0), signal.SIGKILL)
