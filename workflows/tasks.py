"""The flows as queued tasks: what they report is the task's result."""

from functools import partial
from typing import Any

from django.tasks import task


@task(takes_context=True)
def insights(context: Any, request: str) -> dict[str, Any]:
    """`request` is a workflows.insights.flow.Request as JSON."""
    from workflows.insights.flow import Request, find_insights

    wanted = Request.model_validate_json(request)
    context.progress(0, None, "reading the data")
    told = partial(_tell, context, "looking at groups")
    return find_insights(wanted.data(), wanted, told)


@task(takes_context=True)
def games(context: Any, request: str) -> dict[str, Any]:
    """`request` is a workflows.games.flow.Wanted as JSON."""
    from workflows.games.flow import Wanted, make_games

    told = partial(_tell, context, "making games")
    return make_games(Wanted.model_validate_json(request), told)


def _tell(context: Any, message: str, done: int, total: int | None) -> None:
    context.progress(done, total, message)


FLOWS = {"insights": insights, "games": games}
"""The task of each flow, by its name."""
