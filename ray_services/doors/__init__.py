"""The services over REST, for signed-in users. A project mounts them, and authenticates:

    for name, router in ROUTERS.items():
        api.add_router(f"/services/{name}", router, tags=[name])

What is small is computed while its caller waits, what is large goes through the queue.
"""

from ninja import Router

from ray_services.doors import calculations, data_sets, garch, intraday, portfolio, sentiment

ROUTERS: dict[str, Router] = {
    "sentiment-analyzer": sentiment.router,
    "garch-predictor": garch.router,
    "portfolio-manager": portfolio.router,
    "intraday-strategy": intraday.router,
}

SHARED: dict[str, Router] = {
    "calculations": calculations.router,
    "data-sets": data_sets.router,
}
"""What all services have in common, to be mounted beside them."""
