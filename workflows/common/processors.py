"""Steps over many items, in parallel: order and length kept, failures in their place."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import isfinite, log10
from typing import Any

from django_ray_runtime.distributed import parallel_map
from workflows.common.knobs import knobs

type OnProgress = Callable[[int, int | None], object]
type Insight = Mapping[str, Any]

HIGH, MEDIUM = 8, 4  # the least priorities of these levels
SURE = 0.001  # a p-value up to which evidence counts in full


@dataclass(frozen=True, slots=True)
class Failure:
    """Stands where the result of an item would."""

    kind: str  # the exception's class
    error: str


class AllFailed(RuntimeError):
    """No item of a step came to a result; the message is that of the first."""


def process_in_parallel(
    items: Iterable[Any],
    func: Callable[..., Any],
    *,
    num_cpus: float | None = None,
    num_gpus: float = 0.0,
    timeout: float | None = None,
    retries: int | None = None,
    batch_size: int | None = None,
    on_progress: OnProgress | None = None,
    **kwargs: Any,
) -> list[Any]:
    """`[func(item, **kwargs) for item in items]` over the cluster, a Failure where one failed.

    What is None is as the environment says (see `knobs`). `timeout`: seconds for each item, on the
    cluster only; 0 for any time, then tiny work never leaves this process. `retries`: of an item
    that raises, and of a call with a time-out whose process died. `num_cpus`: work that computes
    needs 1, and work that waits for others (a web site, a language model) a fraction.
    `on_progress(done, total)` is told of items.
    """
    wanted = knobs()
    retries = wanted.task_max_retries if retries is None else retries
    limit = (wanted.task_timeout if timeout is None else timeout) or None
    mapped = parallel_map.options(
        num_cpus=wanted.task_num_cpus if num_cpus is None else num_cpus,
        num_gpus=num_gpus,
        timeout=limit,
        retries=retries,
        max_retries=None if limit is None else retries,
        chunk_size=wanted.batch_size if batch_size is None else batch_size,
        return_exceptions=True,
        progress=on_progress or False,
    )
    return [_settled(one) for one in mapped(func, list(items), **kwargs)]


def _settled(outcome: Any) -> Any:
    if not isinstance(outcome, Exception):
        return outcome
    return Failure(type(outcome).__name__, str(outcome))


def process_insights_in_parallel(
    insights: Iterable[Insight], model_name: str | None = None, **options: Any
) -> list[Any]:
    """Each insight with its priority, a Failure in the place of one that has none.

    `options` are those of `process_in_parallel`; an insight takes no time, and is not tried again.
    """
    demand_model(model_name)
    settled = {"retries": 0, "timeout": 0, **options}
    return process_in_parallel(insights, process_insight, **settled, model_name=model_name)


def process_insight(insight: Insight, model_name: str | None = None) -> dict[str, Any]:
    """The insight with `priority` (0 to 10), `level` (HIGH, MEDIUM or LOW) and `model`.

    `insight` has an `effect` from 0 to 1 and a `p_value`, or a `q_value` for one that was adjusted
    for how much was looked at. The model, one of MODELS, says how they
    are weighed; `evidence` where none is named. Raises ValueError for another model, and for
    evidence that is missing or is no such number.
    """
    model = demand_model(model_name)
    by_chance = "q_value" if "q_value" in insight else "p_value"
    effect, p_value = _share(insight, "effect"), _share(insight, by_chance)
    priority = round(10 * MODELS[model](effect, p_value))
    return {**insight, "priority": priority, "level": level_of(priority), "model": model}


def level_of(priority: int) -> str:
    """HIGH from 8, MEDIUM from 4, LOW below."""
    return "HIGH" if priority >= HIGH else "MEDIUM" if priority >= MEDIUM else "LOW"


def by_priority(insights: Iterable[Insight]) -> list[Insight]:
    """The highest first; those of one priority stay in their order."""
    return sorted(insights, key=lambda one: -one["priority"])


def demand_model(name: str | None) -> str:
    """The name of the model to use. Raises ValueError for one that there is not."""
    if name is not None and name not in MODELS:
        raise ValueError(f"model_name must be one of {', '.join(MODELS)}, got {name!r}.")
    return name or next(iter(MODELS))


def _confidence(p_value: float) -> float:
    """1 where the evidence would come by chance once in a thousand times or less often, 0 where
    always; in between by its order of magnitude."""
    return min(1.0, log10(max(p_value, SURE)) / log10(SURE))


MODELS: dict[str, Callable[[float, float], float]] = {
    "evidence": lambda effect, p_value: effect * _confidence(p_value),
    "effect": lambda effect, _: effect,
    "confidence": lambda _, p_value: _confidence(p_value),
}
"""How much an insight weighs, 0 to 1, by its effect and its p-value."""


def _share(insight: Insight, name: str) -> float:
    value = insight.get(name)
    if isinstance(value, int | float) and isfinite(value) and 0 <= value <= 1:
        return float(value)
    raise ValueError(f"An insight needs {name}, a number from 0 to 1; got {value!r}.")
