"""What a PromQL expression names: enough of its grammar to hold rules and panels to the page."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Not names of metrics: operators, and what follows or precedes a list of labels.
WORDS = {"and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring"}
_LISTS = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
_TEXTS = re.compile(r'"(?:[^"\\]|\\.)*"')
_RANGES = re.compile(r"\[[^\]]*\]")
_METRIC = re.compile(r"\b([a-zA-Z_:][\w:]*)\s*(\{[^}]*\})?(?!\w|\s*\()")
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*")')


@dataclass(frozen=True, slots=True)
class Named:
    """One metric, with what is demanded of its labels: (label, operator, value)."""

    metric: str
    matchers: tuple[tuple[str, str, str], ...]


def metrics_in(expression: str) -> list[Named]:
    """The metrics of an expression, those misspelt too: whatever is no function and no word."""
    return list(_metrics(_LISTS.sub(" ", expression)))


def grouped_by(expression: str) -> set[str]:
    """The labels by which an expression groups or joins."""
    lists = _LISTS.findall(_TEXTS.sub(" ", expression))
    return {label.strip() for one in lists for label in one.split(",") if label.strip()}


def _metrics(expression: str) -> Iterator[Named]:
    for found in _METRIC.finditer(_RANGES.sub(" ", expression)):
        name, braces = found.groups()
        if name in WORDS:
            continue
        matchers = _MATCHER.findall(braces or "")
        yield Named(name, tuple((label, how, text[1:-1]) for label, how, text in matchers))
