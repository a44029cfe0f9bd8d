"""What the services can be asked for: bodies and the functions that answer them, by name.

Nothing else is ever called for what stands in a request or in the queue.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from ray_services.common.bodies import Body
from ray_services.garch_predictor import bodies as garch
from ray_services.intraday_strategy import bodies as intraday
from ray_services.portfolio_manager import bodies as portfolio
from ray_services.sentiment_analyzer import bodies as sentiment


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that a service answers."""

    service: str
    name: str
    body: type[Body]
    function: str
    """Of the service's `answers`: from a body, and what spreads its work, to plain values."""

    def load(self) -> Callable[..., dict[str, Any]]:
        """The function. Imports what computes, and so takes a second in a new process."""
        core = self.service.replace("-", "_")
        found: Callable[..., dict[str, Any]] = getattr(
            import_module(f"ray_services.{core}.answers"), self.function
        )
        return found


def operation(service: str, name: str) -> Operation:
    """The operation of this name. Raises KeyError."""
    return OPERATIONS[service, name]


_SERVICES = {
    "sentiment-analyzer": sentiment.OPERATIONS,
    "garch-predictor": garch.OPERATIONS,
    "portfolio-manager": portfolio.OPERATIONS,
    "intraday-strategy": intraday.OPERATIONS,
}
OPERATIONS = {
    (service, name): Operation(service, name, body, function)
    for service, known in _SERVICES.items()
    for name, (body, function) in known.items()
}
