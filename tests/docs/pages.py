"""The blocks of a page of the documentation, with what is said about them.

A block of `console` or `python` is run, unless an HTML comment right before it says why not:

    <!-- not run: needs two machines -->    never
    <!-- long: a million games -->          only where what takes long is run
    <!-- beside: it stays -->               its last command is ended with the page
    <!-- before: customers = [1, 2] -->     run with these lines before it, which readers know
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt

RUN = ("console", "python")
NOTE = re.compile(r"<!-- (?P<kind>[a-z ]+):\s(?P<text>.*?)\s-->", re.DOTALL)
KINDS = {"not run", "long", "beside", "before"}


@dataclass(frozen=True)
class Block:
    """A block of code, and the notes on it by their kind."""

    page: Path
    line: int
    language: str
    text: str
    notes: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks_of(page: Path) -> Iterator[Block]:
    """The blocks that are run, or say why not."""
    notes: dict[str, str] = {}
    for token in MarkdownIt().parse(page.read_text()):
        if token.type == "fence":
            assert token.map
            language = token.info.strip()
            if language in RUN:
                yield Block(page, token.map[0] + 1, language, token.content, notes)
        if token.type == "html_block":
            notes |= {found["kind"]: found["text"] for found in NOTE.finditer(token.content)}
            assert notes.keys() <= KINDS, f"{page}: a note is one of {sorted(KINDS)}: {notes}"
        else:
            notes = {}


def commands_of(block: Block) -> Iterator[tuple[str, str]]:
    """The commands of a console, each with what it shows."""
    command, shown = "", ""
    for line in block.text.splitlines(keepends=True):
        if line.startswith("$ "):
            if command:
                yield command, shown
            command, shown = line[2:], ""
        elif line.startswith("> ") and not shown:
            command += line[2:]
        else:
            assert command, f"{block}: a console begins with a line that begins with $"
            shown += line
    yield command, shown


def matches(expected: str, came: str) -> bool:
    """Whether this came: … stands for anything in its line, and alone for any lines; several
    spaces are as good as one."""
    pattern = "".join(
        r"(?:.*\n)*?" if line in ("…", "...") else f"{_pattern(line)}\\n"
        for line in _lines_of(expected)
    )
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in _lines_of(came))) is not None


def occurs(expected: str, came: str) -> bool:
    """Whether these lines came in their order, whatever came between them."""
    lines = iter(_lines_of(came))
    return all(
        any(re.fullmatch(_pattern(one), line) for line in lines) for one in _lines_of(expected)
    )


def _pattern(line: str) -> str:
    return re.escape(line).replace("…", ".*")


def _lines_of(text: str) -> list[str]:
    return [re.sub(r"[ \t]+", " ", line.rstrip()) for line in text.strip("\n").splitlines()]
