"""A finding: where, what, how bad, and what to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    OK = "ok"
    WARNING = "warning"  # Works, but will hurt some day.
    PROBLEM = "problem"  # Tasks do not run, or not rightly.


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. `remedy` says what to do; "" where nothing is to be done."""

    area: str
    name: str
    verdict: Verdict
    message: str
    remedy: str = ""


def ok(area: str, name: str, message: str) -> Check:
    return Check(area, name, Verdict.OK, message)


def warning(area: str, name: str, message: str, remedy: str) -> Check:
    return Check(area, name, Verdict.WARNING, message, remedy)


def problem(area: str, name: str, message: str, remedy: str) -> Check:
    return Check(area, name, Verdict.PROBLEM, message, remedy)


def worst(found: Iterable[Check]) -> Verdict:
    """The worst verdict there is."""
    order = list(Verdict)
    return max((check.verdict for check in found), key=order.index, default=Verdict.OK)
