"""What processes use while something else goes on, looked at from a thread."""

import threading
from collections.abc import Callable

import psutil

SAMPLE_SECONDS = 0.5


class Peak:
    """The largest of what `measure` says during the block, as `value`."""

    def __init__(self, measure: Callable[[], float], pause: float = SAMPLE_SECONDS) -> None:
        self._measure, self._pause = measure, pause
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self.value = 0.0

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _sample(self) -> None:
        while True:
            try:
                self.value = max(self.value, self._measure())
            except psutil.Error:
                pass  # a process has ended meanwhile
            if self._ended.wait(self._pause):
                return
