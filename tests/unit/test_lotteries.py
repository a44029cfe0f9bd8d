import dataclasses

import pytest

from generation.lotteries import LOTTERIES, Lottery, UnknownLottery, get_lottery


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
