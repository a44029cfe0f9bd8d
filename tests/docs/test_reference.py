"""The reference is complete: what the code can write it writes, and the rest is compared."""

import re
from collections.abc import Iterator

import pytest

from django_ray_runtime import prometheus
from django_ray_runtime.states import MOVES
from scripts.reference import states
from scripts.reference.__main__ import pages
from tests.support import ROOT

REFERENCE = ROOT / "docs" / "reference"


def test_pages_that_the_code_writes_are_fresh() -> None:
    stale = [
        str(path.relative_to(ROOT))
        for path, text in pages().items()
        if not path.exists() or path.read_text() != text
    ]
    assert not stale, f"run `make reference`; these differ: {stale}"


def test_the_picture_of_states_draws_every_move() -> None:
    drawn = [(name, sources, target) for name, sources, target, _, _ in states.LINES]
    assert sorted(drawn, key=str) == sorted(
        [(move.name, move.sources, move.target) for move in MOVES], key=str
    )


def rows_of(page: str) -> Iterator[str]:
    """What the first cells of a page's tables name."""
    yield from re.findall(r"^\| `([^`]+)`", (REFERENCE / page).read_text(), re.MULTILINE)


def test_every_operation_of_rest_is_on_its_page() -> None:
    from project.api import api

    operations = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, methods in api.get_openapi_schema()["paths"].items()
        for method in methods
    }
    assert operations == set(rows_of("all-operations.md"))


def test_the_pages_that_explain_commands_name_every_command() -> None:
    named = "".join(
        page.read_text()
        for page in [*REFERENCE.rglob("*.md"), *ROOT.glob("docs/howto/*.md"), ROOT / "README.md"]
        if page.name != "all-commands.md"
    )
    for command in re.findall(r"^## `(\w+)`$", (REFERENCE / "all-commands.md").read_text(), re.M):
        assert command in named, f"no page but all-commands.md speaks of {command}"


@pytest.mark.django_db
@pytest.mark.any_database
def test_every_metric_is_explained_and_no_other() -> None:
    served = set(re.findall(r"^# TYPE (\w+)", prometheus.render().decode(), re.MULTILINE))
    assert served
    assert set(rows_of("metrics.md")) == served
