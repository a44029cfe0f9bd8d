import pytest

from generation.constraints import GameConstraints
from generation.orders import Order, check_order, count_games


def order(quantity: int = 10, **values: object) -> Order:
    return Order("mega-sena", GameConstraints(), quantity, **values)  # type: ignore[arg-type]


def test_the_number_of_valid_games_is_exact() -> None:
    assert count_games("mega-sena", GameConstraints()) == (50_063_860, True)
    demo = GameConstraints(min_odd=2, max_odd=4, min_sum=120, max_sum=240)
    assert count_games("mega-sena", demo) == (34_628_783, True)


def test_an_order_without_a_seed_gets_one() -> None:
    first, second = check_order(order()).order, check_order(order()).order
    assert first.constraints.seed is not None
    assert first.constraints.seed != second.constraints.seed


def test_zero_is_a_seed() -> None:
    wanted = Order("mega-sena", GameConstraints(seed=0), 1)
    assert check_order(wanted).order == wanted


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (order(50_063_861), "50,063,861 games wanted, but only 50,063,860"),
        (order(0), "quantity must be at least 1, got 0"),
        (order(-5), "quantity must be at least 1, got -5"),
        (order(file_format="doc"), "unknown format 'doc'; known formats: csv, parquet"),
        (order(chunk_size=0), "chunk_size must be 1 to 100,000,000, got 0"),
        (Order("bingo", GameConstraints(), 1), "unknown lottery 'bingo'; known lotteries"),
        (Order("mega-sena", GameConstraints(min_sum=400), 1), "min_sum=400 cannot be reached"),
    ],
)
def test_what_cannot_be_delivered_is_refused_with_the_figures(bad: Order, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_order(bad)
