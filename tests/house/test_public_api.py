"""What is public is documented, and typed for those who use it."""

import re
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = [
    *("control", "decorators", "distributed", "exceptions", "periodic", "progress", "task"),
    "testing",
]


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_is_in_the_reference(name: str) -> None:
    path = f"django_ray_runtime.{name}"
    if find_spec(path) is None:
        pytest.skip(f"{path} does not exist yet")
    public = getattr(import_module(path), "__all__", None)
    if public is None:
        pytest.skip(f"{path} has no __all__ yet")
    pages = "".join(page.read_text() for page in (ROOT / "docs/reference/api").glob("*.md"))
    missing = [one for one in public if f"`{one}" not in pages and f".{one}`" not in pages]
    assert not missing, f"docs/reference/api lacks these names of {path}: {missing}"


def test_every_option_of_a_task_is_in_the_reference_and_in_the_decorators_type() -> None:
    from dataclasses import fields

    from django_ray_runtime.decorators import Options
    from django_ray_runtime.task import RayTask

    page = (ROOT / "docs" / "reference" / "api" / "task.md").read_text()
    options = {f.name for f in fields(RayTask)} - {"func", "run_after"}
    assert {name for name in options if f"`{name}`" not in page} == set()
    assert options == set(Options.__annotations__)


def test_the_index_lists_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    pages = [page.relative_to(ROOT / "docs") for page in (ROOT / "docs").rglob("*.md")]
    # Decisions have an index of their own.
    listed = [page for page in pages if page.name != "README.md" and "decisions" not in page.parts]
    missing = [str(page) for page in listed if f"({page})" not in index]
    assert not missing, f"docs/README.md does not lead to: {missing}"


def test_links_between_pages_lead_somewhere() -> None:
    import re

    pages = [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
    dead = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+?)(?:#[^)]*)?\)", page.read_text())
        if not target.startswith(("http", "mailto:")) and not (page.parent / target).exists()
    ]
    assert not dead, "These links lead nowhere:\n" + "\n".join(dead)


def test_the_package_says_that_it_is_typed() -> None:
    assert (ROOT / "django_ray_runtime" / "py.typed").exists()


@pytest.mark.slow
def test_a_users_file_passes_the_strict_type_check() -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "tests/typing/user_tasks.py"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_contributing_names_files_that_exist() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text()
    roots = {path.name for path in ROOT.iterdir() if path.is_dir()}
    named = {
        name
        for name in re.findall(r"`([\w./-]+)`", page)
        if name.partition("/")[0] in roots and "/" in name
    }
    assert len(named) > 30
    assert {name for name in named if not (ROOT / name).exists()} == set()
