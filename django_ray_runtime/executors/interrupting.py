"""Interrupting calls that run in threads of this process."""

import ctypes
import threading
from collections import deque
from collections.abc import Callable, Hashable
from typing import Any


class Interruptible:
    """The calls that run now, each with its thread. With `remembers`, as many that were interrupted
    before they began never do."""

    def __init__(self, remembers: int = 0) -> None:
        self._threads: dict[Hashable, int] = {}
        self._early: deque[Hashable] = deque(maxlen=remembers)
        self._lock = threading.Lock()

    def run(self, key: Hashable, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call `func` in this thread; until it is over, `interrupt(key)` reaches it."""
        with self._lock:
            if key in self._early:
                raise KeyboardInterrupt
            self._threads[key] = threading.get_ident()
        try:
            return func(*args, **kwargs)
        finally:
            with self._lock:
                del self._threads[key]
                _raise_in(threading.get_ident(), None)  # one that came too late

    def interrupt(self, key: Hashable) -> bool:
        """Raise KeyboardInterrupt in that call, as soon as it runs Python code; False when it
        does not run."""
        with self._lock:
            thread = self._threads.get(key)
            if thread is None:
                self._early.append(key)
            else:
                _raise_in(thread, KeyboardInterrupt)
            return thread is not None


def _raise_in(thread: int, kind: type[BaseException] | None) -> None:
    """Have a thread raise `kind` at its next step of Python; None takes one back."""
    raised = ctypes.py_object(kind) if kind else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), raised)
