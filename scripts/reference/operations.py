"""Every operation of the REST API, from its OpenAPI document."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

HEAD = """\
# Every operation of the REST API

<!-- Made by `make reference` from the OpenAPI document; change the code, not this. -->

In the order of the documentation at `/api/v1/docs`, which also tries them out and shows every
field; `/api/v1/openapi.json` is the same for programs. What they mean, with examples:
[REST](rest.md). Every one also answers 401, 403 and 429 as [Errors](rest.md#errors) tells.
Parameters with a star are required.
"""


def render() -> str:
    """The page."""
    from project.api import api

    paths: Mapping[str, Mapping[str, Any]] = api.get_openapi_schema()["paths"]
    operations = [
        (operation["tags"][0], method, path, operation)
        for path, methods in paths.items()
        for method, operation in methods.items()
    ]
    parts = [HEAD]
    for tag, found in groupby(operations, key=lambda one: one[0]):
        rows = [_row(method, path, operation) for _, method, path, operation in found]
        head = "| operation | what it does | parameters | body | answers |"
        parts += [f"## {tag}", "", head, "|---|---|---|---|---|", *rows, ""]
    return "\n".join(parts)


def _row(method: str, path: str, operation: Mapping[str, Any]) -> str:
    parameters = [
        f"`{one['name']}`{'*' if one.get('required') else ''}"
        for one in operation.get("parameters", [])
        if one["in"] != "path"
    ]
    answers = [str(status) for status in operation["responses"] if status != "default"]
    cells = (
        f"`{method.upper()} {path.removeprefix('/api/v1')}`", operation["summary"],
        ", ".join(parameters), ", ".join(_bodies(operation)), ", ".join(answers),
    )  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def _bodies(operation: Mapping[str, Any]) -> list[str]:
    """The schema of a body in JSON, the kind of any other."""
    bodies = []
    for kind, given in operation.get("requestBody", {}).get("content", {}).items():
        schema = given["schema"].get("$ref", "").rpartition("/")[2]
        bodies.append(f"`{schema}`" if schema and kind == "application/json" else kind)
    return bodies
