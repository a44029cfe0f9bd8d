"""How Sphinx makes a site of README.md and docs/ (`make docs`); its folder of sources is the root.

The pages are plain Markdown that a code host shows as well. What the site shows beside them is
taken from the lists of links in docs/README.md, so that there is one list of pages.
"""

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

project = "Django on Ray"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "docs/README"
include_patterns = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "docs/**"]
exclude_patterns = [".*"]  # environments are large, and looked through otherwise

# Links lead to headings by the anchors that code hosts give them.
myst_heading_anchors = 4
# Blocks of JSON and Python leave things out with an ellipsis, which no lexer reads.
suppress_warnings = ["misc.highlighting_failure"]

html_theme = "furo"
html_title = project
html_show_copyright = False
html_copy_source = False

PAGE = re.compile(r"\]\((?P<path>[^)#:]+)\.md\)")


def contents(index: str) -> str:
    """The tables of contents that a page of lists stands for, in MyST's words: one for each
    section, or one where there are none."""
    written = ""
    head, *sections = re.split(r"^## ", index, flags=re.MULTILINE)
    for section in sections or [head]:
        title, _, body = section.partition("\n")
        lines = [line for line in body.splitlines() if re.match(r"- |\d+\. |  ", line)]
        pages = PAGE.findall("\n".join(lines))
        caption = "" if title.startswith("# ") else f":caption: {title}\n"
        if pages:
            written += f"\n\n```{{toctree}}\n:hidden:\n{caption}\n" + "\n".join(pages) + "\n```\n"
    return written


def add_contents(app: Sphinx, page: str, source: list[str]) -> None:
    if page.startswith("docs/") and page.endswith("/README"):
        source[0] += contents(source[0])


def add_entrance(app: Sphinx, error: Exception | None) -> None:
    """The site opens where a server or a file browser looks first."""
    entrance = f'<!doctype html><meta http-equiv="refresh" content="0; url={root_doc}.html">\n'
    Path(app.outdir, "index.html").write_text(entrance)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("source-read", add_contents)
    app.connect("build-finished", add_entrance)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
