"""What no portfolio can be."""

from ray_services.common.errors import BadInput


class Infeasible(BadInput):
    """No portfolio meets what is asked for; the message says why, the remedy what would do."""
