"""Ask the advisory database about every version that the project pins (`make lint`).

    audit.py [--strict] [--files FILE ...] [-- OPTION_OF_PIP_AUDIT ...]

Ends with 1 where a pinned version has a known vulnerability. Where the database cannot be asked,
as on a machine that reaches only a mirror of packages, it says so and ends with 0; with --strict,
with 2, also where it answered for some of them only.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)
# Every pin is exact and all of them are listed: nothing is resolved, nothing is installed.
COMMAND = [sys.executable, "-m", "pip_audit", "--disable-pip", "--no-deps", "--format=json",
           "--progress-spinner=off"]  # fmt: skip


def main() -> int:
    asked = _arguments()
    seen: set[str] = set()
    found, unknown = [], []
    for file in asked.files or files():
        new = sorted(set(_pins(file)) - seen)
        seen.update(new)
        for package in _audited(new, asked.options):
            if "skip_reason" in package:
                unknown.append(package["name"])
            found += [(file, package, one) for one in package.get("vulns", [])]
        if len(unknown) == len(seen):  # asking for the rest would take minutes, for nothing
            print(
                "pip-audit: THE ADVISORY DATABASE COULD NOT BE ASKED from here: the versions in "
                "requirements*.txt were not audited. Run `make lint` where it can be reached.",
                file=sys.stderr,
            )
            return 2 if asked.strict else 0
    for file, package, one in found:
        fixed = ", ".join(one["fix_versions"]) or "none yet"
        print(f"{file}: {package['name']} {package['version']}: {one['id']}; fixed in: {fixed}")
    if unknown:
        print(f"pip-audit: not known to the advisory database: {', '.join(unknown)}")
    print(f"pip-audit: {len(seen)} pinned versions, {len(found)} known vulnerabilities.")
    if found:
        return 1
    return 2 if unknown and asked.strict else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--strict", action="store_true", help="fail where nobody can be asked")
    parser.add_argument("--files", nargs="+", type=Path, help="instead of all of the project's")
    parser.add_argument("options", nargs="*", help="further options of pip-audit, after --")
    return parser.parse_args()


def files() -> list[Path]:
    """All that pins versions."""
    found = [*ROOT.glob("requirements*.txt"), *ROOT.glob("*/*/requirements.txt")]
    return sorted(path.relative_to(ROOT) for path in found)


def _pins(file: Path) -> Iterator[str]:
    for name, version in PIN.findall((ROOT / file).read_text()):
        yield f"{name.lower()}=={version}"


def _audited(pins: list[str], options: list[str]) -> Iterator[dict[str, Any]]:
    """What pip-audit says of each; a `skip_reason` for all of them where it could ask nobody."""
    if not pins:
        return
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(pins))
        file.flush()
        command = [*COMMAND, "--requirement", file.name, *options]
        run = subprocess.run(command, capture_output=True, text=True)
    try:
        yield from json.loads(run.stdout)["dependencies"]
    except (ValueError, KeyError):
        last = (run.stderr.strip().splitlines() or ["it said nothing"])[-1]
        print(f"pip-audit: {last[:200]}", file=sys.stderr)
        yield from ({"name": pin, "skip_reason": last} for pin in pins)


if __name__ == "__main__":
    sys.exit(main())
