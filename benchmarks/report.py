"""What every benchmark shares: options, timing, a table, and the same figures as JSON.

A figure may have a baseline, measured in the same run, and a bound on itself or on the ratio to
that baseline. A script ends with code 1 when a bound is missed.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("dask", "django", "django-ray", "joblib", "numba", "numpy", "pyarrow", "ray")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure; ``ratio`` is how many times better it is than the baseline."""

    figure: str
    value: float
    unit: str
    baseline: str | None = None
    ratio: float | None = None
    bound: str | None = None
    holds: bool | None = None


@dataclass(slots=True)
class Report:
    """The figures of a script, in the order in which they were measured."""

    title: str
    rows: list[Row] = field(default_factory=list)

    def add(
        self,
        figure: str,
        value: float,
        unit: str,
        *,
        baseline: str | None = None,
        ratio: float | None = None,
        at_least: float | None = None,
        at_most: float | None = None,
        ratio_at_least: float | None = None,
    ) -> None:
        """Note a figure; bounds that are ``None`` are not checked."""
        checks = [
            (f">= {_number(at_least)}", at_least is None or value >= at_least, at_least),
            (f"<= {_number(at_most)}", at_most is None or value <= at_most, at_most),
            (
                f"ratio >= {_number(ratio_at_least)}",
                ratio_at_least is None or (ratio is not None and ratio >= ratio_at_least),
                ratio_at_least,
            ),
        ]
        bounds = [text for text, _, given in checks if given is not None]
        holds = all(holds for _, holds, _ in checks) if bounds else None
        bound = ", ".join(bounds) or None
        self.rows.append(Row(figure, value, unit, baseline, ratio, bound, holds))

    @property
    def holds(self) -> bool:
        """Whether no bound is missed."""
        return all(row.holds is not False for row in self.rows)

    def finish(self, options: argparse.Namespace) -> int:
        """Print the table, write the JSON when asked to, and return the script's exit code."""
        self._print()
        if options.json:
            content = {
                "machine": machine(),
                "commit": commit(),
                "rows": [asdict(row) for row in self.rows],
            }
            options.json.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
        return 0 if self.holds else 1

    def _print(self) -> None:
        lines = [("figure", "value", "unit", "ratio", "baseline", "bound", "")]
        for row in self.rows:
            ratio = "" if row.ratio is None else f"{row.ratio:.3g}x"
            holds = {None: "", True: "holds", False: "MISSED"}[row.holds]
            value = _number(row.value)
            lines.append(
                (row.figure, value, row.unit, ratio, row.baseline or "", row.bound or "", holds)
            )
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        print(self.title)
        for line in lines:
            cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            print("  ".join(cells).rstrip())


def parse_options(description: str, *, chart: bool = False) -> argparse.Namespace:
    """``--quick`` (within a minute, fewer repetitions) and ``--json FILE``; for a script that draws
    a ``chart``, ``--svg FILE`` too."""
    return options_parser(description, chart=chart).parse_args()


def options_parser(description: str, *, chart: bool = False) -> argparse.ArgumentParser:
    """The same, for a script that has options of its own."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="finish within a minute")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    if chart:
        parser.add_argument("--svg", type=Path, metavar="FILE", help="also draw the figures there")
    return parser


def median_seconds(action: Callable[[], object], repeat: int) -> float:
    """The median of ``repeat`` timings, after one run that is not counted."""
    action()
    return statistics.median(seconds(action) for _ in range(repeat))


def seconds(action: Callable[[], object]) -> float:
    """How long one call takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        **{name: _version(name) for name in PACKAGES},
    }


def commit() -> str | None:
    """The commit checked out, with ``-dirty`` when files differ from it; ``None`` outside git."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--match="]
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent)
    except OSError:
        return None
    return done.stdout.strip() or None


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor())


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
