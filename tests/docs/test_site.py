"""The documentation as a site: complete, without dead links, and without the network."""

import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    "README.md": "# The project\n\n[Documentation](docs/README.md)\n",
    "docs/README.md": (
        "# Documentation\n\n## Tutorial\n\n- [First](tutorial/first.md)\n\n"
        "## Project\n\n- [What it is](../README.md)\n"
    ),
    "docs/tutorial/first.md": "# First\n\n[source](../conf.py), [all](../README.md#tutorial)\n",
}


def build(folder: Path, pages: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """The site of these pages in `folder`/site, made as `make docs` makes it."""
    for name, text in pages.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    shutil.copy(ROOT / "docs" / "conf.py", folder / "docs")
    command = [sys.executable, "-m", "sphinx", "--builder", "html", "--conf-dir", "docs"]
    command += ["--fail-on-warning", "--keep-going", "--quiet", ".", "site"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.mark.slow
def test_a_site_asks_nothing_of_other_servers(tmp_path: Path) -> None:
    run = build(tmp_path, PAGES)
    assert run.returncode == 0, run.stdout + run.stderr
    site = tmp_path / "site"
    pages = "".join(page.read_text() for page in site.rglob("*.html"))
    assert 'href="tutorial/first.html"' in (site / "docs" / "README.html").read_text()
    loaded = re.findall(r'<(?:script|img|iframe)[^>]*src="([^"]+)', pages)
    loaded += re.findall(
        r'<link(?=[^>]*rel="(?:stylesheet|preload|icon)")[^>]*href="([^"]+)', pages
    )
    assert loaded
    assert [one for one in loaded if "//" in one] == []
    styles = "".join(sheet.read_text() for sheet in site.rglob("*.css"))
    assert re.findall(r"(?:@import|url\()\s*['\"]?(?:https?:)?//", styles) == []
    assert (site / "searchindex.js").exists()
    assert "url=docs/README.html" in (site / "index.html").read_text()


@pytest.mark.slow
def test_what_leads_nowhere_is_refused(tmp_path: Path) -> None:
    dead = "# First\n\n[gone](second.md), [gone](../README.md#no-such)\n"
    run = build(
        tmp_path, PAGES | {"docs/tutorial/first.md": dead, "docs/howto/forgotten.md": "# It\n"}
    )
    assert run.returncode != 0
    for complaint in ("second.md", "no-such", "forgotten.md: WARNING: document isn't included"):
        assert complaint in run.stderr


def test_links_to_other_sites_are_addresses() -> None:
    """Nobody is asked: that would make these tests depend on the world."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*/README.md")]
    links = {
        link for page in pages for link in re.findall(r"\]\((\w+://[^)]*)\)", page.read_text())
    }
    assert links
    wrong = {link for link in links if not re.fullmatch(r"https://[\w-]+(\.[\w-]+)+(/\S*)?", link)}
    assert wrong == set()


def test_the_lists_of_the_index_are_the_contents_of_the_site() -> None:
    contents = runpy.run_path(str(ROOT / "docs" / "conf.py"))["contents"]
    shown = contents((ROOT / "docs" / "README.md").read_text())
    captions = re.findall(r":caption: (.+)", shown)
    assert captions == ["Tutorial", "How to", "Reference", "Explanation", "Project"]
    assert "\nreference/services/garch-predictor\n" in shown
    assert "\n../README\n" in shown


def test_a_list_without_sections_is_contents_without_a_caption() -> None:
    contents = runpy.run_path(str(ROOT / "docs" / "conf.py"))["contents"]
    shown = contents("# Decisions\n\nOne [page](elsewhere.md) each.\n\n1. [A](0001-a.md)\n")
    assert shown == "\n\n```{toctree}\n:hidden:\n\n0001-a\n```\n"
