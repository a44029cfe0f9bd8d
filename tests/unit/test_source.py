"""Items taken from both ends, each once."""

from collections.abc import Iterator

import pytest

from django_ray_runtime.fanout.source import Source


def test_front_and_back_meet_without_a_gap() -> None:
    source = Source(range(10))
    source.finish(source.begin(2, others=True), 2)
    assert source.take(2) == (2, [2, 3])
    assert source.take_back(3) == (7, [7, 8, 9])
    assert source.remaining == 3
    assert source.take(100) == (4, [4, 5, 6])
    assert source.take(1)[1] == []
    assert source.is_over


def test_what_is_given_back_is_taken_again() -> None:
    source = Source(range(5))
    source.begin(1, others=True)
    first, items = source.take_back(2)
    source.give_back(items)
    assert source.take_back(2) == (first, items)


def test_slices_follow_each_other_over_what_was_laid_ready() -> None:
    source = Source(range(1000))
    given: list[int] = []
    for size in (1, 16, 300, 4096):
        mine = source.begin(size, others=True)
        assert mine.first == len(given)
        given += mine.items
        source.finish(mine, len(mine.items))
    assert given == list(range(1000))
    assert source.begin(1, others=True).items == []


@pytest.mark.parametrize("over", [2, 3])
def test_others_get_what_the_caller_has_not_begun_of_its_slice(over: int) -> None:
    source = Source(range(10))
    mine = source.begin(6, others=True)
    mine.values += ["value of 0", "value of 1"]
    source.free()  # the caller is at item 2, or about to begin it
    assert mine.stopped
    assert source.take_back(5) == (5, [5, 6, 7, 8, 9])
    source.finish(mine, over)
    assert source.take(10) == (over, list(range(over, 5)))
    assert source.is_over


def test_a_slice_is_freed_once() -> None:
    source = Source(range(6))
    source.begin(6)
    source.free()
    source.free()
    assert source.take_back(10) == (1, [1, 2, 3, 4, 5])


def test_of_a_stream_little_is_drawn_ahead() -> None:
    drawn: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1000):
            drawn.append(number)
            yield number

    source = Source(items())
    source.begin(1, others=True)
    assert len(drawn) <= 5
    assert source.total is None
    assert source.remaining is None


def test_looking_whether_it_is_over_loses_nothing() -> None:
    source = Source(iter("ab"))
    assert not source.is_over
    assert source.take(5) == (0, ["a", "b"])
    assert source.is_over


def test_an_error_of_the_iterable_waits_for_what_is_ready() -> None:
    def items() -> Iterator[int]:
        yield from (1, 2, 3)
        raise LookupError("no more")

    source = Source(items())
    source.finish(source.begin(1, others=True), 1)
    assert source.begin(5, others=True).items == [2, 3]
    with pytest.raises(LookupError):
        source.begin(1, others=True)


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
