"""The flow itself: the same for a script, a queued task and Kodosumi, and with the same result."""

from collections.abc import Sequence
from typing import Any, Literal

import scipy  # its parts load when used: `stats` at the start would cost each web process a second
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ray_services.common.errors import BadInput
from workflows.common.processors import (
    AllFailed,
    Failure,
    OnProgress,
    by_priority,
    process_in_parallel,
    process_insights_in_parallel,
)
from workflows.insights.findings import findings_of, rounded
from workflows.insights.sources import Data, own_data, read_data

type Kind = Literal["trend", "outlier", "correlation", "seasonality"]

MOST_SHOWN = 200
MOST_CSV = 2_000_000
GROUP_SECONDS = 600
"""For the findings of a group; one of 700,000 rows and six columns takes some ten."""


class Wanted(BaseModel):
    """What to look for."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    group_by: str | None = Field(
        default=None,
        max_length=200,
        description="A column of texts: each of its values is looked at by itself.",
    )
    kinds: list[Kind] | None = Field(
        default=None, min_length=1, max_length=4, description="Only these kinds of insights."
    )
    top: int = Field(default=20, ge=1, le=MOST_SHOWN, description="How many to report.")
    model_name: Literal["evidence", "effect", "confidence"] | None = Field(
        default=None, description="How evidence is weighed: by effect and p-value, or one of them."
    )


class Request(Wanted):
    """What to look for, and where: in a data set of the project, or in a table that is sent."""

    dataset: Literal["sentiment", "daily", "market", "factors"] | None = Field(
        default=None, description="One of the project's own data sets."
    )
    csv: str | None = Field(
        default=None,
        max_length=MOST_CSV,
        description="Or a table of your own, with a header.",
    )

    @model_validator(mode="after")
    def _one_source(self) -> "Request":
        if (self.dataset is None) == (self.csv is None):
            raise ValueError("Expected one of dataset and csv.")
        return self

    def demand_usable(self) -> None:
        """Raises BadInput for a table that cannot be used. The project's own are known to be good,
        and are only read where a column of them is named."""
        if self.csv is not None or self.group_by is not None:
            self.data()

    def data(self) -> Data:
        """The table. Raises BadInput for one that cannot be used."""
        if self.dataset is not None:
            return own_data(self.dataset, self.group_by)
        text = self.csv or ""
        if text.startswith("PAR1") or "\0" in text:
            raise BadInput("expected text, got what looks like another kind of file.", field="csv")
        return read_data(text.encode(), "csv", self.group_by)


def find_insights(
    data: Data, wanted: Wanted, on_progress: OnProgress | None = None
) -> dict[str, Any]:
    """A report, as JSON can hold it: what stands out, the most important first.

    Each group is a step of its own on the cluster; `on_progress(done, total)` is told of groups.
    Raises AllFailed where no group could be looked at.
    """
    found, failures = _findings(data, on_progress)
    if len(failures) == len(data.groups) > 0:
        raise AllFailed(f"{failures[0]['kind']}: {failures[0]['error']}")
    kept = [one for one in found if wanted.kinds is None or one["kind"] in wanted.kinds]
    judged = process_insights_in_parallel(_adjusted(kept), wanted.model_name)
    ranked = by_priority([one for one in judged if not isinstance(one, Failure)])
    failures += [_told("", one) for one in judged if isinstance(one, Failure)]
    return {
        "title": f"Insights into {data.name}",
        "facts": {
            "data set": data.name,
            "SHA-256": data.sha256,
            "rows": data.rows,
            "ordered by": data.time,
            "grouped by": data.group_by,
            "groups": len(data.groups),
            "findings": len(ranked),
            **{level: _count(ranked, level) for level in ("HIGH", "MEDIUM", "LOW")},
        },
        "insights": ranked[: wanted.top],
        "failures": failures,
    }


def _findings(
    data: Data, on_progress: OnProgress | None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Of all groups in their order, and what went wrong in others."""
    outcomes = process_in_parallel(
        data.groups, findings_of, num_cpus=1, timeout=GROUP_SECONDS, on_progress=on_progress
    )
    found: list[dict[str, Any]] = []
    failures: list[dict[str, Any]] = []
    for group, outcome in zip(data.groups, outcomes, strict=True):
        if isinstance(outcome, Failure):
            failures.append(_told(group.name, outcome))
        else:
            found += outcome
    return found, failures


def _adjusted(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """With `q_value`: the p-value in the light of how many were looked at (Benjamini, Hochberg)."""
    if not found:
        return []
    adjusted = scipy.stats.false_discovery_control([one["p_value"] for one in found])
    return [{**one, "q_value": rounded(q)} for one, q in zip(found, adjusted, strict=True)]


def _count(ranked: Sequence[Any], level: str) -> int:
    return sum(one["level"] == level for one in ranked)


def _told(group: str, failure: Failure) -> dict[str, str]:
    return {"group": group, "kind": failure.kind, "error": failure.error}
