"""The queued tasks: what computes a large request, and what deletes files by the clock.

Every worker imports this module, whatever it is going to run: what computes, and takes two seconds
and a hundred megabytes to import, is imported by who computes.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from django.tasks import task

from django_ray_runtime.distributed import parallel_imap
from django_ray_runtime.periodic import periodic


@task(takes_context=True)
def calculate(context: Any, service: str, name: str, body: str, owner: str) -> dict[str, Any]:
    """Answer one request, whose body is JSON, over the cluster where there is one.

    Rows go into a file that carries the number of this attempt, and its name into the outcome: a
    stale attempt's outcome is refused by the queue, and its file is then nobody's.
    """
    from pydantic_core import to_jsonable_python

    from ray_services import own_data, storing
    from ray_services.common.rows import rows_in
    from ray_services.data_sets import content_of
    from ray_services.operations import operation

    wanted = operation(service, name)
    checked = wanted.body.model_validate_json(body)
    context.progress(0, None, "loading the compiled code, or making it, once on a machine")
    compute = wanted.load()
    with own_data.fetched_by(partial(content_of, owner)):
        answer = compute(checked, spread=partial(_spread, context))
    found = rows_in(answer)
    if found is None:
        return {"answer": to_jsonable_python(answer), "rows": None}
    field, table = found
    file = storing.store_rows(context.task_result.id, context.attempt, table)
    rest = {name: value for name, value in answer.items() if name != field}
    rows = {"field": field, "count": table.num_rows, "columns": table.column_names, "file": file}
    return {"answer": to_jsonable_python(rest), "rows": rows}


def _spread(
    context: Any, function: Callable[..., Any], items: Iterable[Any], **same: Any
) -> list[Any]:
    """`parallel_map`, telling how far it is."""
    items = list(items)
    told = getattr(function, "__name__", "computing").strip("_").replace("_", " ")
    return list(_counted(context, parallel_imap(function, items, **same), len(items), told))


def _counted(context: Any, results: Iterable[Any], total: int, told: str) -> Iterator[Any]:
    context.progress(0, total, told)
    for done, result in enumerate(results, start=1):
        yield result
        context.progress(done, total, told)


@periodic(cron="37 4 * * *", timezone="UTC", missed="once", name="tidy rows")
@task
def tidy_calculations() -> dict[str, int]:
    """Delete the files that no calculation and no data set has any more."""
    from ray_services import storing

    return storing.sweep()
