"""Cutting a quantity of games into chunks ``[start, stop)`` that can be made anywhere."""

from collections.abc import Iterator

NUMBERS_PER_CHUNK = 18_000_000
"""3,000,000 games of six: 18 MB of results for some 90 ms of work. A call over Ray whose result
goes through the object store costs 5 to 8 ms on busy cores; smaller chunks lose a third of the
speed (``benchmarks.bench_jobs``), larger ones only take memory."""


def default_chunk_size(numbers_per_game: int) -> int:
    """Games in a chunk when nobody says otherwise; games of more numbers come in smaller chunks."""
    return max(1, NUMBERS_PER_CHUNK // numbers_per_game)


def plan_chunks(
    quantity: int, chunk_size: int | None = None, *, numbers_per_game: int = 6
) -> Iterator[tuple[int, int]]:
    """Chunks that cover games 0 to ``quantity - 1`` once and in order, one at a time.

    All have ``chunk_size`` games but the last, which may have fewer. The games do not depend on
    how they are cut. ``ValueError`` at once when quantity or chunk size is not positive.
    """
    size = default_chunk_size(numbers_per_game) if chunk_size is None else chunk_size
    for name, value in (("quantity", quantity), ("chunk_size", size)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    return ((start, min(start + size, quantity)) for start in range(0, quantity, size))
