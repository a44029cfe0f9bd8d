"""`/lotteries`: the lotteries there are, and the prices in force."""

from dataclasses import asdict

from django.http import HttpRequest
from ninja import Router

from django_ray_runtime.rest.problems import described
from generation.api.schemas import LotteryOut
from generation.constraints import GameConstraints
from generation.lotteries import LOTTERIES, Lottery
from generation.prices import current_prices

router = Router()


@router.get(
    "",
    response=list[LotteryOut],
    summary="List lotteries",
    openapi_extra=described({200: "Every lottery that games can be made for."}),
)
def list_lotteries(request: HttpRequest) -> list[LotteryOut]:
    """Their facts. A ticket of more numbers than are drawn is paid for every single bet that it
    stands for."""
    prices = current_prices()
    return [_shown(lottery, prices.get(key)) for key, lottery in LOTTERIES.items()]


def _shown(lottery: Lottery, price: object) -> LotteryOut:
    smallest = GameConstraints(numbers_per_game=lottery.min_picks)
    facts = asdict(lottery) | {"columns": smallest.columns(lottery)}
    if price is not None:
        facts |= {"unit_price": price, "price_as_of": ""}
    return LotteryOut.model_validate(facts)
