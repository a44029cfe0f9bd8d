"""The Kodosumi door of insights: a form, and what it launches."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

from fastapi import Request as HTTPRequest
from kodosumi.core import InputsError, Launch, ServeAPI, Tracer, forms

from ray_services.common.errors import BadInput
from workflows.common.processors import OnProgress
from workflows.common.serving import application_of, request_of, run_flow
from workflows.insights.flow import Request, find_insights
from workflows.insights.sources import OWN

app = ServeAPI()

FORM = forms.Model(
    forms.Markdown("# Insights\nTrends, outliers, correlations and seasons, by their evidence."),
    forms.Select(
        "dataset",
        label="Data set",
        option=[forms.InputOption(name="", label="the table below")]
        + [forms.InputOption(name=name, label=name) for name in OWN],
    ),
    forms.InputArea("csv", label="Or a table of your own (CSV with a header)", rows=8),
    forms.InputText("group_by", label="Group by this column"),
    forms.InputNumber("top", label="How many to report", value="20", min_value=1, max_value=200),
    forms.Submit("Find"),
    forms.Cancel("Cancel"),
)


@app.enter(  # type: ignore[untyped-decorator]
    "/",
    model=FORM,
    summary="Insights into a table",
    description="What stands out in it, the most important first.",
    tags=["statistics"],
    version="1.0.0",
    author="django-on-ray",
)
async def enter(request: HTTPRequest, inputs: dict[str, Any]) -> Any:
    given = {name: value for name, value in inputs.items() if value not in (None, "")}
    wanted = request_of(Request, given)
    try:
        Request.model_validate_json(wanted).demand_usable()
    except BadInput as error:
        raise InputsError(str(error)) from None
    return Launch(request, "workflows.insights.serve:run", inputs={"request": wanted})


async def run(inputs: dict[str, Any], tracer: Tracer) -> dict[str, Any]:
    return await run_flow(flow, inputs["request"], tracer)


def flow(request: str, on_progress: OnProgress) -> dict[str, Any]:
    wanted = Request.model_validate_json(request)
    return find_insights(wanted.data(), wanted, on_progress)


application = application_of(app)
