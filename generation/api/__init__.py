"""Games, jobs and draws over REST, for signed-in users: each sees their own jobs, staff all.

A project mounts it, and authenticates:

    for name, router in ROUTERS.items():
        api.add_router(f"/{name}", router, tags=[name])
"""

from ninja import Router

from generation.api import counting, downloads, draws, jobs, lotteries

_generation = Router()
_generation.add_router("", counting.router)
_generation.add_router("/jobs", jobs.router)
_generation.add_router("/jobs", downloads.router)

ROUTERS: dict[str, Router] = {
    "lotteries": lotteries.router,
    "generation": _generation,
    "draws": draws.router,
}
