"""From what came in to an order, and from what is refused to the field that it is about."""

from collections.abc import Iterator
from contextlib import contextmanager

from django_ray_runtime.rest.problems import Problem, invalid
from generation.api.bodies import JobIn, WantedIn, named_field
from generation.archive import with_past_draws
from generation.constraints import GameConstraints
from generation.limits import TooManyGames, demand_quantity
from generation.lotteries import get_lottery
from generation.offers import quantity_for
from generation.orders import CheckedOrder, Order, check_order
from generation.overlap import TooManyForOverlap
from generation.pricing import BudgetTooSmall, PriceUnknown
from generation.space import NotEnoughGames


def checked_order(body: JobIn) -> CheckedOrder:
    """The order, if it can be delivered. Raises Problem 422."""
    demand_one_amount(body)
    if body.quantity is None and body.budget is None:
        raise invalid("body", "quantity", "say how many games: quantity, or budget")
    with refusals(body):
        constraints = completed(body)
        quantity = body.quantity or 0
        if body.budget is not None:
            quantity = quantity_for(get_lottery(body.lottery), constraints, body.budget)
        demand_quantity(quantity)
        order = Order(body.lottery, constraints, quantity, body.format, body.chunk_size)
        return check_order(order)


def completed(body: WantedIn) -> GameConstraints:
    """The constraints with the past draws that they speak of. Raises ValueError."""
    return with_past_draws(get_lottery(body.lottery), body.constraints)


def demand_one_amount(body: WantedIn) -> None:
    """Raise Problem 422 where mode, quantity and budget contradict each other."""
    if body.quantity is not None and body.budget is not None:
        raise invalid("body", "budget", "give quantity or budget, not both")
    wanted = {"by_quantity": body.quantity, "by_budget": body.budget}
    if body.mode is not None and wanted[body.mode] is None:
        field = body.mode.removeprefix("by_")
        raise invalid("body", field, f"mode={body.mode} needs {field}; give it")


@contextmanager
def refusals(body: WantedIn) -> Iterator[None]:
    """Turns a ValueError into Problem 422 that names the field of the body."""
    try:
        yield
    except ValueError as error:
        raise _refusal(error, body) from None


def _refusal(error: ValueError, body: WantedIn) -> Problem:
    told = str(error)
    amount = "quantity" if body.budget is None else "budget"
    if isinstance(error, TooManyGames | TooManyForOverlap | PriceUnknown | BudgetTooSmall):
        return invalid("body", amount, told)
    if isinstance(error, NotEnoughGames) and not told.startswith("no game"):
        return invalid("body", amount, told)
    return invalid("body", ".".join(["constraints", *named_field(told)]), told)
