"""Items taken from both ends, each once."""

from collections.abc import Iterator

import pytest

from django_ray_runtime.fanout.source import Source


def test_front_and_back_meet_without_a_gap() -> None:
    source = Source(range(10))
    source.lay_ready(2, others=True)
    assert source.take(2) == (0, [0, 1])
    assert source.take_back(3) == (7, [7, 8, 9])
    assert source.remaining == 5
    assert source.take(100) == (2, [2, 3, 4, 5, 6])
    assert source.take(1)[1] == []
    assert source.is_over


def test_what_is_given_back_is_taken_again() -> None:
    source = Source(range(5))
    source.lay_ready(1, others=True)
    first, items = source.take_back(2)
    source.give_back(items)
    assert source.take_back(2) == (first, items)


def test_of_a_stream_little_is_drawn_ahead() -> None:
    drawn: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1000):
            drawn.append(number)
            yield number

    source = Source(items())
    source.lay_ready(1, others=True)
    assert len(drawn) <= 5
    assert source.total is None
    assert source.remaining is None


def test_looking_whether_it_is_over_loses_nothing() -> None:
    source = Source(iter("ab"))
    assert not source.is_over
    assert source.take(5) == (0, ["a", "b"])
    assert source.is_over


def test_an_iterable_that_raises_does_so_after_what_it_gave() -> None:
    def items() -> Iterator[int]:
        yield from (1, 2)
        raise LookupError("no more")

    source = Source(items())
    assert source.take(5) == (0, [1, 2])
    with pytest.raises(LookupError):
        source.take(1)
    with pytest.raises(LookupError):  # and again: it has not become an end
        source.take(1)
    assert source.has_failed
