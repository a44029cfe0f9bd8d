"""What the caller gets: a list, or a stream in order or as it comes."""

from collections.abc import Callable, Generator, Iterator
from itertools import chain
from typing import Any

from django_ray_runtime.context import current_run
from django_ray_runtime.fanout.chunks import Block, Failed
from django_ray_runtime.fanout.engine import FanOut
from django_ray_runtime.fanout.options import FanOutOptions


def as_list(fan: FanOut, options: FanOutOptions) -> list[Any]:
    """All values in the order of the items. The first failure to arrive ends it all."""
    told = _teller(fan, options)
    coming = fan.blocks()
    blocks = []
    try:
        for block in coming:
            _raise_failure(fan, block)
            blocks.append(block)
            told(len(block.values))
    finally:
        coming.close()  # cancels what is in flight
    blocks.sort(key=lambda block: block.first)
    values: list[Any] = []
    for block in blocks:
        values += block.values
    return values


class Stream(Iterator[Any]):
    """The values as they can be given. In order, a failure is raised when its turn has come.

    A loop over it runs at the speed of a list, without a step of Python for each value.
    """

    def __init__(self, fan: FanOut, options: FanOutOptions) -> None:
        self._lists = _lists(fan, options)
        self._values: Iterator[Any] = chain.from_iterable(self._lists)

    def __iter__(self) -> Iterator[Any]:
        return self._values

    def __next__(self) -> Any:
        return next(self._values)

    def close(self) -> None:
        """Cancel what is in flight. A loop that runs has at most the rest of a chunk still."""
        self._lists.close()
        self._values = iter(())


def _lists(fan: FanOut, options: FanOutOptions) -> Generator[list[Any]]:
    blocks = fan.blocks(lazily=True)
    told = _teller(fan, options)
    try:
        for block in _in_order(fan, blocks) if options.ordered else blocks:
            yield block.values
            _raise_failure(fan, block)
            told(len(block.values))
    finally:
        blocks.close()


def _in_order(fan: FanOut, blocks: Iterator[Block]) -> Iterator[Block]:
    early: dict[int, Block] = {}
    expected = 0
    for block in blocks:
        early[block.first] = block
        fan.waiting = len(early)
        fan.failed = fan.failed or block.failed is not None
        while expected in early:
            ready = early.pop(expected)
            fan.waiting = len(early)
            expected += len(ready.values)
            yield ready
            if ready.failed is not None:
                return
    if early:
        raise RuntimeError(f"Results of {fan.name} are missing before item {min(early)}.")


def _raise_failure(fan: FanOut, block: Block) -> None:
    if block.failed is None:
        return
    fan.failed = True
    failed: Failed = block.failed
    if failed.trace:
        failed.error.add_note(failed.trace)
    failed.error.add_note(f"Raised for item {block.first + failed.offset} of {fan.name}.")
    raise failed.error


def _teller(fan: FanOut, options: FanOutOptions) -> Callable[[int], None]:
    """Tells how many items are done, to whom the options say."""
    if options.progress is False:
        return lambda count: None
    done = 0

    def tell(count: int) -> None:
        nonlocal done
        done += count
        if options.progress is True:
            if current_run() is not None:  # otherwise there is nobody to tell
                from django_ray_runtime.progress import report

                report(done, fan.source.total)
        elif callable(options.progress):
            options.progress(done, fan.source.total)

    return tell
