"""The script door of every flow: NAME=VALUE arguments in, a formatted report out."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from workflows.common.formatters import writer_of
from workflows.common.processors import AllFailed, OnProgress
from workflows.common.utils import dashboard_url, initialize_ray, shutdown_ray

type Options = dict[str, str]
type Flow = Callable[[OnProgress], dict[str, Any]]


def main(prepare: Callable[[Options], Flow], doc: str, arguments: Sequence[str]) -> int:
    """Run a flow. `prepare` turns the options into it, and raises ValueError for those that cannot
    be used. Returns the code to exit with: 2 for bad input."""
    if not arguments or {"-h", "--help", "help"} & set(arguments):
        sys.stdout.write(doc)
        return 0 if arguments else 2
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    try:
        options = _options(arguments)
        output = options.pop("output", "")
        write = writer_of(options.pop("output_format", "markdown"))
        flow = prepare(options)
        initialize_ray()
        if url := dashboard_url():
            sys.stderr.write(f"Ray's dashboard: {url}\n")
        try:
            report = flow(_progress)
        finally:
            shutdown_ray()
        text = write(report)
        if output:
            Path(output).write_text(text, encoding="utf-8")
        else:
            sys.stdout.write(text)
    except ValidationError as error:
        for one in error.errors():
            field = ".".join(str(part) for part in one["loc"])
            sys.stderr.write(f"{field + ': ' if field else ''}{one['msg']}\n")
        return 2
    except AllFailed as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except (ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return 130
    return 0


def _options(arguments: Sequence[str]) -> Options:
    found: Options = {}
    for one in arguments:
        name, equals, value = one.partition("=")
        if not equals or not name.isidentifier():
            raise ValueError(f"Expected NAME=VALUE, got {one!r}; --help lists the names.")
        if name in found:
            raise ValueError(f"{name} is given twice.")
        found[name] = value
    return found


def _progress(done: int, total: int | None) -> None:
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        sys.stderr.write(f"\r{done:,} of {total or 0:,}{end}")
        sys.stderr.flush()
