"""The README, tutorials and recipes, followed in a fresh clone.

`make test-docs` runs what takes long as well.
"""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.docs.following import Shell, follow, shell
from tests.docs.pages import RUN, blocks_of
from tests.support import RAY_PRIORITY, ROOT, manage
from tests.with_postgres import free_port

IN_A_CLONE = [
    *("README.md", "docs/tutorial/ray.md", "docs/tutorial/game-file.md"),
    *("docs/explanation/exact-generation.md", "docs/explanation/packing.md"),
]
LONG = ["docs/tutorial/ray.md", "docs/tutorial/game-file.md"]
RECIPES = [
    f"docs/howto/{name}.md"
    for name in (
        *("retries", "cancel", "limits", "gpus", "s3"),
        *("from-celery", "from-django-tasks-db", "from-django-ray"),
    )
]
ELSEWHERE = {"docs/tutorial/first-task.md", "docs/tutorial/two-nodes.md"}  # test_first_project.py


@pytest.fixture
def clone() -> Iterator[Shell]:
    """A shell in a fresh clone, with this environment as its `.venv`."""
    left_out = shutil.ignore_patterns(".*", "tests", "site", "demo", "results", "*.sqlite3*")
    with TemporaryDirectory(prefix="clone-") as folder:  # short: Ray keeps sockets in it
        path = Path(folder, "clone")
        shutil.copytree(ROOT, path, ignore=left_out)
        (path / ".venv").symlink_to(sys.prefix)
        environment = {
            "PATH": f"{sys.prefix}/bin:{os.environ['PATH']}",
            "PIP_NO_INDEX": "1",
            "RAY_NUM_CPUS": "2",
            "RAY_OBJECT_STORE_MEMORY": "100000000",
            "RAY_TMPDIR": folder,
            "GUNICORN_CMD_ARGS": "--timeout 300",  # beside busy tests
            **RAY_PRIORITY,
        }
        with shell(path, **environment) as made:
            yield made


@pytest.mark.slow
@pytest.mark.ray
@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=pytest.mark.long if page in LONG else []) for page in IN_A_CLONE],
)
def test_what_a_page_shows_happens(clone: Shell, page: str) -> None:
    assert follow(ROOT / page, clone, long=page in LONG, instead={"8000": str(free_port())})


@pytest.mark.long
def test_what_recipes_show_happens(clone: Shell) -> None:
    clone.run("python manage.py migrate")
    assert sum(follow(ROOT / page, clone) for page in RECIPES) >= 9


@pytest.mark.slow
def test_the_demo_makes_the_file_whose_checksum_the_readme_shows(tmp_path: Path) -> None:
    """What `make demo` does on Ray, in this process: the same order is the same file."""
    wishes = [
        "--odd",
        "2-4",
        "--sum",
        "120-240",
        "--seed",
        "1",
        "--output",
        str(tmp_path / "g.csv"),
    ]
    made = manage("generate_games", "1000000", *wishes)
    assert made.returncode == 0, made.stderr
    checksum = re.search(r"SHA-256 +(\w+)", made.stdout)
    assert checksum
    assert checksum[1] in (ROOT / "README.md").read_text()


def test_every_tutorial_is_followed() -> None:
    tutorials = {f"docs/tutorial/{page.name}" for page in (ROOT / "docs/tutorial").glob("*.md")}
    assert tutorials <= {*IN_A_CLONE, *ELSEWHERE}


@pytest.mark.parametrize("page", [*IN_A_CLONE, *RECIPES, *sorted(ELSEWHERE)])
def test_every_command_is_in_a_block_that_is_run_or_says_why_not(page: str) -> None:
    """Other languages show what is written or read; a command in one of them would be lost."""
    text = (ROOT / page).read_text()
    languages = set(re.findall(r"^ *```([a-z]+)", text, re.MULTILINE))
    assert languages <= {*RUN, "json", "text", "yaml"}, "commands belong into ```console"
    assert re.findall(r"^ +```", text, re.MULTILINE) == [], "blocks in lists are not found"
    for block in blocks_of(ROOT / page):
        assert len(block.notes.get("not run", "a reason")) > 5, block
