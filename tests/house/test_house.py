"""Facts about the files of this project that no other tool checks."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAX_LINES = 300
# Written in parts, so that this file does not contain what it forbids.
FORBIDDEN = [
    *("/" + folder + "/" for folder in ("work", "root", "home", "Users")),
    *("pypi" + ending for ending in (".org", ".python.org", "hosted.org")),
    "python" + "hosted.org",
    "--index" + "-url ",
    "--extra-index" + "-url ",
    "--find" + "-links ",
]
ISSUE_NUMBER = re.compile(r"\b(issue|ticket|pull request)s? #?\d", re.IGNORECASE)
PIN = re.compile(r"[a-z0-9][a-z0-9._-]*==[0-9][^\s*,<>~!;]*", re.IGNORECASE)


def project_files() -> list[Path]:
    """What is tracked, and what would be with the next `git add`."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("git is not installed, so it is not known which files are the project's")
    if listing.returncode != 0:
        pytest.skip(f"not a git checkout, so it is not known what is the project's: {ROOT}")
    paths = (ROOT / name for name in sorted(set(listing.stdout.split("\0"))) if name)
    return [path for path in paths if path.is_file()]


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="ignore")


def test_no_file_mentions_a_machine_or_a_registry() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {phrase}"
        for path in project_files()
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        for phrase in FORBIDDEN
        if phrase in line
    ]
    assert not found, "These hold on one machine only; take them out:\n" + "\n".join(found)


def test_no_file_mentions_an_issue_by_number() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in project_files()
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if ISSUE_NUMBER.search(line)
    ]
    assert not found, "Say what it is about instead of its number:\n" + "\n".join(found)


def test_modules_stay_small() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    lengths = {
        path.relative_to(ROOT): len(text_of(path).splitlines())
        for path in project_files()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in packages
        if "migrations" not in path.parts
    }
    assert lengths, "Expected Python files in packages at the top of the project; found none."
    too_long = {str(path): length for path, length in lengths.items() if length > MAX_LINES}
    assert not too_long, f"Split these; {MAX_LINES} lines is the most: {too_long}"


def test_every_make_target_says_what_it_does() -> None:
    makefile = text_of(ROOT / "Makefile")
    declared = set(re.search(r"^\.PHONY:(.*)$", makefile, re.MULTILINE)[1].split())
    # Variables and dots start the targets that are files, which people do not call.
    written = set(re.findall(r"^([a-z][a-z-]*):(?!=)", makefile, re.MULTILINE))
    helped = set(re.findall(r"^([a-z][a-z-]*):.*## \S.*$", makefile, re.MULTILINE))
    assert written == declared, f"Put them in both or in neither: {written ^ declared}"
    assert written == helped, f"Add a `## ` comment to: {written - helped}"


def test_make_help_lists_every_target() -> None:
    listing = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True).stdout
    makefile = text_of(ROOT / "Makefile")
    targets = re.search(r"^\.PHONY:(.*)$", makefile, re.MULTILINE)[1].split()
    listed = re.findall(r"^ +make ([a-z-]+) +\S", listing, re.MULTILINE)
    assert sorted(listed) == sorted(targets)


def test_one_python_version() -> None:
    wanted = re.search(r"^PYTHON_VERSION := (.+)$", text_of(ROOT / "Makefile"), re.MULTILINE)[1]
    assert text_of(ROOT / ".python-version").strip() == wanted
    pyproject = text_of(ROOT / "pyproject.toml")
    assert f'python_version = "{wanted}"' in pyproject, "[tool.mypy] names another version"
    assert f'target-version = "py{wanted.replace(".", "")}"' in pyproject, "[tool.ruff] too"


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_are_pinned_exactly(name: str) -> None:
    lines = [line.strip() for line in text_of(ROOT / name).splitlines()]
    entries = [line for line in lines if line and not line.startswith("#")]
    assert entries, f"{name} lists nothing; run `make pins`"
    loose = [entry for entry in entries if not PIN.fullmatch(entry)]
    assert not loose, f"Not an exact version in {name}; run `make pins`: {loose}"


def test_tests_run_on_the_versions_that_users_get() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(PIN.pattern, text_of(ROOT / name), re.IGNORECASE))

    missing = pins("requirements.txt") - pins("requirements-dev.txt")
    assert not missing, f"requirements-dev.txt has other versions of {missing}; run `make pins`"


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_each_direct_requirement_has_a_reason_and_a_pin(name: str) -> None:
    pinned = text_of(ROOT / f"{name}.txt").lower()
    for line in text_of(ROOT / f"{name}.in").splitlines():
        if not line or line.startswith(("#", "-r ")):
            continue
        requirement, _, reason = line.partition("#")
        assert reason.strip(), f"{name}.in: say after a # why {requirement.strip()} is there"
        package = re.match(r"[A-Za-z0-9._-]+", requirement)[0].lower()
        assert re.search(rf"^{re.escape(package)}==", pinned, re.MULTILINE), (
            f"{package} is in {name}.in, but not in {name}.txt; run `make pins`"
        )


def test_a_worker_starts_without_what_only_its_tasks_need() -> None:
    """It took four times the time and three times the memory once, in each of its processes."""
    program = (
        "import django, sys; django.setup();"
        "from django_ray_runtime import periodic;"
        "from django_ray_runtime.management.commands.run_ray_worker import Command;"
        "from django_ray_runtime.worker import child, supervisor;"
        "assert periodic.discover();"
        "command = Command(); command.check(tags=command.requires_system_checks);"
        "heavy = {'numba', 'numpy', 'pandas', 'pyarrow', 'ray', 'scipy', 'ninja'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "project.settings"}
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.stdout.strip() == "[]", run.stdout + run.stderr


def test_every_setting_is_documented_with_its_default() -> None:
    import dataclasses

    from django_ray_runtime.conf import RuntimeSettings

    page = (ROOT / "docs" / "reference" / "settings.md").read_text()
    for field in dataclasses.fields(RuntimeSettings):
        row = f"| `{field.name.upper()}` | `{field.default!r}` | {field.metadata['doc']} |"
        assert row in page, f"docs/reference/settings.md lacks: {row}"


def test_every_variable_of_the_environment_is_documented() -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text()
    settings = (ROOT / "project" / "settings.py").read_text()
    names = set(
        re.findall(r'(?:_text|_flag|_number|_list|_rate|environ\.get)\("([A-Z_]+)"', settings)
    )
    assert len(names) > 10
    assert {name for name in names if f"`{name}`" not in page} == set()
