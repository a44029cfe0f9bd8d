"""Columns of an answer's rows, and numbers that JSON has a word for."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np


def stacked(parts: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """Columns of several assets beneath each other, their names in front; what is infinite counts
    as nothing."""
    listed = list(parts)
    names = [np.repeat(name, len(next(iter(columns.values())))) for name, columns in listed]
    found: dict[str, Any] = {"asset": np.concatenate([one.astype(object) for one in names])}
    for column in listed[0][1]:
        values = np.concatenate([np.asarray(columns[column]) for _, columns in listed])
        if values.dtype.kind == "f":
            values = np.where(np.isfinite(values), values, np.nan)
        found[column] = values
    return found


def plain(value: float) -> float | None:
    """None for what is no finite number, which JSON has no word for."""
    return float(value) if np.isfinite(value) else None
