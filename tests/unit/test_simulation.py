"""What must hold of the simulation of many workers, whatever a database costs."""

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from benchmarks.scaling_chart import draw
from benchmarks.scaling_model import Costs, Setup, simulate

FREE = Costs()
DEAR = Costs(
    claim=0.004,
    claim_row=0.001,
    empty_claim=0.002,
    finish=0.004,
    finish_row=0.001,
    enqueue=0.001,
    flush=0.001,
)
SMALL = Setup(1, slots=1, task_seconds=0.1, spread=0.0, round_trip=0.0, cores=2)


def test_a_worker_with_a_free_database_is_bounded_by_its_slots() -> None:
    for slots in (1, 4):
        found = simulate(replace(SMALL, slots=slots), FREE)
        assert found.throughput == pytest.approx(slots / SMALL.task_seconds, rel=0.05)
        assert found.utilisation == 0


def test_costs_make_a_worker_slower() -> None:
    assert simulate(SMALL, DEAR).throughput < simulate(SMALL, FREE).throughput


def test_workers_add_up_until_the_database_is_full() -> None:
    rates = {}
    for workers in (1, 2, 4, 16, 32):
        found = simulate(replace(SMALL, workers=workers, slots=4, seconds=2.0), DEAR)
        rates[workers] = found.throughput
        assert found.utilisation <= 1.0
    assert rates[2] == pytest.approx(2 * rates[1], rel=0.1)
    # Of each task at least its rows, its INSERT and a part of two statements must be served.
    least = DEAR.claim_row + DEAR.finish_row + DEAR.enqueue + (DEAR.claim + DEAR.finish) / 4
    assert max(rates.values()) <= SMALL.cores / least
    assert rates[32] < 1.2 * rates[16]


def test_what_claimers_alone_do_is_what_the_cores_allow() -> None:
    costs = Costs(claim=0.001, claim_row=0.0001, finish=0.001, finish_row=0.0001)
    bare = Setup(1, slots=10, task_seconds=0.0, cores=2, bare=True, round_trip=0.0, seconds=0.6)
    expected = 10 / 0.004
    assert simulate(bare, costs).throughput == pytest.approx(expected, rel=0.05)
    for claimers in (2, 3, 8):
        found = simulate(replace(bare, workers=claimers), costs)
        assert found.throughput == pytest.approx(2 * expected, rel=0.05)
    disturbed = simulate(replace(bare, workers=2, others=1.0), costs)
    assert disturbed.throughput < 1.6 * expected


def test_rows_that_others_have_locked_cost() -> None:
    costs = Costs(claim=0.001, claim_row=0.0001, finish=0.001, finish_row=0.0001, flush=0.002)
    bare = Setup(8, slots=10, task_seconds=0.0, cores=2, bare=True, seconds=1.0)
    skipping = replace(costs, skipped_row=0.0001)
    assert simulate(bare, skipping).throughput < simulate(bare, costs).throughput


def test_all_that_comes_is_finished_while_there_is_room() -> None:
    setup = replace(SMALL, workers=4, slots=4, rate=60.0, seconds=8.0)
    found = simulate(setup, DEAR)
    assert found.throughput == pytest.approx(60, rel=0.15)
    median, high = found.latencies
    assert 0 < median <= high < 1


def test_commits_share_a_flush() -> None:
    setup = replace(SMALL, workers=16, seconds=3.0)
    found = simulate(setup, replace(FREE, flush=0.05))
    assert found.flushes <= 1 / 0.05 + 1
    assert found.throughput > found.flushes


def test_larger_workers_need_fewer_statements() -> None:
    small = replace(SMALL, workers=32, slots=2, spread=0.5, seconds=2.0)
    large = replace(small, workers=2, slots=32)
    assert simulate(large, DEAR).statements < simulate(small, DEAR).statements


def test_the_same_seed_gives_the_same() -> None:
    setup = replace(SMALL, workers=3, slots=4, spread=0.5, rate=40.0, seconds=3.0)
    assert simulate(setup, DEAR) == simulate(setup, DEAR)
    assert simulate(setup, DEAR) != simulate(replace(setup, seed=2), DEAR)


def test_the_chart_has_a_bar_for_each_remedy() -> None:
    chart = ET.fromstring(draw({"as it is": 1e8, "a < b": 2e8}, "10 workers", 3e8))  # noqa: S314
    titles = [title.text for title in chart.iter("{http://www.w3.org/2000/svg}title")]
    assert titles == ["as it is: 100 million tasks a day", "a < b: 200 million tasks a day"]
