"""The one API: every router is mounted here, and every call authenticated.

A reusable app brings a `ninja.Router` without authentication; it is mounted with

    api.add_router("/things", "myapp.api.router", auth=STAFF, tags=["things"])
"""

from django_ray_runtime.api import ROUTERS as QUEUE
from generation.api import ROUTERS as GENERATION
from project.account import router as account
from project.api_docs import Documentation
from project.auth import SIGNED_IN, STAFF, signed_in_only
from project.problems import ProblemAPI
from project.throttle import CallerThrottle
from ray_services.doors import ROUTERS as SERVICES
from ray_services.doors import SHARED
from workflows.api import router as WORKFLOWS

DESCRIPTION = """
Everything here needs a user. Programs send a token:

    curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8000/api/v1/whoami

`manage.py create_api_token USERNAME --name NAME` prints one, and the admin makes them too. A
browser that is logged in at `/admin/` needs no token.

Errors are problem details (RFC 9457, `application/problem+json`): `detail` says what to do, and
`errors` names each field that is not valid. Lists come in pages, newest first: give `next` of one
page as `cursor` of the following one. `429` says in `Retry-After` how long to wait.
"""


def make_api() -> ProblemAPI:
    """The API before its routers are mounted (tests mount their own)."""
    return ProblemAPI(
        title="Django on Ray",
        version="1.0.0",
        description=DESCRIPTION.strip(),
        urls_namespace="api",
        auth=SIGNED_IN,
        throttle=[CallerThrottle()],
        docs=Documentation(),
        docs_decorator=signed_in_only,
    )


api = make_api()
# Routers: one add_router each, in the order of the documentation.
api.add_router("", account, tags=["account"])
for name, router in QUEUE.items():
    api.add_router(f"/{name}", router, auth=STAFF, tags=[name])
for name, router in GENERATION.items():
    api.add_router(f"/{name}", router, tags=[name])
for name, router in {**SERVICES, **SHARED}.items():
    api.add_router(f"/services/{name}", router, tags=[name])
api.add_router("/workflows", WORKFLOWS, tags=["workflows"])
