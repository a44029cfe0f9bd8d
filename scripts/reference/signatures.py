"""Every public name of the runtime with its signature and the beginning of its docstring."""

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from textwrap import indent
from types import ModuleType
from typing import Any

MODULES = (
    *("task", "decorators", "control", "distributed", "progress", "periodic", "testing"),
    "exceptions",
)
WIDTH = 96
HEAD = """\
# Every public name

<!-- Made by `make reference` from the code; change its docstrings, not this. -->

Signatures and docstrings of what applications may import. What teaches is on the pages before this.
"""


def render() -> str:
    """The page."""
    parts = [HEAD]
    for name in MODULES:
        module = import_module(f"django_ray_runtime.{name}")
        parts += [f"## `django_ray_runtime.{name}`", "", *_block(_doc(module))]
        for public in names_of(module):
            parts += [f"### `{public}`", "", *_block(_entry(public, getattr(module, public)))]
    return "\n".join(parts)


def names_of(module: ModuleType) -> list[str]:
    """What a module offers; of exceptions, which are all public, those defined there."""
    declared: list[str] | None = getattr(module, "__all__", None)
    if declared is not None:
        return sorted(declared, key=str.lower)
    return sorted(
        name
        for name, value in vars(module).items()
        if inspect.isclass(value) and value.__module__ == module.__name__
    )


def _block(text: str) -> list[str]:
    return ["```text", text, "```", ""]


def _entry(name: str, value: Any) -> str:
    """As `help` would show it: signature, docstring, and the same of its methods."""
    parts = [_signature(name, value)]
    if doc := _doc(value):
        parts.append(indent(doc, "    "))
    if inspect.isclass(value):
        parts += [indent(_entry(one, method), "    ") for one, method in _methods(value)]
    return "\n\n".join(parts) if len(parts) > 2 else "\n".join(parts)


def _methods(value: type) -> Iterator[tuple[str, Any]]:
    """Public methods that the class itself defines."""
    for name, found in vars(value).items():
        function = found.__func__ if isinstance(found, classmethod | staticmethod) else found
        if not name.startswith("_") and inspect.isfunction(function):
            yield f".{name}", function


def _signature(name: str, value: Any) -> str:
    if inspect.isclass(value) and issubclass(value, BaseException):
        return f"{name}({', '.join(base.__name__ for base in value.__bases__)})"
    if not callable(value):
        return name
    try:
        shown = inspect.signature(value).format(max_width=WIDTH - len(name))
    except ValueError:
        return name
    shown = re.sub(r"<factory>|<function [^>]*>", "…", shown)
    return name + re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Z])", "", shown)


def _doc(value: Any) -> str:
    """A docstring of its own, not one that is inherited or made up by @dataclass."""
    text = inspect.getdoc(value) or ""
    if inspect.isclass(value):
        own = vars(value).get("__doc__") or ""
        return "" if not own or own.startswith(f"{value.__name__}(") else text
    return text
