"""The queue over REST, for staff: tasks, queues, workers.

A project mounts it, and authenticates:

    for name, router in ROUTERS.items():
        api.add_router(f"/{name}", router, auth=STAFF, tags=[name])
"""

from ninja import Router

from django_ray_runtime.api import queues, tasks, workers

ROUTERS: dict[str, Router] = {
    "tasks": tasks.router,
    "queues": queues.router,
    "workers": workers.router,
}
