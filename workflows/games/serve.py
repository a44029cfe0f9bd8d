"""The Kodosumi door of games: a form, and what it launches."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

from fastapi import Request as HTTPRequest
from kodosumi.core import InputsError, Launch, ServeAPI, Tracer, forms

from workflows.common.processors import OnProgress
from workflows.common.serving import application_of, request_of, run_flow
from workflows.games.flow import MOST_GAMES, Wanted, make_games

app = ServeAPI()

BOUNDS = ("seed", "min_odd", "max_odd", "min_sum", "max_sum")
FORM = forms.Model(
    forms.Markdown("# Games\nDistinct lottery games that keep to these bounds."),
    forms.InputText("lottery", label="Lottery", value="mega-sena"),
    forms.InputNumber("quantity", label="Games", value="1000", min_value=1, max_value=MOST_GAMES),
    *(forms.InputNumber(name, label=name.replace("_", " ")) for name in BOUNDS),
    forms.Submit("Make them"),
    forms.Cancel("Cancel"),
)


@app.enter(  # type: ignore[untyped-decorator]
    "/",
    model=FORM,
    summary="Lottery games",
    description="Makes games, and tells what they are made of.",
    tags=["games"],
    version="1.0.0",
    author="django-on-ray",
)
async def enter(request: HTTPRequest, inputs: dict[str, Any]) -> Any:
    given = {name: value for name, value in inputs.items() if value not in (None, "")}
    bounds = {name: given.pop(name) for name in BOUNDS if name in given}
    asked = request_of(Wanted, {**given, "constraints": bounds})
    try:
        wanted = Wanted.model_validate_json(asked).settled()
    except ValueError as error:
        raise InputsError(str(error)) from None
    request_as_json = wanted.model_dump_json(exclude_unset=True)
    return Launch(request, "workflows.games.serve:run", inputs={"request": request_as_json})


async def run(inputs: dict[str, Any], tracer: Tracer) -> dict[str, Any]:
    return await run_flow(flow, inputs["request"], tracer)


def flow(request: str, on_progress: OnProgress) -> dict[str, Any]:
    return make_games(Wanted.model_validate_json(request), on_progress)


application = application_of(app)
