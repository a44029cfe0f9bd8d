"""What the Kodosumi doors share: a flow runs as a Ray task, which the platform's runner awaits.

Needs `kodosumi` (see workflows/kodosumi/requirements.in).
"""

from collections.abc import Callable
from typing import Any

import ray
from kodosumi.core import InputsError, ServeAPI, Tracer
from pydantic import BaseModel, ValidationError
from ray import serve

from workflows.common.formatters import as_html
from workflows.common.processors import OnProgress

type Flow = Callable[[str, OnProgress], dict[str, Any]]
"""From a request as JSON to its report."""


def application_of(app: ServeAPI) -> Any:
    """What `import_path` of a deployment names."""

    @serve.deployment
    @serve.ingress(app)
    class Door:
        """Answers with the form, and launches the flow."""

    return Door.bind()  # type: ignore[attr-defined]


def request_of(model: type[BaseModel], given: dict[str, Any]) -> str:
    """What a form was filled with, checked, as JSON. Raises InputsError at the fields."""
    try:
        return model.model_validate(given).model_dump_json(exclude_unset=True)
    except ValidationError as error:
        told = InputsError()
        for one in error.errors():
            field = str(one["loc"][0]) if one["loc"] else "_global_"
            told.add(**{field: one["msg"]})
        raise told from None


async def run_flow(flow: Flow, request: str, tracer: Tracer) -> dict[str, Any]:
    """Run it on the cluster: its progress and its page as events, its report as the result.

    It is awaited, for a runner that blocks in `ray.get` can pass on no events meanwhile.
    """
    report: dict[str, Any] = await _run.remote(flow, request, tracer)
    await tracer.html(as_html(report))
    return report


@ray.remote(max_retries=0)
def _run(flow: Flow, request: str, tracer: Tracer) -> dict[str, Any]:
    import django

    django.setup()

    def told(done: int, total: int | None) -> None:
        tracer.debug_sync(f"{done} of {total}")

    try:
        return flow(request, told)
    finally:
        tracer.shutdown()  # gives this process its own output back
