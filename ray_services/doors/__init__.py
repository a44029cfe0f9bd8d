"""The services over REST, for signed-in users. A project mounts them, and authenticates:

    for name, router in ROUTERS.items():
        api.add_router(f"/services/{name}", router, tags=[name])

A request computes while its caller waits, so each says how much it takes.
"""

from ninja import Router

from ray_services.doors import garch, intraday, portfolio, sentiment

ROUTERS: dict[str, Router] = {
    "sentiment-analyzer": sentiment.router,
    "garch-predictor": garch.router,
    "portfolio-manager": portfolio.router,
    "intraday-strategy": intraday.router,
}
