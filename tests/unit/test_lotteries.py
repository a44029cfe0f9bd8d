import dataclasses

import pytest

from generation.lotteries import (
    LOTTERIES,
    Lottery,
    SecondGroup,
    UnknownLottery,
    get_lottery,
)


def test_mega_sena_draws_six_of_sixty_and_takes_six_to_twenty_picks() -> None:
    lottery = get_lottery("mega-sena")
    assert (lottery.name, lottery.pool, lottery.draw) == ("Mega-Sena", 60, 6)
    assert (lottery.min_picks, lottery.max_picks) == (6, 20)


def test_an_unknown_lottery_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownLottery, match=r"'megasena'; known lotteries: .*mega-sena"):
        get_lottery("megasena")


def test_lotteries_are_found_by_their_own_key() -> None:
    assert all(key == lottery.key for key, lottery in LOTTERIES.items())


def test_a_lottery_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        get_lottery("mega-sena").pool = 61  # type: ignore[misc]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"pool": 256}, "pool <= 255"),
        ({"max_picks": 70}, "max_picks=70"),
        ({"min_picks": 0}, "min_picks=0"),
        ({"draw": 61}, "draw=61"),
    ],
)
def test_a_lottery_that_cannot_be_played_is_refused(wrong: dict[str, int], message: str) -> None:
    facts = {"pool": 60, "draw": 6, "min_picks": 6, "max_picks": 20} | wrong
    with pytest.raises(ValueError, match=message):
        Lottery(key="x", name="X", **facts)


def test_every_lottery_says_where_its_facts_come_from() -> None:
    for lottery in LOTTERIES.values():
        assert lottery.source
        assert lottery.unit_price
        assert lottery.price_as_of


@pytest.mark.parametrize(
    ("key", "picks", "second", "bets"),
    [
        ("mega-sena", 6, 0, 1),
        ("mega-sena", 20, 0, 38_760),
        ("lotofacil", 16, 0, 16),
        ("lotomania", 50, 0, 1),
        ("timemania", 10, 0, 1),
        ("mais-milionaria", 7, 3, 21),
        ("powerball", 5, 1, 1),
    ],
)
def test_a_ticket_stands_for_all_bets_of_its_numbers(
    key: str, picks: int, second: int, bets: int
) -> None:
    assert get_lottery(key).combinations(picks, second) == bets


def test_a_second_group_must_fit_one_byte() -> None:
    second = SecondGroup("stars", 99, 2, 2, 2)
    with pytest.raises(ValueError, match="do not fit one byte"):
        Lottery(key="x", name="X", pool=60, draw=6, min_picks=6, max_picks=6, second=second)
