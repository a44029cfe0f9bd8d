"""`/generation/count`: how many games there are, and what they cost, before anything is made."""

from django.http import HttpRequest
from ninja import Router

from django_ray_runtime.rest.problems import described
from generation.api.bodies import WantedIn
from generation.api.schemas import CountOut
from generation.api.wanted import completed, demand_one_amount, refusals
from generation.lotteries import get_lottery
from generation.offers import offer

router = Router()

_CONTRADICTION = "body.constraints.min_odd: min_odd=4 is greater than max_odd=2; swap or widen them"


@router.post(
    "/count",
    response=CountOut,
    summary="Count games",
    openapi_extra=described({200: "How many games there are, and the price.", 422: _CONTRADICTION}),
)
def count(request: HttpRequest, body: WantedIn) -> CountOut:
    """How many games satisfy the constraints, and what so many, or as many as the budget buys,
    cost. Nothing is made or stored. More games wanted than there are is no error here."""
    demand_one_amount(body)
    with refusals(body):
        constraints = completed(body)
        found = offer(
            get_lottery(body.lottery), constraints, quantity=body.quantity, budget=body.budget
        )
    draws = constraints.past_draws
    return CountOut(
        valid_games=found.valid_games,
        exact=found.exact,
        price=found.price,
        currency=found.currency,
        quantity=found.quantity,
        total=found.total,
        rest=found.rest,
        enough=None if found.quantity is None else found.quantity <= found.valid_games,
        past_draws=None if draws is None else len(draws),
    )
